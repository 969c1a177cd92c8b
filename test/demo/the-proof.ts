/** Scenes: `authseal verify`, before the attack and after it. */
import { eventAt } from './archive.ts';
import { authseal, showAuthseal } from './commands.ts';
import { DemoFailure, expect } from './expect.ts';
import { emptyLine, heading, say } from './terminal.ts';
import type { Attacked, Attacks } from './the-attack.ts';
import type { World } from './world.ts';

/** What the demo reads of `authseal verify --json`. */
type Report = {
  ok: boolean;
  logs: { origin: string; size: number; regions: string[] }[];
  producers: { producer: string; events: number; signed: number }[];
  problems: { code: string; severity: string; region: string; object: string }[];
};

/** Before: nothing is missing, and each event bears its service's signature. */
export async function intact(world: World): Promise<void> {
  heading('3  Verified');
  say('The verifier reads the buckets and the public keys, nothing else: $ authseal verify\n');
  const { status, report } = await verify(world);
  expect(
    status === 0 && report.ok && report.problems.length === 0,
    `intact: ${report.logs.length} logs, whole in ${regionsOf(report)}, exit status 0`,
    `exit status ${status}, ${JSON.stringify(report.problems)}`,
  );
  for (const [service, events] of world.sentBy) {
    const own = report.producers.filter(({ producer }) => producer.startsWith(`${service}/`));
    const found = own.reduce((sum, each) => sum + each.events, 0);
    const signed = own.reduce((sum, each) => sum + each.signed, 0);
    expect(
      found === events && signed === events,
      `${service}: ${found} events, as many as were sent, all in its signed chain`,
      `${found} events, ${signed} of them signed; ${events} were sent`,
    );
  }
}

/** After: both attacks are named, and nothing is lost. */
export async function theProof(world: World, { hidden, overwritten }: Attacks): Promise<void> {
  heading('5  The proof');
  say('$ authseal verify\n');
  const status = await showAuthseal(['verify'], world.stack.environment);
  emptyLine();
  const { report } = await verify(world);
  expect(status === 1, 'verify noticed: exit status 1', `exit status ${status}`);
  found(report, 'DELETE_MARKER', hidden);
  found(report, 'OVERWRITTEN', overwritten);
  expect(
    report.problems.length === 2 && report.logs.every(({ regions }) => regions.length === 2),
    `both are incidents, attempts beside data that is intact: every batch verifies by its version, in ${regionsOf(report)}`,
    JSON.stringify(report.problems),
  );
  for (const attacked of [hidden, overwritten]) await stillThere(world, attacked);
}

function found({ problems }: Report, code: string, { region, before }: Attacked): void {
  const holds = problems.some(
    (problem) =>
      problem.code === code && problem.region === region && problem.object.startsWith(before.key),
  );
  expect(holds, `${code} found in ${region}`, JSON.stringify(problems));
}

async function stillThere(world: World, { region, place, before }: Attacked): Promise<void> {
  const archive = world.archives.find((each) => each.region.name === region);
  if (archive === undefined) throw new DemoFailure(`Expected: ${region}\nSeen: no archive`);
  const { bytes } = await archive.read(before.key, before.versionId);
  const kind = eventAt(before.batch, place.offset)?.kind;
  expect(
    bytes.equals(before.bytes),
    `${region}: version ${before.versionId} holds the ${kind} of offset ${place.offset} as it was sealed`,
    'other bytes',
  );
}

async function verify({ stack }: World): Promise<{ status: number | null; report: Report }> {
  const { status, out, err } = await authseal(['verify', '--json'], stack.environment);
  if (status !== 0 && status !== 1) {
    throw new DemoFailure(
      `Expected: authseal verify to finish\nSeen: exit status ${status}\n${err}`,
    );
  }
  return { status, report: JSON.parse(out) };
}

function regionsOf({ logs }: Report): string {
  return [...new Set(logs.flatMap(({ regions }) => regions))].join(' and ');
}
