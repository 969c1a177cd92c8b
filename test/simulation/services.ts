/** The product's own parts, put together as its services do, each in a process of the world. */
import {
  type Digest,
  type DigestEntries,
  digestEntries,
  formatVkey,
  type NoteSigner,
  noteVerifier,
  originOf,
  parseKeys,
  signerFromPem,
} from '@authseal/ledger';
import type { Logger } from '@authseal/runtime';
import { AssignedConsumer, Assignment, KafkaAdmin } from '@authseal/runtime/kafka';
import { kafkaJournal as archiverJournal } from '../../archiver/src/kafka-journal.ts';
import { Partition } from '../../archiver/src/partition.ts';
import { beginLog } from '../../ingestor/src/init.ts';
import { kafkaJournal as ingestorJournal, kafkaSource } from '../../ingestor/src/kafka-journal.ts';
import type { SealTermsOfLog } from '../../ingestor/src/seal-batch.ts';
import { Sealer } from '../../ingestor/src/sealer.ts';
import { createChain } from '../../producer-sdk/src/chain.ts';
import { kafkaChannels } from '../../producer-sdk/src/kafka/channel.ts';
import { createSender, type Place } from '../../producer-sdk/src/sender.ts';
import { Bucket } from '../../runtime/src/s3/bucket.ts';
import { type Process, theWorld, type World } from './world.ts';

const DEPLOYMENT = 'acme';
export const EVENTS = 'auth-events';
export const BATCHES = 'auth-batches';
const ORIGIN = originOf(DEPLOYMENT, EVENTS, 0);
export const INGESTOR_STATE = 'ingestor.state';
export const ARCHIVER_STATE = 'archiver.state';

const DAY = 24 * 60 * 60 * 1000;
const connection = { kafkaBrokers: ['broker:9092'], kafkaSsl: false, kafkaSasl: undefined };

/** The same key in each round, so that the same seed gives the same bytes. */
const signer: NoteSigner = signerFromPem(
  `-----BEGIN PRIVATE KEY-----\n${Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, 7),
  ]).toString('base64')}\n-----END PRIVATE KEY-----\n`,
);
const keys = parseKeys(formatVkey(noteVerifier(DEPLOYMENT, signer.publicKey)));
const terms: SealTermsOfLog = {
  linger: 1000,
  heartbeat: 60_000,
  retention: 30 * DAY,
  codec: 'null',
  signer,
  previous: null,
  keys,
  close: false,
};

/** Short, so that stopped owners run into it. Milliseconds. */
const TRANSACTION_TIMEOUT = 15_000;

const silent = () => {};
const unobserved = { ended: silent, unreadable: silent };
const log = { warn: silent, info: silent, debug: silent, error: silent } as unknown as Logger;

/** What the parts told that is not in Kafka or S3. */
export type Told = {
  /** Events that the SDK has confirmed. */
  readonly confirmed: {
    readonly producer: string;
    readonly value: Buffer;
    readonly place: Place;
  }[];
  /** Why a person must look, by code. */
  readonly refusals: string[];
};

function clockOf(world: World, process: Process) {
  return {
    now: () => world.now,
    elapsed: () => world.now,
    after: (ms: number, callback: () => void) => world.after(ms, process, callback),
    wait: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const cancel = world.after(ms, process, resolve);
        signal.addEventListener('abort', () => {
          cancel();
          reject(signal.reason);
        });
        if (signal.aborted) reject(signal.reason);
      }),
  };
}

/** Ends it as on SIGTERM. */
export type Stop = () => Promise<void>;

export type Service = { record(value: Buffer): void; readonly waiting: number; stop: Stop };

/** A service that records events through the SDK. */
export function startService(process: Process, producer: string, told: Told): Service {
  const world = theWorld();
  let waiting = 0;
  const sender = createSender({
    producer,
    chain: createChain({ deployment: DEPLOYMENT, topic: EVENTS, producer }, null),
    openChannel: kafkaChannels(
      { brokers: ['broker:9092'], clientId: 'web' },
      EVENTS,
      producer,
      log,
    ),
    after: (ms, callback) => world.after(ms, process, callback),
    logger: log,
    lingerMs: 5,
    maxBufferedBytes: 1_000_000,
  });
  return {
    record(value) {
      waiting += 1;
      void sender.enqueue({ value, headers: {} }).then((place) => {
        waiting -= 1;
        told.confirmed.push({ producer, value, place });
      });
    },
    get waiting() {
      return waiting;
    },
    stop: () => sender.close(),
  };
}

