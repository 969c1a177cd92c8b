/** A region's store that fails in every way that stores fail; the other region does not notice. */
import { type Servers, type Stack, startServers, toEnvironment } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { sealedOffsets, topicEnd } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';
import { type Fault, S3Proxy } from './s3-proxy.ts';
import { randomOfSuite } from './seed.ts';

const PATIENT = { timeout: 90_000, interval: 100 };
const OFTEN = 5;
const PARTITIONS = 8;

const random = randomOfSuite();
let servers: Servers;
let proxy: S3Proxy;
let stack: Stack;
let load: Load;
beforeAll(async () => {
  servers = await startServers({ report: () => {} });
  const [, far] = servers.regions;
  proxy = await S3Proxy.before(far?.endpoint as string);
  const environment = {
    ...toEnvironment(servers),
    AUTHSEAL_REGION_EU_WEST_1_ENDPOINT: proxy.endpoint,
  };
  stack = await startFaultStack({ environment });
  load = startLoad(stack, ['web', 'api']);
});
afterAll(async () => {
  await load?.stop();
  await stack?.stop();
  proxy?.close();
  await servers?.stop();
});

const archived = (region: string) =>
  sealedOffsets(stack.kafkaBrokers, `authseal-archiver-${region}.state`, 'auth-batches');
/** Each partition ends with the marker of its last transaction, which nobody archives. */
const batchesEnd = async () => (await topicEnd(stack.kafkaBrokers, 'auth-batches')) - PARTITIONS;

/** Makes this fault with every third request of some kind until it was made so often. */
async function often(fault: Fault, isMeant: (method: string) => boolean): Promise<void> {
  const before = proxy.made[fault];
  proxy.choose = ({ method = '' }) => (isMeant(method) && random.below(3) === 0 ? fault : null);
  await vi.waitFor(() => expect(proxy.made[fault] - before).toBeGreaterThanOrEqual(OFTEN), PATIENT);
  proxy.pass();
}

/** Makes this fault with every request until it was made so often. */
async function always(fault: Fault): Promise<void> {
  const before = proxy.made[fault];
  proxy.choose = () => fault;
  await vi.waitFor(() => expect(proxy.made[fault] - before).toBeGreaterThanOrEqual(OFTEN), PATIENT);
}

describe('a store that', () => {
  const isPut = (method: string) => method === 'PUT';
  const isAny = () => true;

  it('asks to slow down gets every batch', () => often('slow down', isAny));

  it('fails after it wrote gets every batch, once', () => often('error after', isPut));

  it('breaks connections in the middle of a body gets every batch', () => often('cut', isAny));

  it('takes a thousand bytes a second gets every batch', () => often('trickle', isPut));

  it('no longer takes the credentials is asked again until it does', async () => {
    await always('expired');
    const readyz = await fetch(`${stack.archivers[1]?.endpoint}/readyz`);
    expect(readyz.status).toBe(503);
    expect(await readyz.text()).toContain('ExpiredToken');
    proxy.pass();
  });

  it('is away holds up only itself: the other region goes on, and the late one catches up', async () => {
    await always('away');
    const [near, far] = [await archived('eu-central-1'), await archived('eu-west-1')];
    await vi.waitFor(async () => {
      expect(await archived('eu-central-1')).toBeGreaterThan(near + 10 * PARTITIONS);
    }, PATIENT);
    expect(await archived('eu-west-1')).toBeLessThanOrEqual(far + PARTITIONS);
    proxy.pass();
    const end = await batchesEnd();
    await vi.waitFor(
      async () => expect(await archived('eu-west-1')).toBeGreaterThanOrEqual(end),
      PATIENT,
    );
  });

  it('does not answer is asked again, and has every batch once', async () => {
    let made = false;
    proxy.choose = ({ method }) => {
      if (made || method !== 'PUT') return null;
      made = true;
      return 'no answer';
    };
    await vi.waitFor(() => expect(proxy.made['no answer']).toBe(1), PATIENT);
    proxy.pass();
  });

  it('did all this has every batch exactly once, locked, as the other region', async () => {
    await load.stop();
    const { sent, receipts } = load;
    expect(receipts.length).toBe(sent);
    await expectAllArchived(stack, { sent, receipts });
  }, 180_000);
});
