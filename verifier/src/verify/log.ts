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
 * After the last authentic batch nothing leads on but a header that is signed, even if the object it
 * stands in is damaged: up to there the log went. What else lies there is an unknown object; batches
 * that were taken away altogether show in the silence.
 */
import {
  type ChainFault,
  chainFault,
  type DeploymentKeys,
  encodeBase64,
  type Header,
  type KeyStep,
  type LogHead,
  newLog,
} from '@authseal/ledger';
import { nameFaults, nameForks, nameUnknown } from './beside.ts';
import { firstWithoutKey, HeldKeys, holeFault, namesInHole } from './hole.ts';
import { KeyInForce } from './key-in-force.ts';
import { batchesAt, type ExaminedKey, type SignedBatch, wasSealed } from './object.ts';
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
  readonly #key: KeyInForce;
  readonly #held = new HeldKeys();
  readonly #suspicions: Suspicion[] = [];
  /** Where the log stands; null when what came before is not known. */
  #head: LogHead | null = null;
  /** The last authentic batch up to the scope's end. */
  #latest: Header | null = null;
  /** The last batch inside the scope. */
  #last: SignedBatch | null = null;
  #batches = 0;
  /** Number of the next batch. */
  #due = 0;
  /** When the first batch after the scope was sealed; null: none was met. */
  #beyond: number | null = null;

  constructor(origin: string, context: WalkContext) {
    const { regions, scope, problems, keys } = context;
    this.origin = origin;
    this.#context = context;
    this.#regions = regions.map((region) => new RegionOfLog(region, origin, scope, problems));
    this.#key = new KeyInForce(keys);
  }

  /** Whether the log has an authentic batch, inside the scope or not. */
  get exists(): boolean {
    return this.#latest !== null || this.#beyond !== null;
  }

  /** Takes a key of a day before the scope: they come newest first, up to one that holds a batch. */
  takeBefore(key: ExaminedKey): void {
    const batches = batchesAt(key);
    if (batches.length > 0) this.#anchor(this.#choose(batches, key));
    else this.#hold(key);
  }

  /** Takes the next key. Returns the batch when there is one to look into, inside the scope. */
  take(key: ExaminedKey): SignedBatch | null {
    const batches = batchesAt(key);
    if (batches.length === 0) {
      if (key.number < this.#due) nameUnknown(key, this.#add);
      else this.#hold(key);
      return null;
    }
    if (key.number < this.#due) {
      nameForks(key, null, this.#add);
      return null;
    }
    return this.#beyond === null ? this.#follow(key, this.#choose(batches, key)) : null;
  }

  /** The log ends here. Returns null when it has no batch inside the scope. */
  async finish(): Promise<LogReport | null> {
    if (this.#beyond === null) this.#judgeHeldAtEnd();
    await this.#lookAgain();
    for (const region of this.#regions) region.finish();
    if (this.#latest !== null) this.#judgeSilence(this.#latest);
    const last = this.#last;
    if (last === null) return null;
    const { header, head } = last.batch;
    this.#context.producers.finish(this.origin, header);
    return {
      origin: this.origin,
      size: head.range.end,
      batches: this.#batches,
      root: encodeBase64(head.range.root()),
      regions: this.#regions.filter(({ isWhole }) => isWhole).map(({ region }) => region),
    };
  }

  /** The batch that continues the log, under the key in force; else the one that stands best. */
  #choose(candidates: readonly SignedBatch[], key: ExaminedKey): SignedBatch {
    const fit = (candidate: SignedBatch): number => {
      const fault = this.#chainFault(candidate.batch.header);
      return (fault === null ? 2 : 0) + (this.#keyStep(candidate).ok ? 1 : 0);
    };
    const best = Math.max(...candidates.map(fit));
    return candidates
      .filter((candidate) => fit(candidate) === best)
      .reduce((one, other) => (standing(other, key) > standing(one, key) ? other : one));
  }

  #follow(key: ExaminedKey, chosen: SignedBatch): SignedBatch | null {
    const { scope, producers } = this.#context;
    const { header, head } = chosen.batch;
    if (scope.from !== null && header.sealedAt < scope.from) {
      this.#anchor(chosen);
      return null;
    }
    this.#closeHole(header);
    if (header.sealedAt > endOf(scope)) {
      this.#beyond = header.sealedAt;
      this.#judgeClock(header);
      return null;
    }
    if (this.#last === null && header.batch > 0) producers.cut();
    this.#judgeChain(header);
    const isOurs = this.#judgeKey(chosen);
    this.#judgeLost(header);
    this.#judgeRegions(key, chosen);
    this.#head = head;
    this.#latest = header;
    this.#last = chosen;
    this.#batches += 1;
    this.#due = header.batch + 1;
    return isOurs ? chosen : null;
  }

  /** A batch before the scope: the next one must continue it. */
  #anchor(chosen: SignedBatch): void {
    const { header, head } = chosen.batch;
    const step = this.#keyStep(chosen);
    if (step.ok) this.#key.take(step.key);
    this.#head = head;
    this.#latest = header;
    this.#due = head.batch;
    this.#held.clear();
  }

  #headBefore(number: number): LogHead | null {
    if (number !== this.#due) return null;
    return this.#head ?? (number === 0 ? newLog(this.origin) : null);
  }

  /** null when it continues the log, or when nothing is known of the batch before it. */
  #chainFault(header: Header): ChainFault | null {
    const head = this.#headBefore(header.batch);
    return head && chainFault(head, header);
  }

  #keyStep(signed: SignedBatch): KeyStep {
    return this.#key.step(signed, this.#headBefore(signed.batch.header.batch) === null);
  }

  /** Numbers before this batch that have no authentic object: expired, or a breach. */
  #closeHole(header: Header): void {
    const { scope, producers } = this.#context;
    const inside = this.#held.release(header.batch);
    // What is held of its own number lies under another date.
    for (const key of this.#held.release(header.batch + 1)) nameUnknown(key, this.#add);
    if (header.batch === this.#due) return;
    producers.cut();
    const head = this.#head;
    this.#head = null;
    const fault = head && holeFault(head, header);
    if (fault !== null) this.#addFault(header, fault);
    // A promise never runs back: who says so of the hole has not sealed what came before it.
    const until = header.previous?.retainUntil ?? Number.POSITIVE_INFINITY;
    if (until <= scope.at && until >= (head?.retainUntil ?? 0)) return;
    for (const key of inside) this.#judgeHeld(key);
    const missing = firstWithoutKey(inside, this.#due);
    if (missing >= header.batch) return;
    const finding = {
      batch: missing,
      expected: range(missing, header.batch - 1),
      found: `no version in any region, though batch ${header.batch} is there`,
    };
    const names = namesInHole(missing, this.#latest, header);
    if (isDue(header.sealedAt, scope)) this.#miss(finding);
    else this.#suspicions.push({ names, regions: this.#context.regions, finding });
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

  #judgeChain(header: Header): void {
    const fault = this.#chainFault(header);
    if (fault === null) return;
    this.#context.producers.cut();
    this.#addFault(header, fault);
  }

  #addFault({ batch }: Header, { member, expected, found }: ChainFault): void {
    const finding = { expected: `${member}: ${expected}`, found: `${member}: ${found}` };
    this.#add('CHAIN_BROKEN', { batch, ...finding });
  }

  /** Returns false when the batch is not by the key in force: what it holds is not to be relied on. */
  #judgeKey(signed: SignedBatch): boolean {
    const { batch } = signed.batch.header;
    const step = this.#keyStep(signed);
    if (!step.ok) {
      this.#context.producers.cut();
      this.#add('WRONG_KEY', { batch, expected: step.expected, found: step.found });
      return false;
    }
    this.#key.take(step.key);
    if (step.replaced) {
      const expected = 'signatures by the old key and by the new one';
      const found = `a rotation signed by line ${step.key + 1} of the key file alone`;
      this.#add('KEY_REPLACED', { batch, expected, found });
    }
    return true;
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

  /** Until the next batch tells what it may be. */
  #hold(key: ExaminedKey): void {
    const surplus = this.#held.hold(key);
    if (surplus === undefined) return;
    if (wasSealed(surplus)) this.#judgeHeld(surplus);
    else nameUnknown(surplus, this.#add);
  }

  /** A batch of which no region has an authentic object. */
  #judgeHeld(key: ExaminedKey): void {
    for (const region of this.#regions) region.lacksWithAll();
    nameFaults(key, this.#add);
  }

  #judgeHeldAtEnd(): void {
    const end = this.#held.lastSealed;
    const sealed = this.#held.release(end + 1);
    for (const key of sealed) this.#judgeHeld(key);
    for (const key of this.#held.release(Number.POSITIVE_INFINITY)) nameUnknown(key, this.#add);
    const missing = firstWithoutKey(sealed, this.#due);
    if (missing >= end) return;
    const found = `no version in any region, though batch ${end} is there, damaged`;
    this.#miss({ batch: missing, expected: range(missing, end - 1), found });
  }

  #judgeClock({ batch, sealedAt }: Header): void {
    const { at, now, grace } = this.#context.scope;
    const latest = Math.max(at, now) + grace;
    if (sealedAt <= latest) return;
    const expected = `sealed by ${timeText(latest)}`;
    this.#add('CLOCK', { batch, expected, found: `sealed at ${timeText(sealedAt)}` });
  }

  /** The log's end is silent for too long, unless it is only the end of what is looked at. */
  #judgeSilence({ batch, sealedAt, heartbeat }: Header): void {
    const { at, grace } = this.#context.scope;
    if (heartbeat === null || (this.#beyond !== null && this.#beyond <= at)) return;
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
