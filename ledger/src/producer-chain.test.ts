import { describe, expect, it } from 'vitest';
import { sha256, textOfHash } from './merkle.ts';
import {
  firstLink,
  flushSignatureHolds,
  flushText,
  LINK_HEADER,
  nextLink,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
} from './producer-chain.ts';
import { testSigner } from './testing/keys.ts';

const DEPLOYMENT = 'prod';
const PRODUCER = 'web/0b0f9f0e-3f5c-4d6e-8f43-0d2f6a1c9e55';

describe("a producer's chain", () => {
  it('begins with SHA-256 of deployment, topic and producer', () => {
    expect(firstLink(DEPLOYMENT, 'auth-events', PRODUCER)).toEqual(
      sha256(`authseal/producer/v1\nprod\nauth-events\n${PRODUCER}\n`),
    );
  });

  it('goes on with SHA-256 of the link before, the last sequence and the hash of each value', () => {
    const before = firstLink(DEPLOYMENT, 'auth-events', PRODUCER);
    const values = [sha256('a'), sha256('b')];
    const input = `${before.toString('hex')}001fffffffffffff${values.map((value) => value.toString('hex')).join('')}`;
    expect(nextLink(before, Number.MAX_SAFE_INTEGER, values.map(textOfHash))).toEqual(
      sha256(Buffer.from(input, 'hex')),
    );
  });

  it('stands in three headers', () => {
    expect([SEQUENCE_HEADER, LINK_HEADER, SIGNATURE_HEADER]).toEqual([
      'authseal-sequence',
      'authseal-link',
      'authseal-signature',
    ]);
  });

  it('is signed under deployment, producer, sequence and link', async () => {
    const link = sha256('link');
    const text = flushText(DEPLOYMENT, PRODUCER, 41, link);
    expect(text).toBe(`authseal/flush/v1\nprod\n${PRODUCER}\n41\n${link.toString('base64')}\n`);
    const signer = testSigner('producer');
    const signature = await signer.sign(Buffer.from(text));
    expect(flushSignatureHolds(text, signature, signer.publicKey)).toBe(true);
    expect(flushSignatureHolds(`${text}x`, signature, signer.publicKey)).toBe(false);
    expect(flushSignatureHolds(text, signature, testSigner('other').publicKey)).toBe(false);
  });

  it('has no valid signature of another length, whatever stands in the record', () => {
    const { publicKey } = testSigner('producer');
    for (const size of [0, 1, 63, 65, 1000]) {
      expect(flushSignatureHolds('x', Buffer.alloc(size), publicKey)).toBe(false);
    }
    expect(flushSignatureHolds('x', Buffer.alloc(64), Buffer.alloc(32, 0xff))).toBe(false);
  });
});
