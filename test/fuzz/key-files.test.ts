/**
 * The border of what people and other programs give to be trusted: signed notes, vkeys, key files,
 * private keys, the files of producers and of accepted incidents. Whatever they hold, they are refused
 * with an error of ours that names the line, or every line of theirs counts; a note that a known key
 * signed has the text that was signed.
 */
import { generateKeyPairSync } from 'node:crypto';
import {
  formatVkey,
  LedgerError,
  noteVerifier,
  openNote,
  parseKeys,
  parseVkey,
  signerFromPem,
  signNote,
} from '@authseal/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pemOf, testSigner, vkeyOf } from '../../ledger/src/testing/keys.ts';
import { VerifierError } from '../../verifier/src/error.ts';
import { parseAcceptances } from '../../verifier/src/verify/accept.ts';
import { parseProducerKeys } from '../../verifier/src/verify/producer-keys.ts';
import { held } from './memory.ts';
import { mutated } from './mutations.ts';
import { isRefused, tried } from './refusal.ts';
import { cases, TIMEOUT } from './rounds.ts';

const signers = ['one', 'two', 'three'].map(testSigner) as [Signer, Signer, Signer];
type Signer = ReturnType<typeof testSigner>;

/** Lines that say something. */
const linesOf = (file: string): string[] =>
  file.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));

/** How often a border of texts takes what it is given, and that it does both. */
function fuzz(originals: readonly string[], judge: (text: string, of: number) => boolean): void {
  let accepted = 0;
  const { numRuns, seed } = cases();
  fc.assert(
    fc.property(mutated(originals.map((text) => Buffer.from(text))), ({ of, bytes }) => {
      // As files are read: what is no UTF-8 is U+FFFD.
      if (judge(bytes.toString(), of)) accepted += 1;
    }),
    { numRuns, seed },
  );
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThan(numRuns);
}

describe('a signed note', () => {
  it('has the text that was signed, or is signed by nobody who is known', TIMEOUT, async () => {
    const text = 'prod/auth-events/0\n7\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n';
    const notes = await Promise.all([
      signNote(text, 'prod/auth-events/0', [signers[0]]),
      signNote(text, 'prod/auth-events/0', signers),
      signNote('text\n\n— with a dash\n\nand more\n', 'someone', signers),
    ]);
    const verifiers = ['prod/auth-events/0', 'someone'].flatMap((name) =>
      signers.slice(0, 2).map(({ publicKey }) => noteVerifier(name, publicKey)),
    );
    const texts = notes.map((note) => openNote(Buffer.from(note), verifiers).text);
    const before = await held();
    let trusted = 0;
    fc.assert(
      fc.property(mutated(notes.map((note) => Buffer.from(note))), ({ of, bytes }) => {
        const opened = tried(LedgerError, () => openNote(bytes, verifiers));
        if (isRefused(opened)) expect(opened.code).toBe('NOTE_MALFORMED');
        else if (opened.signedBy.length > 0) {
          expect(opened.text).toBe(texts[of]);
          trusted += 1;
        }
      }),
      cases(),
    );
    expect(trusted).toBeGreaterThan(50);
    expect((await held()) - before).toBeLessThan(48);
  });
});

describe('a key file', () => {
  const vkeys = signers.map((signer) => vkeyOf('prod', signer));

  it('of one vkey is refused, or is that very key', TIMEOUT, () => {
    fuzz(vkeys, (text) => {
      const key = tried(LedgerError, () => parseVkey(text));
      if (!isRefused(key)) expect(formatVkey(key)).toBe(text);
      else expect(key.code).toBe('KEY_MALFORMED');
      return !isRefused(key);
    });
  });

  it('of a deployment is refused, or each of its lines is a key', TIMEOUT, () => {
    const files = [
      `# ours\n\n${vkeys.join('\n')}\n`,
      vkeys.join('\r\n'),
      `${vkeys[0]}\n#${vkeys[1]}`,
    ];
    fuzz(files, (text) => {
      const file = tried(LedgerError, () => parseKeys(text));
      if (!isRefused(file)) {
        expect(file.keys.map(formatVkey)).toEqual(linesOf(text).map((line) => line.trim()));
      } else expect(file.code).toBe('KEY_MALFORMED');
      return !isRefused(file);
    });
  });

  it('of producers is refused, or each of its lines is a key', TIMEOUT, () => {
    const [one, two, three] = signers.map((signer, i) => vkeyOf(i === 1 ? 'bank' : 'shop', signer));
    const files = [
      `# services\n${one}\n${two} from 2026-01-31T12:00:00Z\n${three} from 2026-02-28T23:59:59.5+01:00\n`,
    ];
    fuzz(files, (text) => {
      const services = tried(VerifierError, () => parseProducerKeys(text, 'prod'));
      if (isRefused(services)) expect(services.code).toBe('PRODUCERS_MALFORMED');
      else {
        const keys = [...services.values()].flatMap(({ publicKeys }) => publicKeys);
        expect(keys.length).toBe(linesOf(text).length);
        for (const { from } of services.values()) expect(from).toBeGreaterThanOrEqual(0);
      }
      return !isRefused(services);
    });
  });

  it('of accepted incidents is refused, or each of its lines accepts something', TIMEOUT, () => {
    const files = [
      `# looked into\nDELETE_MARKER prod/auth-events/0 7 our own cleaning\n` +
        'OVERWRITTEN prod/auth-events/1 3HL4kqtJlcpXroDTDmJ a test of restore\n' +
        'UNKNOWN_OBJECT - topic=x/partition=00000/y?versionId=null left by a script\n',
    ];
    fuzz(files, (text) => {
      const acceptances = tried(VerifierError, () => parseAcceptances(text));
      if (isRefused(acceptances)) expect(acceptances.code).toBe('ACCEPT_MALFORMED');
      else expect(acceptances.length).toBe(linesOf(text).length);
      return !isRefused(acceptances);
    });
  });

  it('of a private key is refused, or is an Ed25519 key', TIMEOUT, () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const locked = {
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    } as const;
    const files = [pemOf(Buffer.alloc(32, 7)), privateKey.export(locked).toString()];
    fuzz(files, (text) => {
      const signer = tried(LedgerError, () => signerFromPem(text));
      if (isRefused(signer)) expect(signer.code).toBe('KEY_MALFORMED');
      else expect(signer.publicKey.length).toBe(32);
      return !isRefused(signer);
    });
  });
});
