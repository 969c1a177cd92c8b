import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A real process that handles its shutdown with the given stop function, and says when it is up. */
function service(stop: string, { graceMs = 10_000, then = '' } = {}) {
  const at = (file: string) => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));
  const program = `
    import { createLogger } from ${at('./log.ts')};
    import { handleShutdown } from ${at('./shutdown.ts')};
    const log = createLogger({ service: 'test', deployment: 'test', level: 'info' });
    handleShutdown({ log, graceMs: ${graceMs}, stop: ${stop} });
    setInterval(() => {}, 1000);
    log.info('up');
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: { level: string; msg: string; err?: { message: string; stack: string } }[] = [];
  const seen = new Map<string, () => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const parsed = JSON.parse(line);
    lines.push(parsed);
    seen.get(parsed.msg)?.();
  });
  const ended = once(child, 'close').then(([code]) => code as number);
  const says = (msg: string) =>
    lines.some((line) => line.msg === msg) || new Promise<void>((done) => seen.set(msg, done));
  return { child, lines, ended, says };
}

describe('a stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s runs once and exits with 0', async (signal) => {
    const { child, ended, says, lines } = service(`async () => { log.info('sealing'); }`);
    await says('up');
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(lines.map((line) => line.msg)).toEqual(['up', 'stopping', 'sealing', 'stopped']);
  });

  it('that takes longer than the grace time exits with 1', async () => {
    const { child, ended, says, lines } = service('() => new Promise(() => {})', { graceMs: 50 });
    await says('up');
    child.kill('SIGTERM');
    expect(await ended).toBe(1);
    expect(lines.at(-1)).toMatchObject({
      level: 'error',
      msg: 'could not stop within the grace time: ending',
    });
  });

  it('that is asked for twice exits with 1 at once', async () => {
    const { child, ended, says, lines } = service('() => new Promise(() => {})');
    await says('up');
    child.kill('SIGTERM');
    await says('stopping');
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(lines.at(-1)?.msg).toBe('second signal: ending at once');
  });

  it.each([
    ['rejects', `async () => { throw new Error('boom'); }`],
    ['throws', `() => { throw new Error('boom'); }`],
  ])('that %s exits with 1 and says why', async (_, stop) => {
    const { child, ended, says, lines } = service(stop);
    await says('up');
    child.kill('SIGTERM');
    expect(await ended).toBe(1);
    expect(lines.at(-1)?.err?.message).toBe('boom');
  });
});

describe('an error that nobody caught', () => {
  it.each([
    ['thrown', `setTimeout(() => { throw new Error('boom'); });`],
    ['rejected', `Promise.reject(new Error('boom'));`],
  ])('and that was %s is logged with its stack and ends the process with 1', async (_, then) => {
    const { ended, lines } = service('async () => {}', { then });
    expect(await ended).toBe(1);
    expect(lines.at(-1)).toMatchObject({ level: 'fatal', msg: 'uncaught error: ending' });
    expect(lines.at(-1)?.err?.stack).toContain('Error: boom\n    at ');
  });
});
