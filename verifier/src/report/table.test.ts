import { describe, expect, it } from 'vitest';
import { plainTable, problemBlock } from './table.ts';

/** Clears the screen, claims an end, and turns the direction of writing. */
const HOSTILE = '\u001b[2Jroot\nINTACT as of now\u202e\u009b31m';
const SHOWN = '\\u001b[2Jroot\\u000aINTACT as of now\\u202e\\u009b31m';

describe('what a report shows of events and objects', () => {
  it('cannot speak to the terminal, nor begin a line of its own', () => {
    const block = problemBlock({
      code: 'IMPERSONATED',
      severity: 'incident',
      origin: 'acme/auth-events/0',
      batch: 1,
      region: null,
      object: HOSTILE,
      expected: 'web',
      found: HOSTILE,
      message: HOSTILE,
    });
    expect(block.split('\n')).toHaveLength(5);
    expect(block).toContain(`found:      ${SHOWN}`);
    expect(block).toContain(`object:     ${SHOWN}`);
  });

  it('is escaped in tables too, and everything else stays as it is', () => {
    const table = plainTable(
      ['key', 'n'],
      [
        [HOSTILE, 1],
        ['Zoë 日本', 2],
      ],
    );
    expect(table).toContain(SHOWN);
    expect(table).toContain('Zoë 日本');
  });
});
