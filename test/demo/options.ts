/** `npm run demo -- [--sshd FILE…] [--cloudtrail FILE…] [--keep]` */
import { globSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run demo -- [options]

  --sshd FILE…        collect real logs of OpenSSH as well (/var/log/auth.log, also .gz)
  --cloudtrail FILE…  collect real logs of AWS CloudTrail as well (JSON, also .gz)
  --keep              at the end let the stack run until Ctrl-C, to look around in it
  --help              this

FILE may be a pattern; options may be given several times.`;

export type Options = { sshd: string[]; cloudtrail: string[]; keep: boolean; help: boolean };

/** A mistake in the command line. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(args: string[], workingDirectory: string): Options {
  const options: Options = { sshd: [], cloudtrail: [], keep: false, help: false };
  const { tokens } = parse(args);
  // What follows `--sshd` up to the next option is files, as a shell's pattern leaves them.
  let files: string[] | null = null;
  for (const token of tokens) {
    if (token.kind === 'option') {
      if (token.name === 'keep') options.keep = true;
      else if (token.name === 'help') options.help = true;
      files = token.name === 'sshd' || token.name === 'cloudtrail' ? options[token.name] : null;
      if (token.value !== undefined) files?.push(...find(token.value, workingDirectory));
    } else if (token.kind === 'positional') {
      if (files === null) throw new UsageError(`"${token.value}" belongs to no option`);
      files.push(...find(token.value, workingDirectory));
    }
  }
  return options;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        sshd: { type: 'string', multiple: true },
        cloudtrail: { type: 'string', multiple: true },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
      tokens: true,
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function find(pattern: string, cwd: string): string[] {
  const path = resolve(cwd, pattern);
  const found = isThere(path) ? [path] : globSync(pattern, { cwd }).sort();
  if (found.length === 0) throw new UsageError(`there is no file ${pattern}`);
  const paths = found.map((each) => resolve(cwd, each));
  const folder = paths.find((each) => statSync(each).isDirectory());
  if (folder !== undefined) throw new UsageError(`${folder} is a directory: name its files`);
  return paths;
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
