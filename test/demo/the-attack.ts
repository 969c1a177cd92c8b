/** Scene: somebody with the root credentials of the stores wants a record gone. */
import type { Region } from '@authseal/deploy/local';
import { type Archived, eventAt } from './archive.ts';
import { Attacker, type ServerAnswer, tamper } from './attacker.ts';
import type { Place } from './client.ts';
import { DemoFailure, expect } from './expect.ts';
import { bold, dim, fact, heading, say, show } from './terminal.ts';
import type { Day } from './the-service.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;

/** An object that was attacked where it cannot be refused, and what it was before. */
export type Attacked = { region: string; place: Place; before: Archived };

/** What verify must find. */
export type Attacks = { hidden: Attacked; overwritten: Attacked };

export async function theAttack(world: World, day: Day): Promise<Attacks> {
  heading('4  The attacker');
  await showTarget(world, day.escalation);
  for (const region of world.stack.regions) await tryByForce(world, region, day.escalation);
  return goAround(world, day);
}

async function showTarget({ archives }: World, place: Place): Promise<void> {
  const [archive] = archives;
  if (archive === undefined) throw new DemoFailure('Expected: a region\nSeen: none');
  const { key, batch, lock } = await archive.find(place);
  say(
    'The intruder has got hold of the root credentials of both stores, and wants this record gone: the moment when heidi became an administrator.\n',
  );
  show(describe(batch, place));
  show(dim(`\n${key}\nlocked: ${lock.mode} until ${lock.retainUntil?.toISOString()}`));
}

/** What Object Lock refuses. */
async function tryByForce({ archives }: World, region: Region, place: Place): Promise<void> {
  const archive = archives.find((each) => each.region.name === region.name);
  if (archive === undefined) throw new DemoFailure(`Expected: ${region.name}\nSeen: no archive`);
  const before = await archive.find(place);
  const attacker = new Attacker(region);
  say(`\nIn ${bold(region.name)}, as root, by plain S3 requests, each refused:`);
  const until = before.lock.retainUntil ?? new Date();
  const soon = new Date(Date.now() + MINUTE_MS);
  refused('delete this version', await attacker.deleteVersion(before));
  refused('end its lock in a minute', await attacker.setLock(before, 'COMPLIANCE', soon));
  refused('downgrade its lock to GOVERNANCE', await attacker.setLock(before, 'GOVERNANCE', until));
  attacker.leave();
  const after = await archive.read(before.key, before.versionId);
  const same =
    after.bytes.equals(before.bytes) &&
    after.lock.mode === before.lock.mode &&
    after.lock.retainUntil?.getTime() === until.getTime();
  expect(same, 'object and lock are as before', JSON.stringify(after.lock));
}

/** Shows the server's own words; an attempt that was not refused ends the demo. */
function refused(what: string, { status, text }: ServerAnswer): void {
  const seen = `${status} ${text}`;
  if (status !== 403) throw new DemoFailure(`Expected: ${what}: refused with 403\nSeen: ${seen}`);
  fact(`${what.padEnd(33)} ${seen}`);
}

/** What S3 cannot refuse, because a versioned bucket always takes newer versions. */
async function goAround({ archives, stack }: World, day: Day): Promise<Attacks> {
  const [first, second] = archives;
  const [hiddenIn, overwrittenIn] = stack.regions;
  if (!first || !second || !hiddenIn || !overwrittenIn) {
    throw new DemoFailure('Expected: two regions\nSeen: fewer');
  }
  say('\nThen by what a versioned bucket cannot refuse, to deceive whoever reads it:');

  const hidden = await first.find(day.escalation);
  const hider = new Attacker(hiddenIn);
  const hiding = await hider.hide(hidden.key);
  const absent = await hider.readCurrent(hidden.key);
  hider.leave();
  expect(
    absent.status === 404,
    `${hiddenIn.name}: a delete marker over that object (${hiding.status}). Readers now get: ${absent.status} ${absent.text}`,
    `${hiding.status} ${hiding.text}, then ${absent.status}`,
  );

  const overwritten = await second.find(day.firstGuess);
  const forged = tamper(overwritten.bytes);
  const forger = new Attacker(overwrittenIn);
  const writing = await forger.overwrite(overwritten.key, forged);
  const current = await forger.readCurrent(overwritten.key);
  forger.leave();
  expect(
    current.bytes?.equals(forged) === true,
    `${overwrittenIn.name}: a forgery over the batch of the guessed passwords (${writing.status}). Readers now get: ${current.status}, and one byte in ${forged.length} is another`,
    `${writing.status} ${writing.text}, then ${current.status}`,
  );
  return {
    hidden: { region: hiddenIn.name, place: day.escalation, before: hidden },
    overwritten: { region: overwrittenIn.name, place: day.firstGuess, before: overwritten },
  };
}

/** The event at a place, as people read it. */
function describe(batch: Archived['batch'], place: Place): string {
  const event = eventAt(batch, place.offset);
  if (event?.kind !== 'ROLE_CHANGED') {
    throw new DemoFailure(`Expected: the grant at ${JSON.stringify(place)}\nSeen: ${event?.kind}`);
  }
  const { actor, target, source, trace, roleChange } = event;
  const { origin, batch: number } = batch.header;
  const rows = {
    event: `${event.kind}: ${roleChange.role} ${roleChange.change}${roleChange.privilegeEscalation ? ', privilege escalation' : ''}`,
    roles: `${roleChange.previousRoles.join(', ')} → ${roleChange.newRoles.join(', ')}`,
    time: new Date(event.time / 1000).toISOString(),
    'by, to': `${actor.id}, ${target?.id}`,
    from: `${source?.ip}, trace ${trace?.traceId}`,
    sealed: `log ${origin}, offset ${place.offset}, batch ${number}`,
  };
  return Object.entries(rows)
    .map(([name, text]) => `${dim(name.padEnd(7))} ${text}`)
    .join('\n');
}
