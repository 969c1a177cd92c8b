/** Which line of the key file is in force along one log. */
import { type DeploymentKeys, type KeyStep, stepKey } from '@authseal/ledger';
import type { SignedBatch } from './object.ts';

export class KeyInForce {
  readonly #keys: DeploymentKeys;
  /** null before the first batch. */
  #line: number | null = null;

  constructor(keys: DeploymentKeys) {
    this.#keys = keys;
  }

  /**
   * What the signatures of a batch that is next say.
   * @param isAnew nothing is known of the batch before it: a rotation may lie there, but the key
   *   never goes back
   */
  step({ batch: { header }, signers }: SignedBatch, isAnew: boolean): KeyStep {
    const current = this.#line;
    if (!isAnew) return stepKey(current, signers, header, this.#keys);
    const able = signers.filter((line) => line >= (current ?? 0));
    if (able.length > 0) return stepKey(null, able, header, this.#keys);
    const expected = `signed by line ${(current ?? 0) + 1} of the key file or a later one`;
    const found = `signed by line ${signers.map((line) => line + 1).join(' and ')}`;
    return { ok: false, expected, found };
  }

  /** After a batch that was signed by the key in force, or by the one that follows it. */
  take(line: number): void {
    this.#line = line;
  }
}
