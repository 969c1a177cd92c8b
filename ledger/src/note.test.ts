import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from './base64.ts';
import {
  formatVkey,
  type NoteSigner,
  noteVerifier,
  openNote,
  parseVkey,
  signNote,
} from './note.ts';
import { signerFromPem } from './signer.ts';
import { codeOf } from './testing/failure.ts';
import { pemOf, testSigner } from './testing/keys.ts';

/** The example of golang.org/x/mod/sumdb/note and of C2SP signed-note. */
const VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const SKEY = 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNATURE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const NOTE = `${TEXT}\n${SIGNATURE}`;

const peter = parseVkey(VKEY);
const peterSigner = signerFromPem(pemOf(Buffer.from(SKEY, 'base64').subarray(1)));
const open = (note: string | Buffer, verifiers = [peter]) =>
  openNote(Buffer.from(note as string), verifiers);

describe('the note of the Go documentation', () => {
  it('opens with its vkey', () => {
    expect(open(NOTE)).toEqual({ text: TEXT, signedBy: [peter] });
  });

  it('is what its private key signs, byte for byte', async () => {
    expect(await signNote(TEXT, 'PeterNeumann', [peterSigner])).toBe(NOTE);
    expect(peterSigner.publicKey).toEqual(peter.publicKey);
  });

  it('opens with no signature when the key is not known', () => {
    const { name, publicKey } = parseVkey(formatVkey(noteVerifier('Other', peter.publicKey)));
    expect(open(NOTE, [])).toEqual({ text: TEXT, signedBy: [] });
    expect(open(NOTE, [noteVerifier(name, publicKey)])).toEqual({ text: TEXT, signedBy: [] });
  });
});

