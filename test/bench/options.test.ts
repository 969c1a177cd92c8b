import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...args]).then(
    (output) => ({ code: 0, ...output }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );

describe('npm run bench', () => {
  it('says what it takes', async () => {
    expect(await bench('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Usage: npm run bench -- [options]'),
    });
  });

  it.each([
    '--bogus',
    'extra',
    '--events',
    '--events many',
    '--events 0',
    '--rounds 0',
    '--only speed',
  ])('refuses %s before it starts anything, with its usage', async (args) => {
    const { code, stderr } = await bench(...args.split(' '));
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: npm run bench -- [options]');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
