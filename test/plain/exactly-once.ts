/**
 * The check after every run, the same for all: every record of the topic stands in every region
 * exactly once, in order, with the bytes it came with, and the regions are byte for byte equal.
 */
import type { Region } from '@authseal/deploy/local';
import { expect, vi } from 'vitest';
import { entriesByPartition, type PlainObject, readRegion, recordValue } from './archive.ts';
import { type PlainRecord, readTopic } from './topic.ts';

export type Archive = {
  topic: PlainRecord[][];
  /** Objects of each region, in the order of the regions. */
  regions: PlainObject[][];
  records: number;
};

/**
 * Waits until the archive holds the whole topic, then checks it.
 * @param kept what was to be sealed, where the topic does not hold it any more
 */
export async function expectExactlyOnce(
  brokers: string[],
  topic: string,
  regions: readonly Region[],
  kept?: PlainRecord[][],
): Promise<Archive> {
  const records = kept ?? (await readTopic(brokers, topic));
  const ends = records.map((partition) => partition.at(-1)?.offset ?? -1);
  const archives = await vi.waitFor(
    async () => {
      const read = await Promise.all(regions.map(readRegion));
      for (const objects of read) {
        const logs = entriesByPartition(objects);
        expect(ends.map((_, p) => logs.get(p)?.at(-1)?.offset ?? -1)).toEqual(ends);
      }
      // Heartbeats go on meanwhile: one region may have been read a batch before the other.
      expectEqualRegions(read);
      return read;
    },
    { timeout: 90_000, interval: 1000 },
  );

  const start = eventStart(records);
  for (const objects of archives) {
    const logs = entriesByPartition(objects);
    for (const [partition, expected] of records.entries()) {
      const entries = logs.get(partition) ?? [];
      expect(entries.map(({ offset }) => offset)).toEqual(expected.map(({ offset }) => offset));
      const differs = entries.findIndex((entry, i) => {
        const [found, sent] = [recordValue(entry, start), expected[i]?.value ?? null];
        return found === null || sent === null ? found !== sent : !found.equals(sent);
      });
      expect(differs, `an entry of partition ${partition} that is not what was sent`).toBe(-1);
    }
  }
  return { topic: records, regions: archives, records: records.flat().length };
}

function expectEqualRegions([first, ...others]: PlainObject[][]): void {
  for (const other of others) {
    expect(other.map(({ key }) => key)).toEqual(first?.map(({ key }) => key));
    const unequal = other.filter(({ bytes }, i) => !bytes.equals(first?.[i]?.bytes as Buffer));
    expect(unequal.map(({ key }) => key)).toEqual([]);
  }
}

/** Single-object encoding: two bytes of marker and the fingerprint, the same for all events. */
function eventStart(records: PlainRecord[][]): Buffer {
  const isEvent = (value: Buffer | null) => value?.subarray(0, 2).equals(Buffer.of(0xc3, 1));
  const event = records.flat().find(({ value }) => isEvent(value) && (value?.length ?? 0) > 60);
  return event?.value?.subarray(0, 10) ?? Buffer.alloc(0);
}
