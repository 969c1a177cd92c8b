import { afterEach, describe, expect, it, vi } from 'vitest';
import { liveBlock, say } from './terminal.ts';

const { columns, isTTY } = process.stdout;
afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stdout, { columns, isTTY });
});

/** What is written to a terminal that says it has so many columns. */
function onTerminal(columns: number, show: () => void): string {
  let written = '';
  Object.assign(process.stdout, { columns, isTTY: true });
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written += chunk;
    return true;
  });
  show();
  return written;
}

const paintTwice = () => {
  const block = liveBlock();
  for (const count of [1, 2]) block.paint(['sent', `${count} events`], '');
};

describe('a terminal', () => {
  it('has a block of lines painted over', () => {
    const first = '   sent\n   1 events\n';
    const second = '   sent\n   2 events\n';
    expect(onTerminal(80, paintTwice)).toBe(`${first}\u001b[2A\u001b[J${second}`);
  });

  it('that says it has no columns is taken for a wide one', () => {
    expect(onTerminal(0, paintTwice)).toBe(onTerminal(80, paintTwice));
    expect(onTerminal(0, () => say('some words in a line'))).toBe('   some words in a line\n');
  });
});
