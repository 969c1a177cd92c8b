/**
 * kafkajs, with two of its parts replaced before it is loaded: what takes a fetch's record sets apart
 * (record-sets.ts) and what leaves aborted records out (aborted.ts). Why: docs/decisions/0010. And
 * with a timer less (request-queue.ts), and one way less to be lost (membership.ts).
 *
 * It holds for the whole process: a kafkajs consumer of another's would be given record sets there.
 */
import { createRequire } from 'node:module';
import { withoutAborted } from './aborted.ts';
import { missMembership } from './membership.ts';
import { decodeMessages } from './record-sets.ts';
import { setTimersForWhatWaits } from './request-queue.ts';

const require = createRequire(import.meta.url);

/** Error code of the Kafka protocol. */
const UNKNOWN_MEMBER_ID = 25;

function replace(part: string, by: unknown): void {
  const path = require.resolve(`kafkajs/src/${part}`);
  require(path);
  (require.cache[path] as NodeJS.Module).exports = by;
}

replace('protocol/requests/fetch/v4/decodeMessages', decodeMessages);
replace('consumer/filterAbortedMessages', withoutAborted);
setTimersForWhatWaits(require('kafkajs/src/network/requestQueue').prototype);
missMembership(require('kafkajs/src/consumer/consumerGroup').prototype, () =>
  require('kafkajs/src/protocol/error').createErrorFromCode(UNKNOWN_MEMBER_ID),
);

/** All of kafkajs; to be taken from here, for its parts must be in place before it is loaded. */
export const kafkajs: typeof import('kafkajs') = require('kafkajs');