export async function startIngestor(process: Process, told: Told): Promise<Stop> {
  const clock = clockOf(theWorld(), process);
  const admin = await KafkaAdmin.connect(connection, 'ingestor', log);
  const journal = ingestorJournal(journalOptions(admin), 0);
  const assignment = new Assignment(
    (partition) =>
      new Sealer({
        ...{ origin: ORIGIN, partition, batchesTopic: BATCHES, clock, terms, journal },
        digest: slowly(clock),
        source: kafkaSource(consumer, admin, EVENTS, partition),
        observer: {
          opened: silent,
          sealed: silent,
          lost: silent,
          failed: (error) => theWorld().tell(() => `${process.name} failed: ${error}`),
          refused: ({ code, message }) => {
            theWorld().tell(() => `${process.name} refuses: ${message}`);
            told.refusals.push(`ingestor ${code}`);
          },
          closed: silent,
        },
      }),
    unobserved,
  );
  const consumer = consumerOf('ingestor', EVENTS, true, assignment);
  return () => stop(assignment, consumer, admin);
}

const DIGEST_MS = 7;

/** As the ingestor's thread: the answer comes later. */
const slowly =
  (clock: ReturnType<typeof clockOf>): DigestEntries =>
  (entries) => {
    const answer = Promise.withResolvers<Digest>();
    clock.after(DIGEST_MS, () => answer.resolve(digestEntries(entries)));
    return answer.promise;
  };

const journalOptions = (admin: KafkaAdmin) => ({
  ...{ connection, admin, log, eventsTopic: EVENTS, batchesTopic: BATCHES, group: 'ingestor' },
  transactionTimeoutMs: TRANSACTION_TIMEOUT,
});

function consumerOf(
  group: string,
  topic: string,
  readUncommitted: boolean,
  assignment: Assignment<Sealer> | Assignment<Partition>,
): AssignedConsumer {
  const limits = { maxBytesPerPartition: 1_000_000, sessionTimeoutMs: 6000 };
  const what = { topic, readUncommitted, transactionsOnly: !readUncommitted };
  const options = { connection, clientId: group, group, ...what, ...limits, log };
  return new AssignedConsumer(options, assignment);
}

/** `authseal-ingestor init`; resolves with whether the log has begun. */
export async function initialize(process: Process): Promise<boolean> {
  const admin = await KafkaAdmin.connect(connection, 'init', log);
  const journal = ingestorJournal(journalOptions(admin), 0);
  const clock = clockOf(theWorld(), process);
  const parts = { journal, terms, clock, batchesTopic: BATCHES, partition: 0 };
  try {
    await beginLog(parts, { deployment: DEPLOYMENT, eventsTopic: EVENTS }, 1);
    return true;
  } catch (error) {
    theWorld().tell(() => `init failed: ${error}`);
    return false;
  }
}

const CHECK_MS = 3;

export async function startArchiver(process: Process, told: Told): Promise<Stop> {
  const clock = clockOf(theWorld(), process);
  const admin = await KafkaAdmin.connect(connection, 'archiver', log);
  const where = { name: 'a', bucket: 'archive', prefix: '', endpoint: 'http://s3' };
  const store = new Bucket(where as ConstructorParameters<typeof Bucket>[0]);
  const assignment = new Assignment(
    (partition) =>
      new Partition({
        ...{ origin: ORIGIN, prefix: '', keys, maxRetention: 366 * DAY, store, clock },
        turn: () => new Promise((resolve) => void clock.after(CHECK_MS, resolve)),
        journal: archiverJournal(
          {
            ...{ connection, admin, consumer, group: 'archiver', topic: BATCHES, log },
            transactionTimeoutMs: TRANSACTION_TIMEOUT,
          },
          partition,
        ),
        watch: {
          opened: silent,
          archived: silent,
          passedOver: ({ code }) => void told.refusals.push(`archiver ${code}`),
          committed: silent,
          lag: silent,
          failed: (error) => theWorld().tell(() => `${process.name} failed: ${error}`),
          stopped: ({ code }) => void told.refusals.push(`archiver ${code}`),
          put: silent,
          retry: silent,
          alert: silent,
        },
      }),
    unobserved,
  );
  const consumer = consumerOf('archiver', BATCHES, false, assignment);
  return () => stop(assignment, consumer, admin);
}

async function stop(
  assignment: { stop(): Promise<void> },
  consumer: AssignedConsumer,
  admin: KafkaAdmin,
): Promise<void> {
  await assignment.stop();
  await consumer.stop();
  await admin.close();
}
