/** The report for people: a table of the logs, then each problem with what it means and what to do. */
import Table from 'cli-table3';
import { PROBLEM_CODES, type Severity } from '../verify/problem-codes.ts';
import type { Problem } from '../verify/problems.ts';
import { timeText } from '../verify/scope.ts';
import { lookedAtNothing } from '../verify/verify-archive.ts';
import type { CommandReport } from './json.ts';

export function toText(report: CommandReport): string {
  const sections = [
    logsTable(report),
    producersLine(report),
    ...report.problems.map(problemBlock),
    ...report.accepted.map(
      ({ code, message, reason }) =>
        `ACCEPTED ${code}  ${printable(message)}\n  reason: ${printable(reason)}`,
    ),
    ...report.refused.map(
      ({ line, code }) =>
        `NOT ACCEPTED  Line ${line} of the file of accepted incidents names ${code}: a breach cannot be accepted.`,
    ),
    filesBlock(report),
    verdict(report),
  ];
  return `${sections.join('\n\n')}\n`;
}

/**
 * A text that cannot speak to the terminal: whoever may send an event or name an object may put
 * control characters, or marks that turn the direction of writing, into what is shown of it.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// Control characters, and the bidirectional controls of Unicode (UAX 9).
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A table without colours, so that it can be kept as text. */
export function plainTable(head: readonly string[], rows: readonly (string | number)[][]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] }, chars: NO_RULES });
  table.push(
    ...rows.map((row) => row.map((cell) => (typeof cell === 'string' ? printable(cell) : cell))),
  );
  return table.toString();
}

/** Between rows. */
const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

function logsTable({ logs, problems }: CommandReport): string {
  const rows = logs.map(({ origin, batches, size, regions }) => {
    const own = problems.filter((problem) => problem.origin === origin);
    return [
      origin,
      batches,
      size,
      regions.join(', ') || 'none',
      own.length === 0 ? 'intact' : count(own),
    ];
  });
  return plainTable(['log', 'batches', 'tree size', 'whole in', 'state'], rows);
}

function producersLine({ producers }: CommandReport): string {
  const events = producers.reduce((sum, producer) => sum + producer.events, 0);
  const signed = producers.reduce((sum, producer) => sum + producer.signed, 0);
  return `${plural(producers.length, 'producer')}, ${plural(events, 'event')} in their chains, ${signed} of them signed`;
}

/** A problem with what was expected and found, what it means, and what to do. */
export function problemBlock({
  code,
  severity,
  message,
  object,
  expected,
  found,
}: Problem): string {
  return [
    `${severity.toUpperCase()} ${code}  ${message}`,
    ...(object === null ? [] : [`  object:     ${object}`]),
    `  expected:   ${expected}`,
    `  found:      ${found}`,
    `  what to do: ${PROBLEM_CODES[code].remedy}`,
  ]
    .map(printable)
    .join('\n');
}

function filesBlock({ files }: CommandReport): string {
  const lines = Object.entries(files).map(
    ([name, hash]) => `  ${name.padEnd(10)} ${hash ?? 'none given'}`,
  );
  return `SHA-256 of the files that this rests on:\n${lines.join('\n')}`;
}

function verdict(report: CommandReport): string {
  const { ok, problems, at, regions } = report;
  if (lookedAtNothing(report)) return 'NOTHING LOOKED AT: no batch was sealed in this range';
  const state = ok ? 'INTACT' : 'NOT INTACT';
  const found = problems.length === 0 ? '' : `: ${count(problems)}`;
  return `${state} as of ${timeText(at)} in ${regions.join(', ')}${found}`;
}

function count(problems: readonly Problem[]): string {
  const severities: Severity[] = ['breach', 'incident', 'note'];
  return severities
    .map(
      (severity) =>
        [severity, problems.filter((problem) => problem.severity === severity).length] as const,
    )
    .filter(([, number]) => number > 0)
    .map(([severity, number]) => plural(number, severity))
    .join(', ');
}

export function plural(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun.endsWith('ch') ? `${noun}es` : `${noun}s`}`;
}
