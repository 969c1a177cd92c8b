import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFailure } from './write-failure.ts';

const directory = mkdtempSync(`${tmpdir()}/authseal-write-`);
afterAll(() => rmSync(directory, { recursive: true }));
mkdirSync(`${directory}/there`);

function failureAt(path: string, flag = 'wx') {
  try {
    writeFileSync(path, 'x', { flag });
  } catch (cause) {
    const { code, message } = writeFailure(path, cause);
    return { code, message };
  }
  throw new Error(`${path} was written`);
}

describe('a failed write', () => {
  it.each([
    ['/there', 'wx', 'TARGET_EXISTS', 'is there already'],
    ['/nowhere/x', 'wx', 'USAGE', 'its directory does not exist'],
    ['/there', 'w', 'USAGE', 'this is a directory'],
    [`/${'x'.repeat(300)}`, 'w', 'USAGE', 'the name is too long'],
  ])('at %s (%s) is %s', (path, flag, code, said) => {
    const failure = failureAt(directory + path, flag);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(`${directory}${path}`);
    expect(failure.message).toContain(said);
  });

  it.skipIf(!existsSync('/dev/full'))('to a full disk is of no wrong path', () => {
    expect(failureAt('/dev/full', 'w')).toEqual({
      code: 'WRITE_FAILED',
      message:
        '/dev/full could not be written: ENOSPC: no space left on device, write. It is not whole.',
    });
  });
});
