/**
 * The last batch of a log, as far as all regions can tell:
 *
 *   1. In each region, the highest number under which an authentic batch lies; what lies above is no
 *      batch of this log, and is only counted.
 *   2. The highest of them all. The log must not have gone on beyond it: so each region must be read.
 *   3. It must continue the batch before it, or that one has expired.
 *   4. Nowhere may there be two batches of one number: of those looked at in 1 to 3, of where another
 *      region ends, and of what Kafka says.
 *
 * What cannot be decided from here (a region that is not read, a hole before the last batch) is a risk
 * that the log forks, and a person must take it.
 */
import {
  chainFault,
  type DeploymentKeys,
  type Header,
  type LastRecord,
  stepKey,
} from '@authseal/ledger';
import { RuntimeError } from '@authseal/runtime';
import { IngestorError } from '../error.ts';
import type { ArchivedBatch, AtNumber, RegionLog } from './region-log.ts';

/** A batch that somebody else than a region knows of: the state, or the batches topic. */
export type Known = { readonly number: number; readonly hash: string; readonly by: string };

export type Question = {
  readonly origin: string;
  readonly keys: DeploymentKeys;
  readonly regions: readonly RegionLog[];
  readonly known: readonly Known[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly acceptForkRisk: boolean;
};

export type LastBatch = {
  readonly last: ArchivedBatch;
  /** Names of the regions that have it. */
  readonly regions: readonly string[];
  /** Worth telling the person who recovers. */
  readonly notes: readonly string[];
};

/**
 * @throws IngestorError NOTHING_ARCHIVED, REGION_UNREACHABLE, ARCHIVE_FORKED, FORK_RISK
 */
export async function findLastBatch(question: Question): Promise<LastBatch> {
  const { origin, regions, known } = question;
  const notes: string[] = [];
  const risk = riskOf(question, notes);
  const ends = await askEach(regions, (region) => endOf(region, notes), risk);
  const all = ends.flatMap(({ answer }) => answer);
  const highest = Math.max(-1, ...all.map(({ number }) => number));
  if (highest < 0) throw nothing(question);

  const others = known.filter(({ number }) => number <= highest);
  const numbers = new Set([...all, ...others].map(({ number }) => number));
  numbers.add(highest - 1);
  const read = ends.map(({ region }) => region);
  const found = (await askEach(read, (region) => region.at(numbers), risk)).flatMap(
    ({ answer }) => answer,
  );
  refuseTwo(origin, found, others);
  const atEnd = found.filter(({ header }) => header.batch === highest);
  const [last] = atEnd;
  // What was there a moment ago cannot be gone; a store that says so is none that can be read.
  if (last === undefined)
    throw refusal('REGION_UNREACHABLE', origin, `Batch ${highest} was there, and is not any more.`);
  const gap = judgeBefore(last, found, question);
  if (gap !== null) risk('FORK_RISK', gap);
  return { last, regions: atEnd.map(({ region }) => region), notes };
}

/** What a person must take upon himself: told in a note when he has, else refused. */
export function riskOf(
  { origin, acceptForkRisk }: Pick<Question, 'origin' | 'acceptForkRisk'>,
  notes: string[],
) {
  return (code: 'REGION_UNREACHABLE' | 'FORK_RISK', what: string, cause?: unknown): void => {
    if (!acceptForkRisk) throw refusal(code, origin, what, cause);
    notes.push(`${what} The risk was accepted.`);
  };
}

/**
 * The last record up to a batch: null when there is none, undefined when it stands in a batch that is
 * not there any more.
 */
export async function lastRecordUpTo(
  last: ArchivedBatch,
  region: RegionLog,
): Promise<LastRecord | null | undefined> {
  let due = last;
  if (due.last !== null) return due.last;
  for await (const { number, batches } of region.fromTheEnd()) {
    const { first, batch: of, previous } = due.header;
    // Each batch has its header for a leaf: so many leaves as batches, and no record was ever sealed.
    if (first === of) return null;
    if (number >= of) continue;
    const before = batches.find(({ hash }) => hash === previous?.header);
    if (before === undefined) return undefined;
    if (before.last !== null) return before.last;
    due = before;
  }
  return due.header.first === due.header.batch ? null : undefined;
}

type Answer<T> = { readonly region: RegionLog; readonly answer: T };

/** Asks all regions; leaves out those that do not answer, when that risk may be taken. */
async function askEach<T>(
  regions: readonly RegionLog[],
  ask: (region: RegionLog) => Promise<T>,
  risk: (code: 'REGION_UNREACHABLE', what: string, cause: unknown) => void,
): Promise<Answer<T>[]> {
  const asked = await Promise.all(
    regions.map(async (region): Promise<Answer<T> | { region: RegionLog; error: RuntimeError }> => {
      try {
        return { region, answer: await ask(region) };
      } catch (error) {
        if (error instanceof RuntimeError) return { region, error };
        throw error;
      }
    }),
  );
  return asked.flatMap((one) => {
    if ('answer' in one) return one;
    risk(
      'REGION_UNREACHABLE',
      `Region ${one.region.name} cannot be read (${one.error.message}), and may hold later batches than the others.`,
      one.error,
    );
    return [];
  });
}

/** The two highest numbers with authentic batches. */
async function endOf(region: RegionLog, notes: string[]): Promise<AtNumber[]> {
  const found: AtNumber[] = [];
  let above = 0;
  for await (const at of region.fromTheEnd()) {
    if (at.batches.length > 0) found.push(at);
    else if (found.length === 0) above += at.others;
    if (found.length === 2) break;
  }
  if (above > 0) {
    notes.push(
      `In region ${region.name} ${above} ${above === 1 ? 'object that is no batch of this log lies' : 'objects that are no batches of this log lie'} at higher numbers, and ${above === 1 ? 'was' : 'were'} ignored: see who writes there, with \`authseal verify\`.`,
    );
  }
  return found;
}

function refuseTwo(origin: string, found: readonly ArchivedBatch[], known: readonly Known[]): void {
  const told = [
    ...found.map(({ header, hash, region }) => ({
      number: header.batch,
      hash,
      by: `region ${region}`,
    })),
    ...known,
  ];
  for (const one of told) {
    const other = told.find(({ number, hash }) => number === one.number && hash !== one.hash);
    if (other === undefined) continue;
    throw forked(
      origin,
      `there are two batches ${one.number}: ${one.by} has the one with header hash ${one.hash}, ${other.by} that with ${other.hash}.`,
    );
  }
}

/**
 * Whether the last batch continues the one before it. Returns what cannot be shown, or null.
 * @throws IngestorError ARCHIVE_FORKED when it contradicts the one before it
 */
function judgeBefore(
  { header, signers, region }: ArchivedBatch,
  found: readonly ArchivedBatch[],
  { origin, keys, now }: Question,
): string | null {
  const lower = found
    .filter((other) => other.header.batch < header.batch)
    .sort((a, b) => b.header.batch - a.header.batch);
  const [before] = lower;
  const name = `batch ${header.batch} in region ${region}`;
  if (before !== undefined && before.header.batch === header.batch - 1) {
    const fault = chainFault(before.head, header);
    if (fault !== null) {
      throw forked(
        origin,
        `${name} does not continue batch ${header.batch - 1}: ${fault.member}: ${fault.expected} expected, ${fault.found} found.`,
      );
    }
    const current = stepKey(null, before.signers, before.header, keys);
    const step = stepKey(current.ok ? current.key : null, signers, header, keys);
    if (step.ok) return null;
    throw forked(origin, `${name}: ${step.expected} expected, ${step.found} found.`);
  }
  if (header.previous === null || hasExpired(header.previous.retainUntil, before?.header, now)) {
    return null;
  }
  return `Of ${name} no region has the batch before it, though that has not expired: either it was lost, or somebody with an old key made this one. \`authseal verify\` shows what is there.`;
}

/** A promise never runs back: who says that the hole has expired before what lies below it is not believed. */
const hasExpired = (retainUntil: number, below: Header | undefined, now: number): boolean =>
  retainUntil <= now && retainUntil >= (below?.retainUntil ?? 0);

function nothing({ origin, known, regions }: Question): IngestorError {
  const names = regions.map(({ name }) => name).join(', ');
  const by = known.map(({ by, number }) => `${by} knows batch ${number}`).join(', ');
  const next =
    known.length === 0
      ? 'If the log is new, run `authseal-ingestor init`. If it is not, look whether AUTHSEAL_REGIONS, the prefixes and AUTHSEAL_KEYS are right.'
      : `${by}. What was sealed is in no region and in no topic: see whether AUTHSEAL_REGIONS, the prefixes and AUTHSEAL_KEYS are right; if they are, events go on under a new topic or deployment.`;
  return refusal(
    'NOTHING_ARCHIVED',
    origin,
    `no region holds a batch of this log (${names}). ${next}`,
  );
}

function forked(origin: string, what: string): IngestorError {
  return refusal(
    'ARCHIVE_FORKED',
    origin,
    `${what} There are two histories, and which of them goes on nobody can say here. Keep everything and run \`authseal verify\` over all regions.`,
  );
}

function refusal(
  code: IngestorError['code'],
  origin: string,
  what: string,
  cause?: unknown,
): IngestorError {
  const next =
    code === 'REGION_UNREACHABLE' || code === 'FORK_RISK'
      ? ' Mended, run this again; if there is nothing to be mended, `authseal-ingestor recover --from-archive --accept-fork-risk` goes on without it.'
      : '';
  return new IngestorError(code, `${origin}: ${what}${next}`, { cause });
}
