/**
 * Writes docs/threats.md from the attacks and the honest cases that test/tamper runs.
 *
 *     npm run generate
 */
import { writeFileSync } from 'node:fs';
import { ATTACKS } from '../test/tamper/attacks/index.ts';
import { HONEST } from '../test/tamper/honest.ts';

const HEAD = `<!-- Written by \`npm run generate\` from test/tamper; do not edit. -->

# Threats

What somebody may do to the record, what shows it, and what \`authseal verify\` says
([what the codes mean](errors.md)). Each line is a test on a real store with Object Lock
([test/tamper](../test/tamper)): the attacks on stored bytes are made as by one who gets around the
lock, for instance with access to the store's disks. A **breach** is data that was changed or is
missing, an **incident** an attempt beside data that is intact; **refused** is what the store does not
let happen. A code is followed by the number of the batch and the region, where it is of one.

What an archive cannot show by itself: whoever holds the signing key can seal a false history from
some batch on, and show it to one who has never seen the true one, if every region is his; that is
what checkpoints kept elsewhere are for. And who may write to \`auth-events\` can add events under a
name that no key in \`AUTHSEAL_PRODUCERS\` protects. Whose name a key protects he cannot speak for: what he sends
under it is an incident, and takes no place from what the service signed. A producer whose name none protects he can
lead away, by a number far ahead. Of many findings that are alike the last ones are told by number alone; what a
signature shows, such as a gap before a signed flush, is counted apart, so he cannot hide it among gaps of his own.
Only a flush whose end was dropped and that nothing follows has no signature to tell of it. Give Write to
services alone, each its own principal, and look for the stranger when one of these is named.`;

/** The text of docs/threats.md. */
export function threatsPage(): string {
  const attacks = ATTACKS.flatMap(([on, rows]) => [
    `## ${on}`,
    table(
      ['an attacker who', 'is found by', 'verify says', ''],
      rows.map(({ attack, shownBy, severity, finds }) => [attack, shownBy, told(finds), severity]),
    ),
  ]);
  const honest = table(
    ['when', 'it is told from an attack by'],
    HONEST.map(({ happens, shownBy }) => [happens, shownBy]),
  );
  return `${[HEAD, ...attacks, '## What must stay quiet', honest].join('\n\n')}\n`;
}

const MOST = 3;

function told(finds: readonly string[]): string {
  const codes = finds.slice(0, MOST).map((found) => `\`${found}\``);
  return [...codes, ...(finds.length > MOST ? ['…'] : [])].join(', ');
}

/** As the formatter has it: cells of a column are as wide as the widest. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((_, i) =>
    Math.max(3, ...[head, ...rows].map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(width[i] as number)).join(' | ')} |`;
  return [line(head), line(width.map((n) => '-'.repeat(n))), ...rows.map(line)].join('\n');
}

if (import.meta.main) {
  writeFileSync(new URL('threats.md', import.meta.url), threatsPage());
}
