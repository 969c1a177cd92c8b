/** The last committed records of one partition that were written in transactions. */
import type { KafkaAdmin } from './admin.ts';
import { READ_COMMITTED } from './client.ts';
import { type RecordSource, readLastRecords } from './read-records.ts';
import type { KafkaRecord } from './record.ts';

const FIRST_WINDOW = 16;

/**
 * Calls `found` with the committed records of a window at the partition's end, in order; while it
 * answers undefined, with those of a window four times larger, at last (`whole`) of all there are.
 * Resolves with its answer, or undefined when even the whole partition did not do. Of a window that
 * is larger than memory is kept for, the last records are shown.
 * @throws Error when these did not do either
 */
export async function searchLastRecords<T>(
  { admin, ...source }: RecordSource & { readonly admin: KafkaAdmin },
  found: (records: readonly KafkaRecord[], whole: boolean) => T | undefined,
): Promise<T | undefined> {
  const { topic, partition } = source;
  const { start, end } = await admin.offsets(topic, partition);
  for (let window = FIRST_WINDOW; end > start; window *= 4) {
    const from = Math.max(start, end - window);
    const { records, isCut } = await readLastRecords(source, READ_COMMITTED, from, end);
    const answer = found(records, from === start && !isCut);
    if (answer !== undefined) return answer;
    if (isCut) {
      throw new Error(
        `${topic}/${partition}: what is looked for is not among the last ${records.length} records before offset ${end}, and more are not kept in memory. See who wrote them.`,
      );
    }
    if (from === start) return undefined;
  }
  return undefined;
}
