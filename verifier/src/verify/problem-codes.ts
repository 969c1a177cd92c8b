/**
 * Every problem that `authseal verify` names: what it is called, how grave it is, what it means in
 * plain words, and what to do. The codes are stable. docs/errors.md and the README's table are made
 * from this one.
 *
 * - **breach**: sealed data was changed or is missing, or nobody can any longer show that it is not.
 *   Exit status 1; cannot be accepted.
 * - **incident**: something was tried, or went wrong, beside data that is intact. Exit status 1
 *   until it is looked into and accepted by a line of the `--accept` file.
 * - **note**: worth knowing, nothing to act on. Does not set the exit status.
 */
import type { LedgerErrorCode } from '@authseal/ledger';

export type Severity = 'breach' | 'incident' | 'note';

export type ProblemMeaning = {
  readonly severity: Severity;
  readonly meaning: string;
  readonly remedy: string;
};

/** What is wrong with an object by itself: the codes of the ledger, under their own names. */
export type ObjectFaultCode = Exclude<
  LedgerErrorCode,
  'KEY_MALFORMED' | 'CHAIN_BROKEN' | 'PROOF_INVALID' | 'BLOCK_UNREADABLE' | 'OUT_OF_RANGE'
>;

const OTHER_REGION =
  "Take this batch from another region, where it is intact, and find out who could write to this region's storage.";

