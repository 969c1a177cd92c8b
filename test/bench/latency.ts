/**
 * From `record()` until the store shows the event's batch locked in both regions. A proxy before
 * each region notes when the archiver's HEAD of a batch is answered; which batch an event is in, its
 * receipt and the headers in the archive say.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Region,
  type Servers,
  startServers,
  startStack,
  toEnvironment,
} from '@authseal/deploy/local';
import { createAuditProducer, type Receipt } from '@authseal/producer-sdk';
import { S3Proxy } from '../faults/s3-proxy.ts';
import { readRegion } from '../plain/archive.ts';
import { readTopic } from '../plain/topic.ts';
import { failedLogin } from './backlog.ts';
import { type Figure, percentile, plainFigure } from './figure.ts';
import { untilArchived, untilSealed } from './progress.ts';

const LINGERS = ['200ms', '1s'];
/** Events a second. */
const RATES = [100, 1000, 10_000];
const SECONDS = 15;
/** Of the time that this run begins with, in which everything is compiled and connected. */
const WARM_UP_SECONDS = 5;
const TICK_MS = 10;

type Sent = { readonly at: number; readonly receipt: Receipt };
/** When each batch was seen locked in a region, by its key. */
type Locked = ReadonlyMap<string, number>;
type Batch = { readonly key: string; readonly to: number };

export async function measureLatency(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const linger of LINGERS) {
    const servers = await startServers({ report: () => {} });
    try {
      figures.push(...(await measureLinger(servers, linger)));
    } finally {
      await servers.stop();
    }
  }
  return figures;
}

async function measureLinger(servers: Servers, linger: string): Promise<Figure[]> {
  const proxies = await Promise.all(
    servers.regions.map(({ endpoint }) => S3Proxy.before(endpoint)),
  );
  const locked: Map<string, number>[] = proxies.map(() => new Map());
  for (const [i, proxy] of proxies.entries()) {
    proxy.answered = ({ method, url = '' }, status) => {
      const [, key] = /^\/[^/]+\/([^?]+)/.exec(url) ?? [];
      if (method === 'HEAD' && status === 200 && key)
        locked[i]?.set(decodeURIComponent(key), now());
    };
  }
  const regions = servers.regions.map((region, i) => ({
    ...region,
    endpoint: proxies[i]?.endpoint as string,
  }));
  const stack = await startStack({
    report: () => {},
    environment: toEnvironment({ kafkaBrokers: servers.kafkaBrokers, regions }),
    settings: { AUTHSEAL_LINGER: linger },
  });
  try {
    await send(servers.kafkaBrokers, 1000, WARM_UP_SECONDS);
    const runs: { rate: number; sent: Sent[] }[] = [];
    for (const rate of RATES) {
      runs.push({ rate, sent: await send(servers.kafkaBrokers, rate, SECONDS) });
    }
    await allArchived(servers);
    const batches = await batchesOf(servers);
    return runs.flatMap(({ rate, sent }) =>
      figuresOf(`${linger}, ${rate}/s`, sent, batches, locked),
    );
  } finally {
    await stack.stop();
    for (const proxy of proxies) proxy.close();
  }
}

const now = () => performance.timeOrigin + performance.now();

/** Events at an even pace; those of one tick together. */
async function send(brokers: string[], rate: number, seconds: number): Promise<Sent[]> {
  const producer = createAuditProducer({
    service: 'bench',
    deployment: 'local',
    kafka: { brokers },
  });
  const sent: Promise<Sent>[] = [];
  const from = now();
  for (let elapsed = 0; elapsed < seconds * 1000; elapsed = now() - from) {
    while (sent.length < (elapsed / 1000) * rate) {
      const at = now();
      const receipt = producer.loginFailed(failedLogin(sent.length));
      sent.push(receipt.then((receipt) => ({ at, receipt })));
    }
    await delay(TICK_MS);
  }
  const all = await Promise.all(sent);
  await producer.close();
  return all;
}

async function allArchived({ kafkaBrokers, regions }: Servers): Promise<void> {
  const records = (await readTopic(kafkaBrokers, 'auth-events')).flat().length;
  await untilSealed(kafkaBrokers, 'authseal-ingestor', 'auth-events', records);
  const groups = regions.map(({ name }) => `authseal-archiver-${name}`);
  await untilArchived(kafkaBrokers, groups, 'auth-batches');
}

/** The batches of each partition, in order, as the first region holds them. */
async function batchesOf({ regions }: Servers): Promise<Map<number, Batch[]>> {
  const batches = new Map<number, Batch[]>();
  for (const { key, header } of await readRegion(regions[0] as Region)) {
    const partition = Number(header.origin.split('/').at(-1));
    batches.set(partition, [...(batches.get(partition) ?? []), { key, to: header.offsets.to }]);
  }
  for (const log of batches.values()) log.sort((a, b) => a.to - b.to);
  return batches;
}

function figuresOf(
  name: string,
  sent: readonly Sent[],
  batches: ReadonlyMap<number, Batch[]>,
  locked: readonly Locked[],
): Figure[] {
  const took = sent.map(({ at, receipt: { partition, offset } }) => {
    const batch = batches.get(partition)?.find(({ to }) => to > offset);
    const seen = locked.map((region) => region.get(batch?.key ?? '') ?? Number.NaN);
    return Math.max(...seen) - at;
  });
  if (took.some(Number.isNaN)) throw new Error(`${name}: an event was not seen in both regions`);
  took.sort((a, b) => a - b);
  return [0.5, 0.99, 0.999].map((share) =>
    plainFigure(`latency, linger ${name}, p${100 * share}`, 'ms', percentile(took, share)),
  );
}
