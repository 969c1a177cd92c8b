/**
 * Verifying an archive: one pass over the keys of all regions, log after log. Objects are fetched
 * and read side by side, and judged in order. What is kept is one log's state, the producers' and
 * the problems.
 */
import { setImmediate } from 'node:timers/promises';
import { type DeploymentKeys, type KeyParts, logPrefix, originOf } from '@authseal/ledger';
import type { ListedVersion } from '@authseal/runtime';
import { pMapIterable } from 'p-map';
import type { Archive } from '../archive/archive.ts';
import { type ListedKey, listKeys } from '../archive/list.ts';
import { DEFAULT_GRACE_MS, FETCH_CONCURRENCY } from '../limits.ts';
import { type Acceptance, type AcceptedProblem, reasonToAccept } from './accept.ts';
import { Answers } from './answers.ts';
import { type LogReport, LogWalk, type WalkContext } from './log.ts';
import { type ExaminedKey, examineKey, nameOf, type SignedBatch } from './object.ts';
import { type Problem, Problems } from './problems.ts';
import type { Sighting } from './producer-chain.ts';
import type { ProducerKeys } from './producer-keys.ts';
import { type ProducerReport, Producers } from './producers.ts';
import { isDue, type Scope } from './scope.ts';
import { type BatchKey, type SelectedKey, selectKeys } from './select.ts';
import { UnpackThread } from './unpack-thread.ts';

export type VerifyOptions = {
  /** One a region, at least one. */
  readonly archives: readonly Archive[];
  readonly keys: DeploymentKeys;
  /** Default: no service has a key. */
  readonly producers?: ProducerKeys;
  readonly accept?: readonly Acceptance[];
  /** Milliseconds since 1970; all is judged as of this moment. Default: `now`. */
  readonly at?: number;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: number;
  /** Milliseconds. Default: 15 minutes. */
  readonly grace?: number;
  /** Only batches sealed at or after this, milliseconds since 1970. */
  readonly from?: number;
  /** Only batches sealed before this, milliseconds since 1970. */
  readonly to?: number;
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Given each batch that was looked at, in order, log after log. The next one waits for it; without
   * `onEvent`, its entries can be read until then.
   */
  readonly onBatch?: (batch: SignedBatch) => Promise<void>;
  /** Given each entry but exact repeats of a flush; those of one producer in order. */
  readonly onEvent?: (sighting: Sighting) => void;
};

/** After each batch. */
export type Progress = {
  readonly origin: string;
  /** Batches and entries looked at so far, in all logs. */
  readonly batches: number;
  readonly entries: number;
  /** How much is done, 0 to 1, as far as the time covered tells. */
  readonly part: number;
};

export type Report = {
  /** Batches were looked at, and there is no breach, and no incident that is not accepted. */
  readonly ok: boolean;
  readonly at: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly regions: readonly string[];
  readonly logs: readonly LogReport[];
  readonly producers: readonly ProducerReport[];
  readonly problems: readonly Problem[];
  readonly accepted: readonly AcceptedProblem[];
};

/** Whether a range without a single batch was asked for: neither intact nor broken. */
export function lookedAtNothing({ logs, problems }: Pick<Report, 'logs' | 'problems'>): boolean {
  return logs.length === 0 && problems.every(({ severity }) => severity === 'note');
}

/**
 * Verifies an archive.
 * @throws RuntimeError when a region cannot be read: the archive is then neither good nor bad
 */
export async function verifyArchive(options: VerifyOptions): Promise<Report> {
  const scope = scopeOf(options);
  const run = new Run(options, scope);
  const { archives, keys } = options;
  const thread = new UnpackThread();
  const terms = { keys, unpack: thread.unpack };
  const examine = (parts: KeyParts, listed: ListedKey) =>
    examineKey(parts, listed, archives, terms);
  const examined = pMapIterable(
    selectKeys(listKeys(archives), scope, examine),
    async (key: SelectedKey): Promise<Examined> =>
      key.parts === null
        ? key
        : { ...key, examined: key.examined ?? (await examine(key.parts, key.listed)) },
    { concurrency: FETCH_CONCURRENCY },
  );
  try {
    for await (const key of examined) {
      await run.take(key);
      // Or a row of batches that are ready would keep what S3 answers waiting, and then the thread.
      await setImmediate();
    }
    return await run.finish();
  } finally {
    await thread.stop();
  }
}

type Examined =
  | Extract<SelectedKey, { parts: null }>
  | (BatchKey & { readonly examined: ExaminedKey });

function scopeOf({ now = Date.now(), at = now, grace, from, to }: VerifyOptions): Scope {
  return { at, now, grace: grace ?? DEFAULT_GRACE_MS, from: from ?? null, to: to ?? null };
}

/** One topic's logs. */
type Topic = { partitions: number; readonly seen: Set<number> };

class Run {
  readonly #options: VerifyOptions;
  readonly #scope: Scope;
  readonly #context: WalkContext;
  readonly #topics = new Map<string, Topic>();
  readonly #logs: LogReport[] = [];
  readonly #answers = new Answers();
  #walk: LogWalk | null = null;
  #firstSealedAt = 0;
  #batches = 0;
  #entries = 0;

