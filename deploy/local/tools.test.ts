import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installTools } from './tools.ts';

let directory: string;
let programs: string;
beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/authseal-tools-`);
  programs = mkdtempSync(`${tmpdir()}/authseal-programs-`);
  vi.stubEnv('PATH', programs);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
  rmSync(programs, { recursive: true });
});

/** A program of this machine made to say or do this. */
function program(name: string, script: string) {
  writeFileSync(`${programs}/${name}`, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  chmodSync(`${programs}/${name}`, 0o755);
}

const java17 = `echo 'openjdk version "17.0.15" 2025-04-15' >&2`;
const mvn = `for arg; do case $arg in -DoutputDirectory=*) mkdir -p "\${arg#*=}" && touch "\${arg#*=}/kafka.jar";; esac; done`;
const go = `[ "$1" = version ] || { mkdir -p "$GOBIN" && touch "$GOBIN/versitygw"; }`;

describe('the tools of the native servers', () => {
  it('are missed all at once, each by name and with how to get it', async () => {
    await expect(installTools(() => {}, directory)).rejects.toMatchObject({
      code: 'MISSING_TOOLS',
      message: expect.stringMatching(/Java 17 .*apt-get.*Maven.*apt-get.*Go.*apt-get/s),
    });
  });

  it('say which Java was found when it is too old', async () => {
    program('java', `echo 'openjdk version "1.8.0_392"' >&2`);
    program('mvn', mvn);
    program('go', go);
    await expect(installTools(() => {}, directory)).rejects.toThrow(
      'Java 17 or later (found: openjdk version "1.8.0_392")',
    );
  });

  it('are installed once, whole, when two processes ask at the same time', async () => {
    program('java', java17);
    program('mvn', mvn);
    program('go', go);
    const lines: string[] = [];
    const install = () => installTools((line) => lines.push(line), directory);
    const [first, second] = await Promise.all([install(), install()]);
    expect(second).toEqual(first);
    expect(existsSync(`${first.kafkaLibs}/kafka.jar`)).toBe(true);
    expect(existsSync(first.versitygw)).toBe(true);
    expect(readdirSync(directory).filter((name) => !name.endsWith('.log'))).toHaveLength(2);
    expect(lines).toContainEqual(expect.stringContaining('Fetching Apache Kafka'));

    const before = lines.length;
    await install();
    expect(lines).toHaveLength(before);
  });

  it('show the end of the log when one cannot be had, and leave nothing half done', async () => {
    program('java', java17);
    program('mvn', 'echo "no route to the repository"; [ "$1" = -version ]');
    program('go', go);
    await expect(installTools(() => {}, directory)).rejects.toMatchObject({
      code: 'TOOL_INSTALL_FAILED',
      message: expect.stringContaining('no route to the repository'),
    });
    expect(readdirSync(directory)).toEqual([expect.stringMatching(/^kafka-.*\.log$/)]);
  });
});
