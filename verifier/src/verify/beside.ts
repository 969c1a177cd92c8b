/** What is said of objects that are not the batch which their key promises. */
import { encodeBase64 } from '@authseal/ledger';
import { type ExaminedKey, isBatch, isFork, nameOf, type SignedBatch } from './object.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { Finding } from './problems.ts';

/** Adds a problem of the log. */
export type Add = (code: ProblemCode, finding: Finding) => void;

/** Signed batches at this key besides the chosen one; null: the place was taken before. */
export function nameForks(key: ExaminedKey, chosen: SignedBatch | null, add: Add): void {
  const expected =
    chosen === null
      ? 'one batch of this number'
      : `the batch with header ${encodeBase64(chosen.batch.headerHash)}`;
  for (const { region, copies } of key.regions) {
    for (const { content, listed } of copies) {
      if (!isBatch(content) || (chosen !== null && !isFork(content, chosen))) continue;
      const found = `another, with header ${encodeBase64(content.batch.headerHash)}, signed by the deployment`;
      add('FORK', { batch: key.number, region, object: nameOf(listed), expected, found });
    }
  }
}

/** A batch that was sealed and of which no region has an authentic object. */
export function nameFaults({ number, regions }: ExaminedKey, add: Add): void {
  const expected = `batch ${number} as it was sealed`;
  for (const { region, copies, markers } of regions) {
    for (const { content, listed } of copies) {
      if (isBatch(content)) continue;
      const place = { batch: number, region, object: nameOf(listed) };
      add(content.code, { ...place, expected, found: content.found });
    }
    if (copies.length > 0) continue;
    const found = markers.length > 0 ? 'a delete marker and no version' : 'no version';
    add('BATCH_MISSING', { batch: number, region, expected, found });
  }
}

/** Objects that no batch of the log leads to. */
export function nameUnknown({ number, regions }: ExaminedKey, add: Add): void {
  const expected = 'a batch that the log leads to';
  for (const { region, copies, markers } of regions) {
    for (const { content, listed } of copies) {
      const found = isBatch(content) ? 'another batch' : content.found;
      add('UNKNOWN_OBJECT', { batch: number, region, object: nameOf(listed), expected, found });
    }
    for (const marker of markers) {
      const place = { batch: number, region, object: nameOf(marker) };
      add('UNKNOWN_OBJECT', { ...place, expected, found: 'a delete marker' });
    }
  }
}
