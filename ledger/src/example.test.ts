import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256 } from './merkle.ts';
import { signerFromPem } from './signer.ts';
import { seal, verify } from './testing/example.ts';
import { pemOf, vkeyOf } from './testing/keys.ts';

describe('the example of the README', () => {
  it('runs', async () => {
    const pem = pemOf(sha256('example'));
    const object = await seal(pem, Buffer.from('hello'));
    expect(verify(object, vkeyOf('prod', signerFromPem(pem)))).toEqual([Buffer.from('hello')]);
  });

  it('is the one that stands there', () => {
    const read = (path: string): string => readFileSync(`${import.meta.dirname}/${path}`, 'utf8');
    const example = read('testing/example.ts').replace('../index.ts', '@authseal/ledger');
    expect(read('../README.md')).toContain(`\`\`\`ts\n${example}\`\`\``);
  });
});
