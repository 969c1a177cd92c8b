/**
 * `npm run demo`: real events, sealed, archived twice under compliance lock, attacked, verified.
 *
 * Exit status: 0 all went as told, 1 something did not, 2 usage, 130 interrupted.
 */
import { once } from 'node:events';
import { inspect } from 'node:util';
import { DeployError, removeUnfinished, startStack } from '@authseal/deploy/local';
import { ending } from './commands.ts';
import { DemoFailure } from './expect.ts';
import { type Options, readOptions, USAGE, UsageError } from './options.ts';
import { expectEvents, realLogs } from './real-logs.ts';
import { bold, failure, heading, mute, say } from './terminal.ts';
import { theAttack } from './the-attack.ts';
import { intact, theProof } from './the-proof.ts';
import { theService } from './the-service.ts';
import { lookAround, whereNext } from './where-next.ts';
import { World } from './world.ts';

const [DONE, FAILED, USED_WRONGLY, INTERRUPTED] = [0, 1, 2, 130];

async function demo(options: Options): Promise<number> {
  const start = new Date();
  const interrupted = once(ending.signal, 'abort');
  say(
    `${bold('Authseal')} keeps a record of who did what to access that nobody can quietly change.`,
  );
  heading('1  The stack');
  say(
    'Kafka, S3 in two regions, the ingestor, an archiver for each region: on this machine only.\n',
  );
  // It attacks its archive, so it never takes one that the environment names.
  const stack = await startStack({ environment: {}, report: say });
  hasStack = true;
  const world = new World(stack);
  try {
    say(`Ready after ${seconds(start)}.`);
    await Promise.race([tell(world, options), interrupted]);
    if (ending.signal.aborted) return INTERRUPTED;
    if (options.keep) lookAround(world, start);
    else whereNext(start);
    say(`\n${bold('All went as told')}, in ${seconds(start)}.`);
    if (options.keep) {
      const stay = setInterval(() => {}, 60_000);
      await interrupted;
      clearInterval(stay);
    }
    return DONE;
  } finally {
    world.close();
    await stack.stop();
  }
}

async function tell(world: World, { sshd, cloudtrail }: Options): Promise<void> {
  const day = await theService(world);
  if (sshd.length > 0) await realLogs(world, 'sshd', sshd);
  if (cloudtrail.length > 0) await realLogs(world, 'cloudtrail', cloudtrail);
  await intact(world);
  const attacks = await theAttack(world, day);
  await theProof(world, attacks);
}

function seconds(since: Date): string {
  return `${Math.round((Date.now() - since.getTime()) / 1000)} s`;
}

async function main(): Promise<number> {
  try {
    // npm runs scripts in the root of the checkout and says where it was called.
    const options = readOptions(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
    if (options.help) {
      process.stdout.write(`${USAGE}\n`);
      return DONE;
    }
    await expectEvents('sshd', options.sshd);
    await expectEvents('cloudtrail', options.cloudtrail);
    return await demo(options);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${USAGE}\n`);
      return USED_WRONGLY;
    }
    const isTold = error instanceof DemoFailure || error instanceof DeployError;
    failure(isTold ? error.message : inspect(error));
    return FAILED;
  }
}

/** Before the stack is ready there is nothing to stop: its parts end with this process. */
let hasStack = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (!hasStack || ending.signal.aborted) {
      removeUnfinished();
      process.exit(INTERRUPTED);
    }
    mute();
    ending.abort();
  });
}
process.exit(await main());
