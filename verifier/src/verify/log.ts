/**
 * The walk along one log, over the keys of its batches in order, all regions together:
 *
 *   1. Which of the objects at this key is the batch? The one that continues the log: that is how a
 *      forged or changed object is told from the true one, whichever of them is newer.
 *   2. Does it continue the log (chainFault), under the key in force (stepKey)?
 *   3. Has each region a copy of it, locked as promised (regions.ts)?
 *   4. What do its entries say of their producers (producers.ts)?
 *
 * A key where no object is authentic is **held**: whether its batch has expired, so that nothing is
 * asked of it, only the next authentic batch can say, for its header names the retainUntil of the one
 * before it, and within a log that never runs back. The same decides of numbers that have no key at
 * all. Behind such a hole the walk begins anew: `before` in the next header is all of the tree up to
 * there, and its checkpoint covers it.
 *
 * After the last authentic batch, held keys that join it without a hole are judged as the batches
 * that they claim to be; what lies further out nothing leads to, and it is an unknown object.
 */
import {
  chainFault,
  type DeploymentKeys,
  encodeBase64,
  type Header,
  type LogHead,
  newLog,
  objectKey,
  stepKey,
} from '@authseal/ledger';
import { MAX_HELD_KEYS } from '../limits.ts';
import { nameFaults, nameForks, nameUnknown } from './beside.ts';
import { type ExaminedKey, isBatch, type SignedBatch } from './object.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { Finding, Problems } from './problems.ts';
import type { Producers } from './producers.ts';
import { lockFault, RegionOfLog, range } from './regions.ts';
import { endOf, isDue, type Scope, timeText } from './scope.ts';
import { type HasVersion, lookAgain, type Suspicion } from './suspicion.ts';

export type LogReport = {
  readonly origin: string;
  /** Leaves of the tree up to the last batch. */
  readonly size: number;
  /** Batches looked at. */
  readonly batches: number;
  /** Root of the tree of `size` leaves, base64. */
  readonly root: string;
  /** Names of the regions that have every batch looked at, locked as promised. */
  readonly regions: readonly string[];
};

/** What a walk needs besides its log. */
export type WalkContext = {
  readonly keys: DeploymentKeys;
  readonly scope: Scope;
  readonly regions: readonly string[];
  readonly problems: Problems;
  readonly producers: Producers;
  readonly hasVersion: HasVersion;
};

export class LogWalk {
  readonly origin: string;
  readonly #context: WalkContext;
  readonly #regions: readonly RegionOfLog[];
  /** Where the log stands; null when what came before is not known. */
  #head: LogHead | null = null;
  /** The last batch walked. */
  #last: SignedBatch | null = null;
  #batches = 0;
  /** Number of the next batch. */
  #due = 0;
  /** Line of the key file in force; null before the first batch. */
  #key: number | null = null;
  #held: ExaminedKey[] = [];
  readonly #suspicions: Suspicion[] = [];
  /** A batch after the scope's end was met. */
  #isBeyond = false;

  constructor(origin: string, context: WalkContext) {
    const { regions, scope, problems } = context;
    this.origin = origin;
    this.#context = context;
    this.#regions = regions.map((region) => new RegionOfLog(region, origin, scope, problems));
  }

  /** The last batch walked, null when there is none. */
  get last(): Header | null {
    return this.#last?.batch.header ?? null;
  }

  /** Whether the log has an authentic batch, inside the scope or not. */
  get exists(): boolean {
    return this.#head !== null || this.#isBeyond;
  }

  /** A key before the scope's first day, not fetched. */
  passOver(number: number): void {
    this.#due = number + 1;
  }

