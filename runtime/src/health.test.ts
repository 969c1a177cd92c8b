import { Counter } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { type HealthServer, startHealthServer } from './health.ts';
import { createRegistry } from './metrics.ts';

let server: HealthServer | undefined;
afterEach(() => server?.close());

async function start(checks: { live?: () => string[]; ready?: () => string[] } = {}) {
  const registry = createRegistry();
  new Counter({ name: 'authseal_events_total', help: 'Events.', registers: [registry] }).inc(3);
  const none = () => [];
  server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    registry,
    live: checks.live ?? none,
    ready: checks.ready ?? none,
  });
  const { port } = server;
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

describe('the health server', () => {
  it('answers 200 while nothing speaks against it', async () => {
    const get = await start();
    for (const path of ['/livez', '/readyz', '/readyz?verbose']) {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ ok: true, reasons: [] });
    }
  });

  it('answers 503 with the reasons, asked anew each time', async () => {
    let reasons = ['no partition assigned', 'Kafka does not answer'];
    const get = await start({ ready: () => reasons });
    const answer = await get('/readyz');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ ok: false, reasons });
    expect((await get('/livez')).status).toBe(200);
    reasons = [];
    expect((await get('/readyz')).status).toBe(200);
  });

  it('shows the metrics of the process and of the service as Prometheus text', async () => {
    const get = await start();
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const text = await answer.text();
    expect(text).toContain('authseal_events_total 3');
    expect(text).toContain('process_resident_memory_bytes');
  });

  it('answers HEAD without a body, refuses other methods and paths', async () => {
    const get = await start();
    const head = await get('/metrics', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
    expect((await get('/')).status).toBe(404);
  });

  it('answers 500 when a check throws', async () => {
    const get = await start({
      live: () => {
        throw new Error('broken check');
      },
    });
    const answer = await get('/livez');
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('broken check');
  });

  it('says which port it cannot have', async () => {
    await start();
    const port = server?.port ?? 0;
    const none = () => [];
    const second = { host: '127.0.0.1', port, registry: createRegistry(), live: none, ready: none };
    await expect(startHealthServer(second)).rejects.toMatchObject({
      code: 'PORT_UNAVAILABLE',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
});
