import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runAny } from '../../plain/commands.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const USAGE = 'Usage: node test/bench/peers/main.ts [options]';

const peers = (args: string[], environment = {}) =>
  runAny(process.execPath, [MAIN, ...args], environment);

describe('the bench beside peers', () => {
  it('says what it takes and needs', async () => {
    const { code, stdout } = await peers(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(USAGE);
    expect(stdout).toContain('Needs Go');
  });

  it.each([['--bogus'], ['--events', '0'], ['--rounds', 'many']])(
    'refuses %s, with its usage',
    async (...args) => {
      const { code, stderr } = await peers(args);
      expect(code).toBe(2);
      expect(stderr).toContain(USAGE);
    },
  );

  it('names Go where it is missing', async () => {
    const { code, stderr } = await peers([], { PATH: '' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Go is missing/);
  });
});
