/**
 * A region that gives not one of the objects that were asked of it has not lost them all: whoever
 * asks lacks a permission, and nothing can be said of what it holds.
 */
import { RuntimeError } from '@authseal/runtime';
import { type ExaminedKey, isBatch } from './object.ts';

type Answered = { given: number; refused: number; said: string };

export class Answers {
  readonly #regions = new Map<string, Answered>();

  count({ regions }: ExaminedKey): void {
    for (const { region, copies } of regions) {
      const answered = this.#regions.get(region) ?? { given: 0, refused: 0, said: '' };
      this.#regions.set(region, answered);
      for (const { content } of copies) {
        if (isBatch(content) || content.code !== 'OBJECT_UNREADABLE') answered.given += 1;
        else {
          answered.refused += 1;
          answered.said = content.found;
        }
      }
    }
  }

  /** @throws RuntimeError S3_ACCESS_DENIED when a region refused everything */
  check(): void {
    for (const [region, { given, refused, said }] of this.#regions) {
      if (given > 0 || refused === 0) continue;
      throw new RuntimeError(
        'S3_ACCESS_DENIED',
        `Region ${region} lists ${refused} versions and gives none of them: allow s3:GetObjectVersion and s3:GetObjectRetention there, and kms:Decrypt where objects are encrypted with KMS. The last answer: ${said}`,
      );
    }
  }
}
