/** In the place of runtime's `readRecords`: one request for all of the range. */
import type { KafkaRecord, RecordSource } from '@authseal/runtime/kafka';
import { theWorld } from '../world.ts';
import { failuresOf, theKafka } from './broker-pool.ts';

const READ_UNCOMMITTED = 0;

export function readRecords(
  { topic }: RecordSource,
  readAs: number,
  from: number,
  to: number,
): Promise<KafkaRecord[] | null> {
  return theWorld().request('Fetch', failuresOf('Fetch'), () => {
    const log = theKafka().topic(topic);
    const isUncommitted = readAs === READ_UNCOMMITTED;
    if (to > (isUncommitted ? log.replicated : log.stable)) {
      throw new Error(`${topic} has no records up to ${to}`);
    }
    return log
      .read(from, to, isUncommitted)
      .filter(({ inTransaction }) => inTransaction)
      .map(({ offset, timestamp, inTransaction, value }) => ({
        ...{ offset, timestamp, inTransaction, value },
        ...{ key: null, headers: [] },
      }));
  });
}
