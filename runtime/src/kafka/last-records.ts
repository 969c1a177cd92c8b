/** The last committed records of one partition that were written in transactions. */
import type { KafkaAdmin } from './admin.ts';
import { READ_COMMITTED } from './client.ts';
import { type RecordSource, readRecords } from './read-records.ts';
import type { KafkaRecord } from './record.ts';

const FIRST_WINDOW = 16;

/**
 * Calls `found` with the committed records of a window at the partition's end, in order; while it
 * answers undefined, with those of a window four times larger, at last (`whole`) of all there are.
 * Resolves with its answer, or undefined when even the whole partition did not do.
 * @throws Error when the next window is larger than memory is kept for
 */
export async function searchLastRecords<T>(
  { admin, ...source }: RecordSource & { readonly admin: KafkaAdmin },
  found: (records: readonly KafkaRecord[], whole: boolean) => T | undefined,
): Promise<T | undefined> {
  const { topic, partition } = source;
  const { start, end } = await admin.offsets(topic, partition);
  for (let window = FIRST_WINDOW; end > start; window *= 4) {
    const from = Math.max(start, end - window);
    const records = await readRecords(source, READ_COMMITTED, from, end);
    if (records === null) {
      throw new Error(
        `${topic}/${partition}: what is looked for is not among the last records before offset ${end}, and those from ${from} on are larger than memory is kept for. See who wrote them.`,
      );
    }
    const answer = found(records, from === start);
    if (answer !== undefined) return answer;
    if (from === start) return undefined;
  }
  return undefined;
}
