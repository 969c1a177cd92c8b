/** A reader of the archive format that is not ours, given by AUTHSEAL_TEST_READER: a command that takes the flags below. */
import { readFileSync } from 'node:fs';
import type { Region, Stack } from '@authseal/deploy/local';
import { expect, it } from 'vitest';
import { type Ended, runAny } from './commands.ts';

const OTHER_READER = process.env.AUTHSEAL_TEST_READER;

/**
 * The test that the other reader is content with each region; skipped by name where there is none.
 * @param says what it has to say
 */
export function itIsOkToAnotherReader(stack: () => Stack, says = /^ok entries=/m): void {
  it.skipIf(!OTHER_READER)('is ok to the reader in AUTHSEAL_TEST_READER', async () => {
    const { regions, environment } = stack();
    for (const region of regions) {
      const { stdout, stderr } = await run(region, environment.AUTHSEAL_KEYS as string);
      expect(stdout + stderr).toMatch(says);
    }
  });
}

function run(region: Region, keysFile: string): Promise<Ended> {
  const [command, ...args] = (OTHER_READER as string).split(' ');
  const keys = readFileSync(keysFile, 'utf8').split('\n').filter(Boolean);
  const { endpoint, bucket, prefix, accessKeyId: access, secretAccessKey: secret } = region;
  const named = Object.entries({ endpoint, bucket, prefix, access, secret }).flatMap(
    ([name, value]) => [`--${name}`, value],
  );
  return runAny(command as string, [...args, ...named, ...keys.flatMap((key) => ['--key', key])]);
}