export const PROBLEM_CODES = {
  CONTAINER_MALFORMED: {
    severity: 'breach',
    meaning: 'The stored object is no Authseal batch any more: bytes were changed or cut off.',
    remedy: OTHER_REGION,
  },
  HEADER_MALFORMED: {
    severity: 'breach',
    meaning: "The batch's header, which describes it, was changed.",
    remedy: OTHER_REGION,
  },
  FORMAT_UNKNOWN: {
    severity: 'breach',
    meaning: 'The object says that it has a format that this release cannot check.',
    remedy:
      'Verify with the newest release; if it does not know the format either, the object is forged.',
  },
  SCHEMA_MISMATCH: {
    severity: 'breach',
    meaning:
      'The schema in the object was swapped: by it, readers would see other values than were sealed.',
    remedy: OTHER_REGION,
  },
  ENTRY_MALFORMED: {
    severity: 'breach',
    meaning:
      'An entry is not as it was sealed: it was changed, stands in another place, or was never one.',
    remedy: OTHER_REGION,
  },
  ENTRIES_MISMATCH: {
    severity: 'breach',
    meaning:
      'The entries are not those that were sealed: one was changed, removed, added or moved.',
    remedy: OTHER_REGION,
  },
  CHECKPOINT_MISMATCH: {
    severity: 'breach',
    meaning: 'The signed checkpoint speaks of other data than the object holds.',
    remedy: OTHER_REGION,
  },
  NOTE_MALFORMED: {
    severity: 'breach',
    meaning: 'The signature over the batch does not hold: it, or what it signs, was changed.',
    remedy: OTHER_REGION,
  },
  SIGNATURE_MISSING: {
    severity: 'breach',
    meaning: 'The batch bears no signature by a key of this deployment: somebody else made it.',
    remedy:
      'Check first that AUTHSEAL_KEYS is the key file of this deployment and not older than its last rotation. If it is the right one, the batch is forged: take it from another region.',
  },
  OBJECT_MISPLACED: {
    severity: 'breach',
    meaning: 'An authentic batch lies under a key that is not its own, where another one is due.',
    remedy: OTHER_REGION,
  },
  OBJECT_UNREADABLE: {
    severity: 'breach',
    meaning:
      'The store does not give this object, though it gives others: it is encrypted with a key that is gone or not ours to use, a policy forbids to read it, or the store has lost it.',
    remedy:
      'Read what the store said. Give the role that verifies what it lacks; else take this batch from another region.',
  },
  WRONG_KEY: {
    severity: 'breach',
    meaning:
      'The batch is signed by a key of this deployment, but not by the one in force at this place in the log: an old or a future key was used.',
    remedy: 'Treat that key as stolen: rotate, and compare the regions from this batch on.',
  },
  CHAIN_BROKEN: {
    severity: 'breach',
    meaning:
      'The batch is signed but does not continue the one before it: the log was rewritten here, or forked.',
    remedy:
      'Compare the regions, and checkpoints kept elsewhere, to learn which history is the first one; treat the signing key as stolen.',
  },
  FORK: {
    severity: 'breach',
    meaning:
      'There are two different batches, both signed by the deployment, for one place in the log: two histories exist.',
    remedy:
      'Treat the signing key as stolen. The older version, locked first, is likely the true one; checkpoints kept elsewhere decide.',
  },
  BATCH_MISSING: {
    severity: 'breach',
    meaning: 'A batch that was sealed, and whose retention has not ended, is not there.',
    remedy:
      'If another region has it, copy it from there; if none has, the events in it are lost: the regions of Kafka (`auth-batches`) may still hold it.',
  },
  LOG_MISSING: {
    severity: 'breach',
    meaning:
      'The log of a whole partition is not there, though batches of other logs say that it exists.',
    remedy: 'Check that its ingestor and archivers run; if they do, the log was removed.',
  },
  REGION_BEHIND: {
    severity: 'breach',
    meaning:
      'The newest batches of a log have not reached this region, though their time to do so is over.',
    remedy:
      "Look at this region's archiver and its lag. If it says that it archived them, they were removed.",
  },
  STALE: {
    severity: 'breach',
    meaning:
      'The log has been silent for longer than it promised: batches are no longer sealed or archived, or the newest were removed everywhere.',
    remedy: 'Check that ingestor and archivers run; when they do, verify again.',
  },
  ARCHIVE_EMPTY: {
    severity: 'breach',
    meaning: 'No region holds a single authentic batch of this deployment.',
    remedy: 'Check regions, buckets, prefixes and the key file, then whether an ingestor ever ran.',
  },
  LOCK_MISSING: {
    severity: 'breach',
    meaning:
      'The batch is not under COMPLIANCE lock: it is intact, but somebody with enough rights can delete or replace it.',
    remedy: 'Lock this version until the date expected, and find out how it came to be without.',
  },
  LOCK_SHORT: {
    severity: 'breach',
    meaning: 'The lock on the batch ends before the retention that was promised for it.',
    remedy: "Extend this version's lock to the date expected (a lock can always be extended).",
  },
  DELETE_MARKER: {
    severity: 'incident',
    meaning:
      'Somebody deleted the object: a delete marker hides it from ordinary readers. The locked version beneath it is still there and intact.',
    remedy: 'Find out from the access logs who set the marker; then remove the marker.',
  },
  OVERWRITTEN: {
    severity: 'incident',
    meaning:
      'Somebody wrote a newer version over the batch. Ordinary readers see that one; the locked original is still there and intact.',
    remedy: 'Find out from the access logs who wrote it; readers must read by version.',
  },
  PRE_CREATED: {
    severity: 'incident',
    meaning:
      'Somebody had put an object at this key before the batch was archived. The batch was then stored above it, locked.',
    remedy: 'Find out from the access logs who wrote it: only archivers may write here.',
  },
  EXTRA_VERSION: {
    severity: 'incident',
    meaning: 'The batch is stored a second time at its own key, locked and intact.',
    remedy: 'Find out who wrote it: an archiver does not write what is there already.',
  },
  COPY_DIFFERS: {
    severity: 'incident',
    meaning:
      'This copy of the batch holds the same sealed data, but not in the same bytes: signature lines were added or removed.',
    remedy: 'Find out who wrote it: archivers store the bytes as they come.',
  },
  UNKNOWN_OBJECT: {
    severity: 'incident',
    meaning: 'Something lies among the batches that is none, or that no batch of the log leads to.',
    remedy: 'Find out who wrote it: only archivers may write here.',
  },
  CLOCK: {
    severity: 'incident',
    meaning: 'The batch says that it was sealed in the future: the clock of the ingestor is wrong.',
    remedy: "Correct the ingestor's clock. The batch is judged once its time has come.",
  },
  LOST_RANGE: {
    severity: 'incident',
    meaning:
      'Kafka dropped records before they could be sealed; the log says so itself. What they were is unknown.',
    remedy:
      'Look at the retention of auth-events and at how long the ingestor stood still. Gaps of producers tell whose events were lost.',
  },
  KEY_REPLACED: {
    severity: 'incident',
    meaning:
      'The signing key was replaced without a signature by the old one, as when the old one was lost.',
    remedy: 'Confirm with whoever keeps the keys that this was meant; accept it then.',
  },
  SEQUENCE_GAP: {
    severity: 'incident',
    meaning: 'Events of a producer are missing: the numbers that it gave them have a gap.',
    remedy:
      'The events were dropped between the service and the seal: look at who may write to auth-events, and at lost ranges of this log.',
  },
  LINK_BROKEN: {
    severity: 'incident',
    meaning:
      "A producer's own hash chain does not fit its events: one was changed, inserted or removed before it was sealed.",
    remedy: "Compare with the producer's own records; look at who may write to auth-events.",
  },
  FLUSH_UNFINISHED: {
    severity: 'incident',
    meaning: 'Events of a producer are not followed by the link that ends what was sent together.',
    remedy:
      'The last events of this flush were dropped, somebody else sends under the name of this producer, or it is not our SDK.',
  },
  FLUSH_FORGED: {
    severity: 'incident',
    meaning:
      "Events bear a signature that is not their service's: they are forged, or the key file is old.",
    remedy:
      "Check the service's line in AUTHSEAL_PRODUCERS; if it is right, the events are forged.",
  },
  FLUSH_UNSIGNED: {
    severity: 'incident',
    meaning: 'Events of a service that signs bear no signature: anybody may have sent them.',
    remedy: 'Check that the service runs with its key; else the events are forged.',
  },
  REPLAYED: {
    severity: 'incident',
    meaning: 'A producer used a number twice, for something that is no repeat of what it had sent.',
    remedy:
      'Somebody else sends under the name of this producer: look at who may write to auth-events.',
  },
  PRODUCER_MOVED: {
    severity: 'incident',
    meaning: 'Events of one producer stand in two logs; a producer keeps to one.',
    remedy:
      'Somebody else sends under the name of this producer: look at who may write to auth-events.',
  },
  IMPERSONATED: {
    severity: 'incident',
    meaning: 'Events name another service than the producer that sent them.',
    remedy: "Look at the producer's service; it speaks for one that it is not.",
  },
  UNCHAINED: {
    severity: 'note',
    meaning:
      'Events came without the chain of a producer: whether some are missing cannot be told. An incident if they name a service that signs.',
    remedy: 'Send them with the SDK or the collector.',
  },
  REPEAT: {
    severity: 'note',
    meaning:
      'A producer sent the same events twice after a failure, byte for byte. Exports leave the repeat out.',
    remedy: 'None.',
  },
} as const satisfies Record<string, ProblemMeaning> & Record<ObjectFaultCode, ProblemMeaning>;

export type ProblemCode = keyof typeof PROBLEM_CODES;
