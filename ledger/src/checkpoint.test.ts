import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { sha256 } from './merkle.ts';
import { codeOf } from './testing/failure.ts';

/** The example of C2SP tlog-checkpoint, without its extension lines. */
const EXAMPLE =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';

describe('a checkpoint', () => {
  it('is the one of C2SP tlog-checkpoint', () => {
    const checkpoint = parseCheckpoint(EXAMPLE);
    expect(checkpoint).toEqual({
      origin: 'example.com/behind-the-sofa',
      size: 20852163,
      root: Buffer.from(ROOT, 'base64'),
    });
    expect(formatCheckpoint(checkpoint)).toBe(EXAMPLE);
  });

  it('reads back, and has one form', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string(), (size, seed) => {
        const text = formatCheckpoint({ origin: 'a/b/0', size, root: sha256(seed) });
        expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
      }),
    );
  });

  it('has three lines, no leading zeros, no sign, no size from 2^53 on, 32 bytes of root', () => {
    const others = [
      '',
      'a\n1\n',
      `a\n1\n${ROOT}`,
      `a\n01\n${ROOT}\n`,
      `a\n+1\n${ROOT}\n`,
      `a\n-1\n${ROOT}\n`,
      `a\n1e3\n${ROOT}\n`,
      `a\n9007199254740992\n${ROOT}\n`,
      `a\n99999999999999999999\n${ROOT}\n`,
      `\n1\n${ROOT}\n`,
      `a\n1\n${ROOT.slice(1)}\n`,
      `a\n1\n${ROOT.slice(0, -4)}\n`,
      `a\n1\n${ROOT}\nextension\n`,
      `first\na\n1\n${ROOT}\n`,
      `\na\n1\n${ROOT}\n`,
      `a\n1\n${ROOT}\n\n`,
      `a\n 1\n${ROOT}\n`,
    ];
    for (const text of others) {
      expect(
        codeOf(() => parseCheckpoint(text)),
        text,
      ).toBe('CHECKPOINT_MISMATCH');
    }
    expect(parseCheckpoint(`a\n9007199254740991\n${ROOT}\n`).size).toBe(Number.MAX_SAFE_INTEGER);
  });
});
