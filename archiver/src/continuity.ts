/**
 * Each batch must continue the one archived before it. The place of a region in a log is the last
 * batch up to which nothing is missing; it is committed to Kafka as an offset's metadata.
 */
import { type DeploymentKeys, formatVkey, type Header, stepKey } from '@authseal/ledger';
import { ArchiverError } from './error.ts';
import type { OurBatch } from './our-batch.ts';

export type Place = {
  /** Number of the last batch; -1 before batch 0. */
  readonly batch: number;
  /** SHA-256 of its header, base64; null before batch 0. */
  readonly header: string | null;
  /** The key in force after it, as a vkey; null where the next batch may be signed by any key. */
  readonly key: string | null;
};

/** The place from which this batch goes on. */
export function placeBefore({ batch, previous }: Header): Place {
  return { batch: batch - 1, header: previous === null ? null : previous.header, key: null };
}

/** Whether nothing is asked any more of what lies before this batch: a promise never runs back. */
export function hasExpiredBefore({ previous }: Header, now: number): boolean {
  return previous !== null && previous.retainUntil <= now;
}

export function encodePlace(place: Place): string {
  return JSON.stringify(place);
}

/** Null when it is none: an offset that was set by hand has no metadata, or somebody else's. */
export function decodePlace(metadata: string): Place | null {
  try {
    const { batch, header, key } = JSON.parse(metadata);
    const isText = (value: unknown) => value === null || typeof value === 'string';
    const fits = Number.isSafeInteger(batch) && batch >= -1 && isText(header) && isText(key);
    return fits && (header === null) === (batch === -1) ? { batch, header, key } : null;
  } catch {
    return null;
  }
}

/**
 * `next`: it continues the log, which then is at `place`; `replaced`: the old key did not sign the
 * change of keys. `repeat`: the last batch again. `earlier`: one from before the place, or another
 * with the same number; whether that is a repeat only the bucket can tell.
 */
export type Step =
  | { readonly kind: 'next'; readonly place: Place; readonly replaced: boolean }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'earlier' };

/** @throws ArchiverError GAP, FORK, KEY_REFUSED */
export function stepTo(batch: OurBatch, place: Place, keys: DeploymentKeys): Step {
  const { header, hash, signers } = batch;
  const name = `${header.origin} batch ${header.batch}`;
  if (header.batch <= place.batch) {
    return { kind: header.batch === place.batch && hash === place.header ? 'repeat' : 'earlier' };
  }
  const due = place.batch + 1;
  if (header.batch > due) {
    throw new ArchiverError(
      'GAP',
      `${name} came where batch ${due} was due: ${header.batch - due} batches are not in the topic any more and were not archived here. If another region has them (\`authseal verify\` tells), run \`authseal-archiver backfill --from-region <that region>\` for this one, and restart this archiver.`,
    );
  }
  if (placeBefore(header).header !== place.header) {
    throw new ArchiverError(
      'FORK',
      `${name} continues a batch ${place.batch} with header hash ${header.previous?.header}; this region archived one with ${place.header}. There are two authentic histories: stop the ingestor and run \`authseal verify\` over all regions.`,
    );
  }
  const key = stepKey(lineOf(place.key, keys), signers, header, keys);
  if (!key.ok) {
    throw new ArchiverError(
      'KEY_REFUSED',
      `${name}: expected ${key.expected}, found ${key.found}. If the deployment changed its key, add the new one to AUTHSEAL_KEYS and restart; if not, somebody signs with a key that is no longer in force.`,
    );
  }
  const inForce = keys.keys[key.key] as (typeof keys.keys)[number];
  const next = { batch: header.batch, header: hash, key: formatVkey(inForce) };
  return { kind: 'next', place: next, replaced: key.replaced };
}

/** By the key and not by its line: the oldest lines may be taken from the file one day. */
function lineOf(vkey: string | null, keys: DeploymentKeys): number | null {
  const line = keys.keys.findIndex((key) => formatVkey(key) === vkey);
  return line < 0 ? null : line;
}
