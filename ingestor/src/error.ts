/** Why the ingestor refuses to go on, for the whole process or for one partition. */
export type IngestorErrorCode =
  /** A topic is missing or its settings break a promise. Remedy: the command in the message; `authseal-ingestor init` creates what is missing. */
  | 'TOPIC_UNFIT'
  /** A partition has no batch 0. Remedy: run `authseal-ingestor init` once for each new deployment or partition. */
  | 'LOG_NOT_BEGUN'
  /** The last sealed record is not what stands at its offset: the source topic was deleted and created again. Remedy: find out who did; a new topic needs a new name or deployment. */
  | 'SOURCE_RECREATED'
  /** The committed state and the batches topic contradict each other. Remedy: find out who reset offsets, emptied the topic, or sealed under another group; when the topic is whole, stop the ingestors and delete the group `<group>.state`, and they go on from the topic. */
  | 'STATE_CONTRADICTED'
  /** The broker's answer to a batch is not one that can be trusted. Remedy: compare the clocks of broker and ingestor, and the partitions of both topics. */
  | 'PRODUCE_REFUSED'
  /** The signing key is not the one that sealed the log so far, or not in the file of public keys. Remedy: configure the right key. */
  | 'KEY_UNFIT'
  /** Ingestors are running where none may. Remedy: stop them, then run the command again. */
  | 'GROUP_ACTIVE';

/** The one error of this package: what happened, where, and what to do next. */
export class IngestorError extends Error {
  override readonly name = 'IngestorError';
  readonly code: IngestorErrorCode;

  constructor(code: IngestorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
