import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from './base64.ts';

describe('base64', () => {
  it('has the test vectors of RFC 4648 section 10', () => {
    const vectors = { f: 'Zg==', fo: 'Zm8=', foo: 'Zm9v', foob: 'Zm9vYg==', fooba: 'Zm9vYmE=' };
    for (const [plain, text] of Object.entries(vectors)) {
      expect(encodeBase64(Buffer.from(plain))).toBe(text);
      expect(decodeBase64(text)?.toString()).toBe(plain);
    }
  });

  it('reads back what it wrote, also from a view into other memory', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(3), (bytes, skip) => {
        const view = bytes.subarray(Math.min(skip, bytes.length));
        expect(decodeBase64(encodeBase64(view))).toEqual(Buffer.from(view));
      }),
    );
  });

  it('has one text for each sequence of bytes', () => {
    const others = [
      'Zg',
      'Zg=',
      'Zh==',
      'Zg==\n',
      ' Zg==',
      'Zg===',
      'Z g==',
      '-_8=',
      'Zg==Zg==',
      '=',
    ];
    for (const text of others) expect(decodeBase64(text), text).toBeNull();
    expect(decodeBase64('')).toEqual(Buffer.alloc(0));
  });
});