  constructor(options: VerifyOptions, scope: Scope) {
    const { archives, keys, producers, onEvent } = options;
    const problems = new Problems();
    this.#options = options;
    this.#scope = scope;
    this.#context = {
      keys,
      scope,
      problems,
      regions: archives.map(({ region }) => region.name),
      producers: new Producers({
        deployment: keys.deployment,
        keys: producers ?? new Map(),
        problems,
        onEvent,
      }),
      hasVersion: (region, name) => hasVersion(archives, region, name),
    };
  }

  async take(key: Examined): Promise<void> {
    if (key.parts === null) {
      this.#nameUnknown(key.listed);
      return;
    }
    const { topic, partition } = key.parts;
    const origin = originOf(this.#options.keys.deployment, topic, partition);
    if (this.#walk?.origin !== origin) {
      await this.#finishLog();
      this.#walk = new LogWalk(origin, this.#context);
    }
    this.#answers.count(key.examined);
    if (key.isBefore) this.#walk.takeBefore(key.examined);
    const found = key.isBefore ? null : this.#walk.take(key.examined);
    if (this.#walk.exists) this.#topic(topic).seen.add(partition);
    if (found !== null) await this.#look(found, topic, partition);
  }

  async finish(): Promise<Report> {
    await this.#finishLog();
    this.#answers.check();
    this.#judgeLogs();
    const { regions, problems, producers } = this.#context;
    const judged = problems.list().map((problem) => ({
      ...problem,
      reason: reasonToAccept(problem, this.#options.accept ?? []),
    }));
    const open = judged.filter(({ reason }) => reason === null).map(({ reason, ...rest }) => rest);
    const accepted = judged.filter(
      (problem): problem is AcceptedProblem => problem.reason !== null,
    );
    const { at, from, to } = this.#scope;
    return {
      ok: this.#logs.length > 0 && open.every(({ severity }) => severity === 'note'),
      at,
      from,
      to,
      regions,
      logs: this.#logs,
      producers: producers.list(),
      problems: open,
      accepted,
    };
  }

  async #look(found: SignedBatch, topic: string, partition: number): Promise<void> {
    const { header } = found.batch;
    this.#context.producers.look(found.batch);
    const known = this.#topic(topic);
    if (isDue(header.sealedAt, this.#scope)) {
      known.partitions = Math.max(known.partitions, header.partitions);
    }
    await this.#options.onBatch?.(found);
    // A reader of events may be given some of this batch later, when they are known to be no repeat.
    if (this.#options.onEvent === undefined) found.batch.release();
    this.#batches += 1;
    this.#entries += header.count;
    this.#reportProgress(found, partition);
  }

  /** Batches are spread over time, so the time covered tells how much of a log is done. */
  #reportProgress({ batch: { header } }: SignedBatch, partition: number): void {
    if (header.first === 0 || this.#firstSealedAt === 0) this.#firstSealedAt = header.sealedAt;
    const { at, from, to } = this.#scope;
    const start = from ?? this.#firstSealedAt;
    const covered = (header.sealedAt - start) / Math.max(1, Math.min(at, to ?? at) - start);
    this.#options.onProgress?.({
      origin: header.origin,
      batches: this.#batches,
      entries: this.#entries,
      part: Math.min(1, (partition + Math.min(1, Math.max(0, covered))) / header.partitions),
    });
  }

  async #finishLog(): Promise<void> {
    const report = await this.#walk?.finish();
    if (report) this.#logs.push(report);
    this.#walk = null;
  }

  /** Partitions that batches of other logs name, and the archive as a whole. */
  #judgeLogs(): void {
    const { problems, keys } = this.#context;
    for (const [topic, { partitions, seen }] of this.#topics) {
      for (let partition = 0; partition < partitions; partition += 1) {
        if (seen.has(partition)) continue;
        const origin = originOf(keys.deployment, topic, partition);
        const expected = `a log for each of the ${partitions} partitions of ${topic}`;
        const found = `no batch below ${logPrefix('', topic, partition)} in any region`;
        problems.add('LOG_MISSING', { origin, expected, found });
      }
    }
    if (this.#topics.size > 0) return;
    const expected = `batches of deployment ${keys.deployment}, signed by its keys`;
    problems.add('ARCHIVE_EMPTY', { expected, found: 'none' });
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name) ?? { partitions: 0, seen: new Set() };
    this.#topics.set(name, topic);
    return topic;
  }

  /** Something among the batches whose key is none of theirs. */
  #nameUnknown({ versions }: ListedKey): void {
    for (const [i, listed] of versions.entries()) {
      for (const version of listed) this.#nameUnknownVersion(version, i);
    }
  }

  #nameUnknownVersion(version: ListedVersion, i: number): void {
    this.#context.problems.add('UNKNOWN_OBJECT', {
      region: this.#context.regions[i] as string,
      object: nameOf(version),
      expected: 'keys such as topic=…/partition=00000/date=2026-01-31/000000000000.avro only',
      found: version.deleteMarker ? 'a delete marker' : `${version.size} bytes`,
    });
  }
}

async function hasVersion(
  archives: readonly Archive[],
  region: string,
  name: string,
): Promise<boolean> {
  const archive = archives.find((other) => other.region.name === region) as Archive;
  const key = archive.region.prefix + name;
  for await (const version of archive.listVersions(key)) {
    if (version.key === key && !version.deleteMarker) return true;
  }
  return false;
}
