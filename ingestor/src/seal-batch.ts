/** Step 5 of sealer.ts: the open batch becomes an object, signed by the key that is in force. */
import {
  type BatchBuilder,
  type Codec,
  type DeploymentKeys,
  type DigestEntries,
  encodeBase64,
  type NoteSigner,
  type SealedBatch,
  type SealKeys,
} from '@authseal/ledger';
import { IngestorError } from './error.ts';
import type { Clock } from './journal.ts';
import type { Position } from './state.ts';

/** How batches are sealed. Times in milliseconds. */
export type SealTermsOfLog = {
  readonly linger: number;
  readonly heartbeat: number;
  readonly retention: number;
  readonly codec: Codec;
  readonly signer: NoteSigner;
  /** The key before, or null: a log that it sealed last changes to `signer` with its next batch. */
  readonly previous: NoteSigner | null;
  readonly keys: DeploymentKeys;
  /** Seal all there is, then the log's last batch. */
  readonly close: boolean;
};

/** Why a batch is sealed. */
export type Due = 'begin' | 'full' | 'linger' | 'heartbeat' | 'close';

/**
 * A log is sealed on by who sealed it last, or by its successor.
 * @throws IngestorError KEY_UNFIT
 */
export function checkKey(
  position: Position,
  { signer, previous }: SealTermsOfLog,
  origin: string,
): void {
  const known = [signer, previous].flatMap((key) => (key ? [encodeBase64(key.publicKey)] : []));
  if (known.includes(position.key)) return;
  throw new IngestorError(
    'KEY_UNFIT',
    `${origin} was sealed with the key ${position.key}, and the configured one is ${known[0]}. A log changes its key only when the one before is there to sign too: give it as AUTHSEAL_PREVIOUS_SIGNING_KEY.`,
  );
}

/** A log that the previous key sealed last changes to the new one with this batch, signed by both. */
function sealKeys({ signer, previous }: SealTermsOfLog, key: string): SealKeys {
  const isPrevious = previous !== null && key === encodeBase64(previous.publicKey);
  const isSame = key === encodeBase64(signer.publicKey);
  return isPrevious && !isSame ? { signer: previous, next: signer } : { signer };
}

type SealParts = {
  readonly terms: SealTermsOfLog;
  readonly clock: Clock;
  readonly digest: DigestEntries;
};

/**
 * @param key that is in force, base64
 * @param partitions of the source topic
 */
export function sealBatch(
  { terms, clock, digest }: SealParts,
  batch: BatchBuilder,
  key: string,
  partitions: number,
  due: Due,
): Promise<SealedBatch> {
  return batch.seal(
    {
      now: clock.now(),
      retention: terms.retention,
      heartbeat: due === 'close' ? null : Math.ceil(terms.heartbeat / 1000),
      partitions,
      codec: terms.codec,
    },
    sealKeys(terms, key),
    digest,
  );
}