describe('a vkey', () => {
  it('is read and written as Go does', () => {
    expect(peter.name).toBe('PeterNeumann');
    expect(peter.keyId.toString('hex')).toBe('c74f20a3');
    expect(formatVkey(peter)).toBe(VKEY);
  });

  it('is refused when its key id is not that of its name and key', () => {
    expect(codeOf(() => parseVkey(VKEY.replace('c74f20a3', 'c74f20a4')))).toBe('KEY_MALFORMED');
    expect(codeOf(() => parseVkey(VKEY.replace('Peter', 'Petra')))).toBe('KEY_MALFORMED');
  });

  it('is refused in any other form', () => {
    const [name, id, key] = [
      'PeterNeumann',
      'c74f20a3',
      'ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    ];
    const others = [
      '',
      name,
      `${name}+${id}`,
      `+${id}+${key}`,
      `${name}+${id.toUpperCase()}+${key}`,
      `${name}+${id}+${key}=`,
      `${name}+${id}+${key}\n`,
      ` ${VKEY}`,
      `Peter Neumann+${id}+${key}`,
      `${name}+${id}+${key.slice(0, -4)}`,
      `${name}+${id}+A${key.slice(1)}`.replace('+AR', '+Ah'),
      `${name}+${id}+${encodeBase64(Buffer.concat([Buffer.of(2), peter.publicKey]))}`,
    ];
    for (const size of [0, 31, 33]) {
      others.push(formatVkey(noteVerifier(name, Buffer.alloc(size, peter.publicKey))));
    }
    for (const vkey of others) {
      if (vkey === VKEY) continue;
      expect(
        codeOf(() => parseVkey(vkey)),
        vkey,
      ).toBe('KEY_MALFORMED');
    }
  });
});

describe('a note', () => {
  const broken = (note: string | Buffer): void => {
    expect(
      codeOf(() => open(note)),
      String(note),
    ).toBe('NOTE_MALFORMED');
  };

  it('with any single byte changed does not open as signed', () => {
    const bytes = Buffer.from(NOTE);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const mask of [0x01, 0x20, 0x80]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ mask;
        let signedBy: readonly unknown[] = [];
        const code = codeOf(() => {
          ({ signedBy } = openNote(changed, [peter]));
        });
        expect(['NOTE_MALFORMED', 'NO_ERROR']).toContain(code);
        expect(signedBy).toEqual([]);
      }
    }
  });

  it('whose signature by a known key does not hold is malformed', () => {
    broken(NOTE.replace('answer', 'Answer'));
    broken(`${TEXT}\n\n${SIGNATURE}`);
    broken(`\n${NOTE}`);
    broken(`${TEXT}\n${SIGNATURE.replace('JnAM=', 'JnAA=')}`);
    broken(
      `${TEXT}\n— PeterNeumann ${encodeBase64(Buffer.concat([peter.keyId, Buffer.alloc(63)]))}\n`,
    );
    broken(
      `${TEXT}\n— PeterNeumann ${encodeBase64(Buffer.concat([peter.keyId, Buffer.alloc(65)]))}\n`,
    );
  });

  it('in another form is malformed', () => {
    broken('');
    broken(TEXT);
    broken(`${TEXT}${SIGNATURE}`);
    broken(`${TEXT}\n`);
    broken(NOTE.slice(0, -1));
    broken(`${NOTE}\n`);
    broken(`${NOTE}trailing`);
    broken(`${NOTE}trailing\n`);
    broken(NOTE.replace('— ', '- '));
    broken(NOTE.replace('— PeterNeumann ', '— PeterNeumann'));
    broken(NOTE.replace('— PeterNeumann ', '— Peter Neumann '));
    broken(NOTE.replace('— PeterNeumann ', '— Peter+Neumann '));
    broken(NOTE.replace('— PeterNeumann ', '— Peter\u0085Neumann '));
    broken(NOTE.replace('— PeterNeumann ', '—  '));
    broken(NOTE.replace('JnAM=', 'JnAM'));
    broken(NOTE.replace('JnAM=', 'JnAN='));
    broken(NOTE.replace('— PeterNeumann ', 'x— PeterNeumann '));
    broken(NOTE.replace('JnAM=', 'JnAM= x'));
    broken(`${TEXT}\n— PeterNeumann ${encodeBase64(peter.keyId)}\n`);
  });

  it('has in each signature line more than a key id, whoever signed', () => {
    const stranger = (size: number) => `${NOTE}— Stranger ${encodeBase64(Buffer.alloc(size))}\n`;
    for (const size of [1, 3, 4]) broken(stranger(size));
    expect(open(stranger(5)).signedBy).toEqual([peter]);
  });

  it('with a control character, or that is not UTF-8, is malformed', () => {
    for (const control of ['\0', '\t', '\r', '\u000b', '\u001f']) {
      broken(NOTE.replace('answer', `ans${control}wer`));
    }
    broken(Buffer.concat([Buffer.of(0xff), Buffer.from(NOTE)]));
    broken(Buffer.concat([Buffer.from('\ud800', 'utf16le'), Buffer.from(NOTE)]));
    broken(Buffer.concat([Buffer.of(0xed, 0xa0, 0x80), Buffer.from(NOTE)]));
    broken(Buffer.concat([Buffer.of(0xc0, 0x8a), Buffer.from(NOTE)]));
  });

  it('is malformed where decoding would put U+FFFD for its bytes, though that text was signed', async () => {
    const note = Buffer.from(await signNote('\ufffd\n', 'PeterNeumann', [peterSigner]));
    expect(open(note).signedBy).toEqual([peter]);
    broken(Buffer.concat([Buffer.of(0xff), note.subarray(3)]));
  });

  it('may hold empty lines and any letters in its text', async () => {
    for (const text of [
      '\n',
      '\n\n',
      'a\n\nb\n',
      '— x\n\n— PeterNeumann AAAAAAA=\n',
      'é 文\n',
      '\ufeffx\n',
    ]) {
      const note = await signNote(text, 'PeterNeumann', [peterSigner]);
      expect(open(note)).toEqual({ text, signedBy: [peter] });
    }
  });

  it('is not made of a text that does not end in a newline, or of one that could not be read', async () => {
    for (const text of ['', 'a', 'a\n\nb', 'a\r\n', '\ud800\n']) {
      await expect(signNote(text, 'PeterNeumann', [peterSigner]), text).rejects.toMatchObject({
        code: 'NOTE_MALFORMED',
      });
    }
    await expect(signNote('a\n', 'two words', [peterSigner])).rejects.toMatchObject({
      code: 'NOTE_MALFORMED',
    });
  });

  it('may bear signatures of others, which say nothing', () => {
    const stranger = `— Stranger ${encodeBase64(Buffer.alloc(40, 1))}\n`;
    expect(open(`${TEXT}\n${stranger}${SIGNATURE}${stranger}`).signedBy).toEqual([peter]);
    const sameName = `— PeterNeumann ${encodeBase64(Buffer.alloc(68, 1))}\n`;
    expect(open(`${TEXT}\n${sameName}${SIGNATURE}`).signedBy).toEqual([peter]);
  });

  it('says once who signed it twice', () => {
    expect(open(`${TEXT}\n${SIGNATURE}${SIGNATURE}`).signedBy).toEqual([peter]);
  });

  it('may have 100 signatures, not 101, and one million bytes, not more', async () => {
    const stranger = `— Stranger ${encodeBase64(Buffer.alloc(40, 1))}\n`;
    expect(open(NOTE + stranger.repeat(99)).signedBy).toEqual([peter]);
    broken(NOTE + stranger.repeat(100));
    const long = (size: number) =>
      signNote(`${'x'.repeat(size - 1)}\n`, 'PeterNeumann', [peterSigner]);
    const rest = Buffer.byteLength(NOTE) - Buffer.byteLength(TEXT);
    expect(open(await long(1_000_000 - rest)).signedBy).toEqual([peter]);
    await expect(long(1_000_001 - rest)).rejects.toMatchObject({ code: 'NOTE_MALFORMED' });
  });

  it('names all of several signers, in the order of its lines', async () => {
    const signers: NoteSigner[] = [testSigner('a'), testSigner('b'), peterSigner];
    const verifiers = signers.map(({ publicKey }) => noteVerifier('log', publicKey));
    const note = await signNote(TEXT, 'log', signers);
    expect(open(note, verifiers.toReversed()).signedBy).toEqual(verifiers);
  });

  it('never makes the reader fail in another way, whatever its bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(`${text}\n${SIGNATURE}`)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(`${TEXT}\n— PeterNeumann ${text}\n`)),
    );
    fc.assert(
      fc.property(bytes, (note) => {
        const code = codeOf(() => expect(openNote(note, [peter]).signedBy).toEqual([]));
        expect(['NO_ERROR', 'NOTE_MALFORMED']).toContain(code);
      }),
    );
  });
});
