/**
 * What the demo shows: headings, sentences, checked facts, and a block of lines that is painted again
 * while counts go up. Colours only where a terminal shows them (NO_COLOR, pipes: none).
 */
import { type styleText as StyleText, stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof StyleText>[0];

const INDENT = '   ';

let muted = false;

/** Nothing more is shown: the demo was interrupted. */
export function mute(): void {
  muted = true;
}

export const isTerminal = (): boolean => process.stdout.isTTY === true;

export const dim = (text: string): string => styled('dim', text);
export const bold = (text: string): string => styled('bold', text);

function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

function write(text: string): void {
  if (!muted) process.stdout.write(text);
}

/** A pipe has no columns, and some terminals say that they have 0. */
const columns = (): number => process.stdout.columns || 100;

/** Columns for text, beside the indent and the mark of a fact. */
const width = (): number => Math.min(columns(), 100) - INDENT.length - 2;

/** Lines of a text, no wider than the terminal. */
function wrap(text: string): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const line = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
      if (lines.at(-1) === '' || stripVTControlCharacters(line).length <= width()) {
        lines[lines.length - 1] = line;
      } else lines.push(word);
    }
    return lines;
  });
}

const indented = (lines: string[], indent = INDENT): string =>
  lines.map((line) => `${line === '' ? '' : indent + line}\n`).join('');

export function heading(text: string): void {
  write(`\n${styled(['bold', 'cyan'], text)}\n\n`);
}

/** Sentences. */
export function say(text: string): void {
  write(indented(wrap(text)));
}

/** As it is, not wrapped: a table, a command, an event. */
export function show(text: string): void {
  write(indented(text.split('\n')));
}

export function emptyLine(): void {
  write('\n');
}

/** Something that the demo has checked. */
export function fact(text: string): void {
  const [first = '', ...rest] = wrap(text);
  write(indented([`${styled('green', '✓')} ${first}`, ...rest.map((line) => `  ${line}`)]));
}

/** What a library says beside the story. */
export function warn(text: string): void {
  if (!muted) process.stderr.write(`${text}\n`);
}

export function failure(text: string): void {
  write(`\n${styled(['bold', 'red'], `✗ ${text}`)}\n`);
}

/** A block of lines on a terminal; elsewhere a plain line each time that it differs. */
export type LiveBlock = { paint(lines: string[], plain: string): void };

export function liveBlock(): LiveBlock {
  let rows = 0;
  let last = '';
  return {
    paint(lines, plain) {
      if (!isTerminal()) {
        if (plain !== last) show(plain);
        last = plain;
        return;
      }
      if (rows > 0) write(`\u001b[${rows}A\u001b[J`);
      show(lines.join('\n'));
      rows = lines.map(rowsOf).reduce((sum, each) => sum + each, 0);
    },
  };
}

function rowsOf(line: string): number {
  const length = INDENT.length + stripVTControlCharacters(line).length;
  return Math.max(1, Math.ceil(length / columns()));
}
