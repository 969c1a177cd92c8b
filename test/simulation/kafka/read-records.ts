/** In the place of runtime's functions of these names: one request for all of the range. */
import type { KafkaRecord, RecordSource } from '@authseal/runtime/kafka';
import { theWorld } from '../world.ts';
import { failuresOf, theKafka } from './broker-pool.ts';

const READ_UNCOMMITTED = 0;

export async function readRecords(
  source: RecordSource,
  readAs: number,
  from: number,
  to: number,
): Promise<KafkaRecord[]> {
  const records = await fetchAll(source, readAs, from, to);
  return records.filter(({ inTransaction }) => inTransaction);
}

export async function readLastRecords(
  ...range: Parameters<typeof readRecords>
): Promise<{ records: KafkaRecord[]; isCut: boolean }> {
  return { records: await readRecords(...range), isCut: false };
}

export async function* fetchRecords(
  ...range: Parameters<typeof fetchAll>
): AsyncGenerator<KafkaRecord> {
  yield* await fetchAll(...range);
}

function fetchAll(
  { topic }: RecordSource,
  readAs: number,
  from: number,
  to: number,
): Promise<KafkaRecord[]> {
  return theWorld().request('Fetch', failuresOf('Fetch'), () => {
    const log = theKafka().topic(topic);
    const isUncommitted = readAs === READ_UNCOMMITTED;
    if (to > (isUncommitted ? log.replicated : log.stable)) {
      throw new Error(`${topic} has no records up to ${to}`);
    }
    return log.read(from, to, isUncommitted).map(({ offset, timestamp, inTransaction, value }) => ({
      ...{ offset, timestamp, inTransaction, value },
      ...{ key: null, headers: [] },
    }));
  });
}
