/**
 * A round of the simulation, and the proof that it bites. Longer: AUTHSEAL_TEST_SCHEDULES, another way:
 * AUTHSEAL_TEST_SEED. Each round has a process of its own, for it takes the place of time.
 */
import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { crashPoints } from './crash-points.ts';
import { patched } from './patch.ts';
import { VARIANTS } from './variants.ts';

/** Enough that each pair of steps sees crashes; some twenty seconds of one core. */
const SHORT_ROUND = 3000;
/** A variant that so many schedules do not find is not found. */
const ENOUGH = 20_000;

const rounds = Number(process.env.AUTHSEAL_TEST_SCHEDULES ?? SHORT_ROUND);
const seed = Number(process.env.AUTHSEAL_TEST_SEED ?? 1);
const MINUTE = 60_000;

type Result = { code: number; output: string };

function simulate(...options: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const path = `${import.meta.dirname}/main.ts`;
    // kafkajs waits for other times in tests.
    const env = { ...process.env, NODE_ENV: 'production' };
    const how = { maxBuffer: 64 * 1024 * 1024, env };
    execFile(process.execPath, [path, ...options], how, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

describe('the sealer, the archiver and the sender', () => {
  it('keep every promise in each schedule, wherever they crash, stop and wake', {
    timeout: MINUTE + rounds * 100,
  }, async () => {
    const options = ['--rounds', String(rounds), '--seed', String(seed)];
    const { code, output } = await simulate(...options);
    expect(code, output).toBe(0);
    const { crashes, freezes, perMinute } = JSON.parse(output);
    const points = crashPoints(crashes, freezes);
    console.log(`${rounds} schedules from seed ${seed}, ${perMinute} a minute of one core`);
    console.table(points);
    if (rounds < SHORT_ROUND) return;
    expect(points.filter(({ crashed, stopped }) => crashed === 0 || stopped === 0)).toEqual([]);
  });

  it('do the same again with the same seed', async () => {
    const options = ['--rounds', '1', '--seed', String(seed), '--trace'];
    const [one, two] = await Promise.all([simulate(...options), simulate(...options)]);
    const events = (output: string) => output.slice(0, output.indexOf('\n{'));
    expect(events(one.output).split('\n').length).toBeGreaterThan(50);
    expect(events(one.output)).toBe(events(two.output));
  });
});

describe('the simulation finds that', () => {
  it.each(VARIANTS)('$name', { timeout: 10 * MINUTE }, async ({ name }) => {
    const { code, output } = await simulate('--rounds', String(ENOUGH), '--variant', name);
    expect(code, output).toBe(3);
    console.log(`${name}: ${output.slice(0, 200).trim()}`);
  });
});

describe('a variant', () => {
  it('changes what stands in the product once, and nothing else', () => {
    expect(patched('a b c', 'x.ts', 'b', 'd')).toBe('a d c');
    expect(() => patched('a c', 'x.ts', 'b', 'd')).toThrow('x.ts holds 0 times');
    expect(() => patched('b b', 'x.ts', 'b', 'd')).toThrow('x.ts holds 2 times');
  });

  it('that nobody knows is an error', async () => {
    const { code, output } = await simulate('--variant', 'none');
    expect(code).toBe(1);
    expect(output).toContain('no variant none');
  });
});
