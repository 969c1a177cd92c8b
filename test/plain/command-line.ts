/** What the scripts of this package share: flags, and what is said when they are wrong. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** A mistake in the command line. */
export class UsageError extends Error {}

/** @throws UsageError when a flag is unknown or lacks its value */
export function parseFlags<T extends ParseArgsOptionsConfig>(args: string[], options: T) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(
    `${flag}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`,
  );
}

/** The options given; ends the process with the usage when they are wrong (2) or it is asked for (0). */
export function optionsOrUsage<T extends { help: boolean }>(
  read: (args: string[]) => T,
  usage: string,
): T {
  try {
    const options = read(process.argv.slice(2));
    if (!options.help) return options;
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    process.exit(2);
  }
}
