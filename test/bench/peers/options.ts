/** `node test/bench/peers/main.ts [--events N] [--rounds N]` */
import { parseFlags, wholeNumber } from '../../plain/command-line.ts';

export const USAGE = `Usage: node test/bench/peers/main.ts [options]

Needs Go 1.24 or later, which fetches and builds the peers.

  --events N   how many events each appends, 1000 to 2000000 (default: 300000)
  --rounds N   how often ours and a peer take turns, 1 to 99 (default: 3)
  --help       this`;

/** All of them lie in memory, in each program. */
const MOST_EVENTS = 2_000_000;

export type PeerOptions = { events: number; rounds: number; help: boolean };

/** @throws UsageError */
export function readOptions(args: string[]): PeerOptions {
  const { events, rounds, help } = parseFlags(args, {
    events: { type: 'string', default: '300000' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  return {
    events: wholeNumber('--events', events, 1000, MOST_EVENTS),
    rounds: wholeNumber('--rounds', rounds, 1, 99),
    help,
  };
}
