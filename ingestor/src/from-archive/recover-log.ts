/**
 * `authseal-ingestor recover --from-archive`, for one log. Kafka is compared with the regions:
 *
 *   - State and batches topic agree, and no region is ahead of them: there is nothing to do.
 *   - The topic's last batch is the last of all, and the state says something else: the state is set
 *     to the topic's end.
 *   - A region has the last batch, because the topic was emptied, created again, or restored from an
 *     old copy: that batch is written to the topic once more, byte for byte, and the state after it,
 *     in one transaction. An archiver takes it for the repeat that it is; the ingestor goes on behind
 *     it as behind any other.
 *
 * Ingestors may run meanwhile: opening the journal shuts the log's owner out, and what Kafka says is
 * read again behind that. If it is not what the decision was made on, nothing is written. An ingestor
 * that takes the partition back in between makes our transaction fail whole.
 */
import { type DeploymentKeys, encodeBase64, type LastRecord } from '@authseal/ledger';
import { IngestorError } from '../error.ts';
import type { Journal } from '../journal.ts';
import { lastInTopic, recover } from '../recover.ts';
import { decodeState, encodeState, type Position } from '../state.ts';
import { takeOver } from '../take-over.ts';
import { offsetWritten, uncommittedOf } from '../write-again.ts';
import { findLastBatch, type Known, type LastBatch, lastRecordUpTo, riskOf } from './last-batch.ts';
import type { ArchivedBatch, RegionLog } from './region-log.ts';

export type RecoverOptions = {
  readonly origin: string;
  readonly keys: DeploymentKeys;
  readonly journal: Journal;
  readonly regions: readonly RegionLog[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly acceptForkRisk: boolean;
  readonly dryRun: boolean;
};

/**
 * Returns what was found and done, as lines for a person.
 * @throws IngestorError NOTHING_ARCHIVED, REGION_UNREACHABLE, ARCHIVE_FORKED, FORK_RISK,
 *   PRODUCE_REFUSED, TRANSACTION_LEFT_OPEN
 */
export async function recoverLog(options: RecoverOptions): Promise<string[]> {
  const { origin, dryRun } = options;
  const { kafka, step, found, notes } = await settle(options);
  const told = notes.map((note) => `${origin}: ${note}`);
  if (step.kind === 'nothing') {
    const batch = numberOf(kafka.topic as Position);
    return [
      ...told,
      `${origin}: state and batches topic agree on batch ${batch}, and no region is ahead of it. Nothing to do.`,
    ];
  }
  const says = `${origin}: ${found}`;
  if (step.kind === 'state') {
    const what = `the state ${dryRun ? 'would be' : 'is'} set to the end of the batches topic, batch ${numberOf(step.position)}`;
    if (!dryRun) await write(kafka, step, options);
    return [
      ...told,
      `${says} ${capital(what)}; the next record to be sealed is offset ${step.position.head.offset}.`,
    ];
  }
  const { header } = step.last;
  const at = dryRun ? 'next' : `at offset ${await write(kafka, step, options)}`;
  const what = `Batch ${header.batch} ${dryRun ? 'would be' : 'was'} written to the batches topic again, ${at}, and the state after it; the next record to be sealed is offset ${header.offsets.to}.`;
  return [...told, `${says} ${what}`];
}

/** What Kafka says of a log; `refusal`: why the ingestor does not go on from that. */
type Kafka = {
  readonly state: Position | null;
  readonly topic: Position | undefined;
  readonly refusal: IngestorError | null;
};

async function lookAtKafka({ journal, origin, keys }: RecoverOptions): Promise<Kafka> {
  const committed = await journal.readState();
  const state = committed && decodeState(origin, committed);
  try {
    return { state, topic: await recover(journal, committed, origin, keys), refusal: null };
  } catch (error) {
    if (!(error instanceof IngestorError)) throw error;
    return { state, topic: await lastInTopic(journal, origin, keys), refusal: error };
  }
}

/** While an ingestor runs, Kafka and the regions are not seen at one moment: looked at until they are. */
async function settle(options: RecoverOptions): Promise<{ kafka: Kafka } & Decision> {
  for (let tries = 0; tries < MOST_LOOKS; tries += 1) {
    const kafka = await lookAtKafka(options);
    const decision = await decide(kafka, options).catch((error: unknown) => {
      if (error instanceof IngestorError) return error;
      throw error;
    });
    const isNothing = 'step' in decision && decision.step.kind === 'nothing';
    if (!isNothing && textOf(await lookAtKafka(options)) !== textOf(kafka)) continue;
    if (decision instanceof IngestorError) throw decision;
    return { kafka, ...decision };
  }
  throw wentOn(options.origin);
}

const MOST_LOOKS = 5;

const wentOn = (origin: string) =>
  new Error(`${origin}: an ingestor went on meanwhile; nothing was written. Run this again.`);

type Step =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'state'; readonly position: Position }
  | {
      readonly kind: 'batch';
      readonly last: ArchivedBatch;
      readonly lastRecord: LastRecord | null;
    };