  /** Takes the next key. Returns the batch when there is one to look into, inside the scope. */
  take(key: ExaminedKey): SignedBatch | null {
    const candidates = candidatesOf(key);
    const isFirst = this.#last === null && this.#head === null;
    // Keys that were passed over were not read, and may lie.
    if (isFirst && candidates.length > 0 && key.number < this.#due) this.#due = key.number;
    if (candidates.length === 0) return this.#hold(key);
    if (key.number < this.#due) {
      nameForks(key, null, this.#add);
      return null;
    }
    return this.#isBeyond ? null : this.#follow(key, this.#choose(candidates, key));
  }

  /** The log ends here. Returns null when it has no batch inside the scope. */
  async finish(): Promise<LogReport | null> {
    this.#judgeHeldAtEnd();
    await this.#lookAgain();
    for (const region of this.#regions) region.finish();
    const last = this.#last;
    if (last === null) return null;
    const { header, head } = last.batch;
    this.#context.producers.finish(this.origin, header);
    this.#judgeSilence(header);
    return {
      origin: this.origin,
      size: head.range.end,
      batches: this.#batches,
      root: encodeBase64(head.range.root()),
      regions: this.#regions.filter(({ isWhole }) => isWhole).map(({ region }) => region),
    };
  }

  #choose(candidates: readonly SignedBatch[], key: ExaminedKey): SignedBatch {
    const head = this.#headBefore(key.number);
    const continuing = candidates.filter(
      ({ batch }) => head !== null && chainFault(head, batch.header) === null,
    );
    const pool = continuing.length > 0 ? continuing : candidates;
    return pool.reduce((best, other) =>
      standing(other, key) > standing(best, key) ? other : best,
    );
  }

  #follow(key: ExaminedKey, chosen: SignedBatch): SignedBatch | null {
    const { scope, producers } = this.#context;
    const { header, head } = chosen.batch;
    if (scope.from !== null && header.sealedAt < scope.from) {
      this.#anchor(head);
      return null;
    }
    this.#closeHole(header);
    if (header.sealedAt > endOf(scope)) {
      this.#isBeyond = true;
      this.#judgeClock(header);
      return null;
    }
    if (this.#last === null && header.batch > 0) producers.cut();
    this.#judgeChain(chosen);
    this.#judgeKey(chosen);
    this.#judgeLost(header);
    this.#judgeRegions(key, chosen);
    this.#head = head;
    this.#last = chosen;
    this.#batches += 1;
    this.#due = header.batch + 1;
    return chosen;
  }

  /** A batch before the scope: the next one must continue it. */
  #anchor(head: LogHead): void {
    this.#head = head;
    this.#due = head.batch;
    this.#held = [];
  }

  #headBefore(number: number): LogHead | null {
    if (number !== this.#due) return null;
    return this.#head ?? (number === 0 ? newLog(this.origin) : null);
  }

  /** Numbers before this batch that have no authentic object: expired, or a breach. */
  #closeHole(header: Header): void {
    const { scope, producers } = this.#context;
    const inside = this.#releaseHeld(header.batch);
    if (header.batch === this.#due && inside.length === 0) return;
    const promised = this.#head?.retainUntil ?? 0;
    this.#head = null;
    producers.cut();
    // A promise never runs back: who says so of the hole has not sealed what came before it.
    const until = header.previous?.retainUntil ?? Number.POSITIVE_INFINITY;
    if (until <= scope.at && until >= promised) return;
    for (const key of inside) this.#judgeHeld(key);
    const numbers = new Set(inside.map(({ number }) => number));
    const missing = firstNotIn(numbers, this.#due);
    if (missing >= header.batch) return;
    const finding = {
      batch: missing,
      expected: range(missing, header.batch - 1),
      found: `no version in any region, though batch ${header.batch} is there`,
    };
    const names = this.#namesOf(missing, header);
    if (isDue(header.sealedAt, scope)) this.#miss(finding);
    else this.#suspicions.push({ names, regions: this.#context.regions, finding });
  }

  /** The held keys of numbers before this batch. Those of its own number lie under another date. */
  #releaseHeld(batch: number): ExaminedKey[] {
    const held = this.#held;
    this.#held = held.filter(({ number }) => number > batch);
    for (const key of held) if (key.number === batch) nameUnknown(key, this.#add);
    return held.filter(({ number }) => number < batch);
  }

  /** Keys at which the batch may lie: it was sealed between the last one and this one. */
  #namesOf(batch: number, next: Header): string[] {
    const times = new Set([this.last?.sealedAt ?? next.sealedAt, next.sealedAt]);
    return [...times].map((sealedAt) => objectKey('', { ...next, batch, sealedAt }));
  }

  async #lookAgain(): Promise<void> {
    const { hasVersion } = this.#context;
    for (const { finding } of await lookAgain(this.#suspicions, hasVersion)) this.#miss(finding);
    for (const region of this.#regions) {
      for (const { finding } of await lookAgain(region.suspicions, hasVersion))
        region.lacks(finding);
    }
  }

  /** No region has these batches. */
  #miss(finding: Finding): void {
    for (const region of this.#regions) region.lacksWithAll();
    this.#add('BATCH_MISSING', finding);
  }

  #judgeChain({ batch: { header } }: SignedBatch): void {
    const head = this.#headBefore(header.batch);
    const fault = head && chainFault(head, header);
    if (fault === null) return;
    this.#context.producers.cut();
    const { member, expected, found } = fault;
    this.#add('CHAIN_BROKEN', {
      batch: header.batch,
      expected: `${member}: ${expected}`,
      found: `${member}: ${found}`,
    });
  }

  #judgeKey({ batch: { header }, signers }: SignedBatch): void {
    const { keys } = this.#context;
    const current = this.#key;
    // Behind a hole the rotation may lie in the hole, but the key never goes back.
    const isAnew = this.#headBefore(header.batch) === null;
    const able = isAnew ? signers.filter((line) => line >= (current ?? 0)) : signers;
    const step = able.length === 0 ? null : stepKey(isAnew ? null : current, able, header, keys);
    if (step?.ok) {
      this.#key = step.key;
      if (!step.replaced) return;
      const expected = 'signatures by the old key and by the new one';
      const found = `a rotation signed by line ${step.key + 1} of the key file alone`;
      this.#add('KEY_REPLACED', { batch: header.batch, expected, found });
      return;
    }
    const expected =
      step?.expected ?? `signed by line ${(current ?? 0) + 1} of the key file or a later one`;
    const found = `signed by line ${signers.map((line) => line + 1).join(' and ')}`;
    this.#add('WRONG_KEY', { batch: header.batch, expected, found: step?.found ?? found });
  }

  #judgeLost({ batch, lost }: Header): void {
    for (const { from, to } of lost) {
      const found = `offsets ${from} to ${to - 1} were dropped by Kafka before sealing`;
      this.#add('LOST_RANGE', { batch, expected: 'every record sealed', found });
    }
  }

  #judgeRegions(key: ExaminedKey, chosen: SignedBatch): void {
    nameForks(key, chosen, this.#add);
    if (chosen.batch.header.retainUntil <= this.#context.scope.at) return;
    for (const [i, region] of this.#regions.entries()) {
      const here = key.regions[i];
      if (here !== undefined) region.judge(here, chosen);
    }
  }

  #hold(key: ExaminedKey): null {
    if (key.number < this.#due) nameUnknown(key, this.#add);
    else this.#held.push(key);
    const oldest = this.#held.length > MAX_HELD_KEYS ? this.#held.shift() : undefined;
    if (oldest !== undefined) this.#judgeHeld(oldest);
    return null;
  }

  /** A batch of which no region has an authentic object. */
  #judgeHeld(key: ExaminedKey): void {
    for (const region of this.#regions) region.lacksWithAll();
    nameFaults(key, this.#add);
  }

  #judgeHeldAtEnd(): void {
    for (const key of this.#held.sort((a, b) => a.number - b.number)) {
      if (key.number === this.#due && !this.#isBeyond) {
        this.#due += 1;
        this.#judgeHeld(key);
      } else if (!this.#isBeyond) nameUnknown(key, this.#add);
    }
    this.#held = [];
  }

  #judgeClock({ batch, sealedAt }: Header): void {
    const { at, now, grace } = this.#context.scope;
    const latest = Math.max(at, now) + grace;
    if (sealedAt <= latest) return;
    const expected = `sealed by ${timeText(latest)}`;
    this.#add('CLOCK', { batch, expected, found: `sealed at ${timeText(sealedAt)}` });
  }

  #judgeSilence({ batch, sealedAt, heartbeat }: Header): void {
    const { at, grace, to } = this.#context.scope;
    if (to !== null || heartbeat === null) return;
    const latest = sealedAt + heartbeat * 1000 + grace;
    if (latest >= at) return;
    this.#add('STALE', {
      batch,
      expected: `a batch after this one by ${timeText(latest)}`,
      found: `none as of ${timeText(at)}; the last was sealed at ${timeText(sealedAt)}`,
    });
  }

  readonly #add = (code: ProblemCode, finding: Finding): void => {
    this.#context.problems.add(code, { origin: this.origin, ...finding });
  };
}

/** The different batches at a key, in the order of regions. */
function candidatesOf({ regions }: ExaminedKey): SignedBatch[] {
  const contents = regions.flatMap(({ copies }) => copies.map(({ content }) => content));
  return [...new Set(contents.filter(isBatch))];
}

/** How many regions hold this batch under lock; then how old its oldest copy is. */
function standing(candidate: SignedBatch, { regions }: ExaminedKey): number {
  const { retainUntil } = candidate.batch.header;
  const copies = regions.map((here) => here.copies.filter(({ content }) => content === candidate));
  const locked = copies.filter((here) =>
    here.some(({ lock }) => lockFault(lock, retainUntil) === null),
  );
  const times = copies.flat().map(({ listed }) => listed.lastModified.getTime());
  return locked.length + 1 / (1 + Math.max(1, Math.min(...times)));
}

function firstNotIn(numbers: ReadonlySet<number>, from: number): number {
  let number = from;
  while (numbers.has(number)) number += 1;
  return number;
}
