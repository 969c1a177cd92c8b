/** Flags that several commands share, and what their values may be. */
import { type Command, InvalidArgumentError } from 'commander';
import { parseDay, parseTime } from '../verify/rfc3339.ts';

/** Where settings come from, besides the environment. */
export type SettingOptions = {
  config?: string;
  keys?: string;
  producers?: string;
  grace?: string;
  region?: string[];
};

/** A range of time, milliseconds since 1970: at or after `from`, before `to`. */
export type RangeOptions = { from?: number; to?: number };

export function withRegions(command: Command): Command {
  return command
    .option(
      '--region <names>',
      'only these of the configured regions (commas, or repeated)',
      listed,
    )
    .option('--config <file>', 'YAML file of settings (AUTHSEAL_CONFIG)');
}

export function withKeys(command: Command): Command {
  return command
    .option('--keys <file>', 'public keys that may sign the logs (AUTHSEAL_KEYS)')
    .option('--producers <file>', 'public keys of the producers (AUTHSEAL_PRODUCERS)');
}

/** `means`: what time the range is of. */
export function withRange(command: Command, means: string): Command {
  return command
    .option('--from <time>', `only ${means} at or after this: RFC 3339, or a day (UTC)`, time)
    .option('--to <time>', `only ${means} before this: RFC 3339, or a day (UTC)`, time)
    .hook('preAction', (given) => {
      const { from, to } = given.opts<RangeOptions>();
      if (from === undefined || to === undefined || from < to) return;
      given.error('error: --from is not before --to: nothing can lie between them');
    });
}

/** A time, or the beginning of a day, as milliseconds since 1970. */
export function time(text: string): number {
  const ms = parseTime(text) ?? parseDay(text);
  if (ms !== null) return ms;
  throw new InvalidArgumentError(
    'expected a time such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31',
  );
}

function listed(text: string, before: string[] = []): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('expected names joined by commas');
  return [...before, ...names];
}