type Decision = { readonly step: Step; readonly found: string; readonly notes: readonly string[] };

async function decide(
  { state, topic, refusal }: Kafka,
  options: RecoverOptions,
): Promise<Decision> {
  const known = [knownBy(topic, 'the batches topic'), knownBy(state, 'the state')].flat();
  const archived = await findLastBatch({ ...options, known }).catch((error: unknown) => {
    // A log that has begun a moment ago may not be archived yet.
    const isRunning = topic !== undefined && (error as IngestorError).code === 'NOTHING_ARCHIVED';
    if (isRunning) return null;
    throw error;
  });
  const notes = [...(archived?.notes ?? [])];
  const ends = archived?.last.header.batch ?? -1;
  const inTopic = topic === undefined ? -1 : numberOf(topic);
  if (refusal === null && inTopic >= ends) return { step: { kind: 'nothing' }, found: '', notes };
  const isLeft = state !== null && numberOf(state) > Math.max(ends, inTopic);
  if (isLeft && (await uncommittedOf(options.journal, state, options.origin, options.keys))) {
    throw new IngestorError(
      'FORK_RISK',
      `The state knows batch ${numberOf(state)}, which stands in the batches topic uncommitted: the brokers left its transaction half done. Nothing was written. Start an ingestor: it writes the batch again and goes on from it.`,
    );
  }
  const later = known.find(({ number }) => number > Math.max(ends, inTopic));
  if (later !== undefined) {
    riskOf(options, notes)(
      'FORK_RISK',
      `${capital(later.by)} knows batch ${later.number}, and the last one that is to be found anywhere is batch ${Math.max(ends, inTopic)}. An archiver may still have it in hand: let the archivers finish or stop them, and look again. If it is lost, its records are sealed again from the events topic, in another batch ${later.number}.`,
    );
  }
  if (topic !== undefined && inTopic >= ends) {
    const found = `the batches topic ends with batch ${inTopic}, the last of all; ${state === null ? 'there is no state' : `the state says batch ${numberOf(state)}`}.`;
    return { step: { kind: 'state', position: topic }, found, notes };
  }
  return { ...(await fromArchive(archived as LastBatch, { state, topic }, options)), notes: notes };
}

async function fromArchive(
  { last, regions: names }: LastBatch,
  { state, topic }: Pick<Kafka, 'state' | 'topic'>,
  { regions }: RecoverOptions,
): Promise<Pick<Decision, 'step' | 'found'>> {
  const region = regions.find(({ name }) => name === last.region) as RegionLog;
  const isOfState = state !== null && last.headerHash.equals(state.head.header as Buffer);
  const lastRecord = isOfState ? state.last : await lastRecordUpTo(last, region);
  const { batch, sealedAt } = last.header;
  const inTopic = topic === undefined ? 'no batch' : `batch ${numberOf(topic)} as its last`;
  const found = `batch ${batch}, sealed at ${new Date(sealedAt).toISOString()}, is the last in any region (${names.join(', ')}); the batches topic holds ${inTopic}.`;
  const unknown =
    lastRecord === undefined
      ? ' The batch with the last record is not there any more: that the events topic is still the same one is not checked.'
      : '';
  return { step: { kind: 'batch', last, lastRecord: lastRecord ?? null }, found: found + unknown };
}

/** Returns the offset of the last batch in the topic. */
async function write(
  before: Kafka,
  step: Exclude<Step, { kind: 'nothing' }>,
  options: RecoverOptions,
): Promise<number> {
  const { journal, origin } = options;
  const writer = await takeOver(journal, origin);
  try {
    if (textOf(await lookAtKafka(options)) !== textOf(before)) throw wentOn(origin);
    const { end } = await journal.offsets();
    await writer.begin();
    const position =
      step.kind === 'state'
        ? step.position
        : positionAfter(step, offsetWritten(await writer.send(step.last.object), origin, end));
    await writer.sendState(encodeState(position));
    await writer.commit();
    return position.batchOffset;
  } finally {
    await writer.close();
  }
}

function positionAfter(
  { last: { head, key }, lastRecord }: Extract<Step, { kind: 'batch' }>,
  batchOffset: number,
): Position {
  return { head, last: lastRecord, batchOffset, key };
}

function knownBy(position: Position | null | undefined, by: string): Known[] {
  if (!position) return [];
  return [{ number: numberOf(position), hash: encodeBase64(position.head.header as Buffer), by }];
}

/** Number of the last batch before a position. */
const numberOf = ({ head }: Position): number => head.batch - 1;

const textOf = ({ state, topic }: Kafka): string =>
  JSON.stringify([state, topic].map((position) => position && encodeState(position)));

const capital = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`;
