/** What the scenes share: the stack, the archives in its regions, and the account of what was sent. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@authseal/deploy/local';
import type { EventKind } from '@authseal/schemas';
import { Archive } from './archive.ts';
import { until } from './expect.ts';
import { isComplete, lineOf, linesOf, look, type Stages } from './stages.ts';
import { bold, isTerminal, liveBlock, show } from './terminal.ts';

export class World {
  readonly stack: Stack;
  readonly archives: readonly Archive[];
  /** Events with a receipt, by kind. */
  readonly sent = new Map<EventKind, number>();
  /** The same by service: what the verifier must find. */
  readonly sentBy = new Map<string, number>();

  constructor(stack: Stack) {
    this.stack = stack;
    this.archives = stack.regions.map((region) => new Archive(region));
  }

  close(): void {
    for (const archive of this.archives) archive.close();
  }

  /** Shows the stages while `work` goes on, and after it until everything sent lies in every region. */
  async watch<T>(title: string, work: Promise<T>, block = liveBlock()): Promise<T> {
    const pauseMs = isTerminal() ? 100 : 1_000;
    if (!isTerminal()) show(title);
    const paint = async (): Promise<Stages> => {
      const stages = await look(this.stack, this.archives, this.sent);
      block.paint([bold(title), ...linesOf(stages)], lineOf(stages));
      return stages;
    };
    let working = true;
    const done = work.finally(() => {
      working = false;
    });
    done.catch(() => {}); // told below
    while (working) {
      await paint();
      await Promise.race([sleep(pauseMs), done.catch(() => {})]);
    }
    const result = await done;
    await until('all that was sent to lie in every region', paint, isComplete, pauseMs);
    return result;
  }
}
