/**
 * One log in one region: is every batch of the log there, under a lock that is long enough?
 *
 * A batch is there when at least one version at its key is authentic: it has the header that the
 * chain leads to, and a COMPLIANCE lock until the header's retainUntil or later. What else lies at
 * the key is an attempt beside it, an incident. Without an authentic version each version there is a
 * breach by itself; without any version the batch is missing.
 */
import { type Header, objectKey } from '@authseal/ledger';
import type { Lock } from '@authseal/runtime';
import {
  type Copy,
  hasHeaderOf,
  isBatch,
  isFork,
  nameOf,
  type RegionCopies,
  type SignedBatch,
} from './object.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { Finding, Problems } from './problems.ts';
import { isDue, type Scope, timeText } from './scope.ts';
import type { Suspicion } from './suspicion.ts';

/** Batches in a row that a region lacks. `name`: key of the first, below the region's prefix. */
type Gap = { readonly first: number; readonly name: string; last: number; lastDue: number | null };

export class RegionOfLog {
  readonly region: string;
  readonly #origin: string;
  readonly #scope: Scope;
  readonly #problems: Problems;
  #gap: Gap | null = null;
  #hasAny = false;
  #isWhole = true;
  readonly suspicions: Suspicion[] = [];

  constructor(region: string, origin: string, scope: Scope, problems: Problems) {
    this.region = region;
    this.#origin = origin;
    this.#scope = scope;
    this.#problems = problems;
  }

  /** Whether every batch judged so far is here in good order. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Judges what the region has at the key of a batch whose retention has not ended. */
  judge(here: RegionCopies, batch: SignedBatch): void {
    const { header } = batch.batch;
    const isThis = ({ content }: Copy) => hasHeaderOf(content, batch);
    const authentic = here.copies.filter(
      (copy) => isThis(copy) && lockFault(copy.lock, header.retainUntil) === null,
    );
    for (const marker of here.markers) {
      const found = `a delete marker of ${timeText(marker.lastModified.getTime())}`;
      this.#add('DELETE_MARKER', header.batch, { object: nameOf(marker), ...NO_OTHER, found });
    }
    if (authentic.length > 0) {
      this.#closeGap();
      this.#hasAny = true;
      this.#judgeBeside(here.copies, authentic, batch);
    } else if (here.copies.length > 0) {
      this.#closeGap();
      this.#hasAny = true;
      this.#isWhole = false;
      for (const copy of here.copies) this.#judgeAlone(copy, batch);
    } else this.#miss(header);
  }

  /** The log ends: what the region still lacks has not come. */
  finish(): void {
    const gap = this.#gap;
    if (gap === null || gap.lastDue === null) return;
    this.#isWhole = false;
    const batches = range(gap.first, gap.lastDue);
    if (this.#hasAny) {
      const expected = `${batches}, sealed more than the grace period ago`;
      const found = `nothing after batch ${gap.first - 1}`;
      this.#add('REGION_BEHIND', gap.first, { expected, found });
    } else {
      const found = 'not one batch of this log';
      this.#add('LOG_MISSING', undefined, { expected: batches, found });
    }
  }

  #miss(header: Header): void {
    const { batch, sealedAt } = header;
    this.#gap ??= { first: batch, name: objectKey('', header), last: batch, lastDue: null };
    this.#gap.last = batch;
    if (isDue(sealedAt, this.#scope)) this.#gap.lastDue = batch;
  }

  /** A later batch is there. */
  #closeGap(): void {
    const gap = this.#gap;
    this.#gap = null;
    if (gap === null) return;
    const finding = {
      origin: this.#origin,
      region: this.region,
      batch: gap.first,
      expected: range(gap.first, gap.last),
      found:
        'no version in this region, though another region has it and this one has later batches',
    };
    const suspicion = { names: [gap.name], regions: [this.region], finding };
    if (gap.lastDue === null) this.suspicions.push(suspicion);
    else this.lacks(finding);
  }

  /** Batches in the middle of the log are not there. */
  lacks(finding: Finding): void {
    this.#isWhole = false;
    this.#problems.add('BATCH_MISSING', finding);
  }

  /** No region has this batch. */
  lacksWithAll(): void {
    this.#isWhole = false;
  }

  /** Copies are newest first. */
  #judgeBeside(copies: readonly Copy[], authentic: readonly Copy[], batch: SignedBatch): void {
    const { header } = batch.batch;
    const oldest = authentic.at(-1) as Copy;
    for (const [i, copy] of copies.entries()) {
      const isAuthentic = authentic.includes(copy);
      const object = nameOf(copy.listed);
      if (isAuthentic && copy.content !== batch) {
        const expected = 'the bytes that the other copies have';
        this.#add('COPY_DIFFERS', header.batch, { object, expected, found: 'other bytes' });
      }
      if (copy === oldest || isFork(copy.content, batch)) continue;
      const code: ProblemCode = isAuthentic
        ? 'EXTRA_VERSION'
        : i < copies.indexOf(oldest)
          ? 'OVERWRITTEN'
          : 'PRE_CREATED';
      this.#add(code, header.batch, { object, ...NO_OTHER, found: describe(copy, batch) });
    }
  }

  /** A version where no authentic one is. */
  #judgeAlone({ listed, lock, content }: Copy, batch: SignedBatch): void {
    const { header } = batch.batch;
    if (isFork(content, batch)) return;
    const object = nameOf(listed);
    if (!isBatch(content)) {
      const expected = `batch ${header.batch} as it was sealed`;
      this.#add(content.code, header.batch, { object, expected, found: content.found });
      return;
    }
    const expected = `COMPLIANCE until ${timeText(header.retainUntil)} or later`;
    const code = lockFault(lock, header.retainUntil);
    if (code !== null) this.#add(code, header.batch, { object, expected, found: lockText(lock) });
  }

  #add(code: ProblemCode, batch: number | undefined, finding: Finding): void {
    const place = { origin: this.#origin, region: this.region };
    this.#problems.add(code, { ...place, ...(batch !== undefined && { batch }), ...finding });
  }
}

const NO_OTHER = { expected: 'only the version that the archiver wrote' };

/** In what a lock falls short of COMPLIANCE until `retainUntil`. Stores keep whole seconds, as headers do. */
export function lockFault(
  { mode, retainUntil: until }: Lock,
  retainUntil: number,
): 'LOCK_MISSING' | 'LOCK_SHORT' | null {
  if (mode !== 'COMPLIANCE' || until === null) return 'LOCK_MISSING';
  return until.getTime() < retainUntil ? 'LOCK_SHORT' : null;
}

function describe({ content, lock }: Copy, batch: SignedBatch): string {
  if (!isBatch(content)) return content.found;
  const same = content === batch ? 'the same bytes' : 'the same batch in other bytes';
  return `${same}, ${lockText(lock)}`;
}

function lockText({ mode, retainUntil }: Lock): string {
  if (mode === null || retainUntil === null) return 'no lock';
  return `${mode} until ${timeText(retainUntil.getTime())}`;
}

export function range(first: number, last: number): string {
  return first === last ? `batch ${first}` : `batches ${first} to ${last}`;
}
