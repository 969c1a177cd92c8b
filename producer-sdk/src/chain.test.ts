import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createChain, firstLink, flushText, nextLink } from './chain.ts';

interface Vectors {
  deployment: string;
  topic: string;
  producer: string;
  first: string;
  privateKey: string;
  flushes: {
    lastSequence: number;
    values: string[];
    link: string;
    text: string;
    signature: string;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../test-vectors/producer-chain.json', import.meta.url), 'utf8'),
) as Vectors;
const bytes = (base64: string) => Buffer.from(base64, 'base64');

describe("a producer's chain", () => {
  it('begins with the names that it is bound to', () => {
    expect(firstLink(vectors).toString('base64')).toBe(vectors.first);
    expect(firstLink({ ...vectors, topic: 'other' })).not.toEqual(firstLink(vectors));
  });

  it('has the links, texts and signatures of an independent implementation', () => {
    const chain = createChain(vectors, createPrivateKey(vectors.privateKey));
    for (const flush of vectors.flushes) {
      const seal = chain.seal(flush.lastSequence, flush.values.map(bytes));
      expect(seal.link.toString('base64')).toBe(flush.link);
      expect(seal.signature?.toString('base64')).toBe(flush.signature);
      expect(flushText(vectors, flush.lastSequence, seal.link)).toBe(flush.text);
    }
  });

  it('is linked but not signed without a key', () => {
    const [flush] = vectors.flushes;
    const seal = createChain(vectors, null).seal(
      flush?.lastSequence ?? 0,
      flush?.values.map(bytes) ?? [],
    );
    expect(seal.link.toString('base64')).toBe(flush?.link);
    expect(seal.signature).toBeNull();
  });

  it('differs when an event is changed, left out, moved, or numbered otherwise', () => {
    const first = firstLink(vectors);
    const [a, b, c] = [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')];
    const links = [
      nextLink(first, 2, [a, b, c]),
      nextLink(first, 2, [a, c, b]),
      nextLink(first, 2, [a, b]),
      nextLink(first, 2, [a, b, b]),
      nextLink(first, 3, [a, b, c]),
      nextLink(nextLink(first, 0, [a]), 2, [b, c]),
    ].map((link) => link.toString('hex'));
    expect(new Set(links).size).toBe(links.length);
  });
});
