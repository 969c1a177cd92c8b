/** Why the ingestor refuses to go on, for the whole process or for one partition. */
export type IngestorErrorCode =
  /** A topic is missing or its settings break a promise. Remedy: the command in the message; `authseal-ingestor init` creates what is missing. */
  | 'TOPIC_UNFIT'
  /** A partition has no batch 0. Remedy: run `authseal-ingestor init` once for each new deployment or partition. */
  | 'LOG_NOT_BEGUN'
  /** The last sealed record is not what stands at its offset: the source topic was deleted and created again. Remedy: find out who did; then new names as `AUTHSEAL_EVENTS_TOPIC` and `AUTHSEAL_BATCHES_TOPIC` for all parts, and `authseal-ingestor init`. */
  | 'SOURCE_RECREATED'
  /** The batches topic holds no batch of the log any more: retention or somebody emptied it, or it was created again. Remedy: `authseal-ingestor recover --from-archive --dry-run`, and then without `--dry-run`. */
  | 'BATCHES_GONE'
  /** The committed state and the batches topic contradict each other. Remedy: find out who reset offsets, sealed under another group, or restored Kafka from a copy; `authseal-ingestor recover --from-archive --dry-run` compares both with the regions. When the topic is whole, stop the ingestors and delete the group `<group>.state`, and they go on from the topic. */
  | 'STATE_CONTRADICTED'
  /** A transaction is open in the batches topic that the ingestor can neither have begun nor end; nobody reads beyond it. Remedy: let nobody else write to the topic; `kafka-transactions.sh find-hanging` shows it, `kafka-transactions.sh abort` ends it. */
  | 'TRANSACTION_LEFT_OPEN'
  /** The broker's answer to a batch is not one that can be trusted. Remedy: compare the clocks of broker and ingestor, and run `authseal doctor`, which checks both topics and tells who may write to them. */
  | 'PRODUCE_REFUSED'
  /** The signing key is not the one that sealed the log so far, or not in the file of public keys. Remedy: configure the right key. */
  | 'KEY_UNFIT'
  /** Ingestors are running where none may. Remedy: stop them, then run the command again. */
  | 'GROUP_ACTIVE'
  /** `recover`: no region holds a batch of the log. Remedy: when the log is new, `authseal-ingestor init`; when it is not, events go on under a new topic or deployment. */
  | 'NOTHING_ARCHIVED'
  /** `recover`: a region cannot be read, and may hold later batches than the others. Remedy: mend it and run the command again; when it is lost for good, add `--accept-fork-risk`. */
  | 'REGION_UNREACHABLE'
  /** `recover`: it cannot be shown that the last batch in the regions is the last that was sealed. Remedy: look where the message says; when nothing more is to be found there, add `--accept-fork-risk`. */
  | 'FORK_RISK'
  /** `recover`: two authentic histories of one log. Remedy: keep everything and run `authseal verify` over all regions; events go on under a new topic or deployment. */
  | 'ARCHIVE_FORKED';

/** The one error of this package: what happened, where, and what to do next. */
export class IngestorError extends Error {
  override readonly name = 'IngestorError';
  readonly code: IngestorErrorCode;

  constructor(code: IngestorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
