/**
 * Signed notes and their keys, as C2SP signed-note (https://c2sp.org/signed-note) and
 * golang.org/x/mod/sumdb/note.
 *
 * A note is a text, an empty line, and one line for each signature:
 *
 *     If you think cryptography is the answer to your problem,
 *     then you don't know what your problem is.
 *
 *     — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
 *
 * The text is UTF-8, ends in a newline (which is signed) and holds no control characters besides
 * newlines. A signature line is an em dash (U+2014), a space, the key's name, a space, and base64
 * of the 4-byte key id ‖ the signature. For Ed25519 (algorithm byte 0x01) the signature is that of
 * RFC 8032 over the text, and
 *
 *     key id = first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ 32-byte public key)
 *     vkey   = <name>+<key id, 8 hex digits>+<base64(0x01 ‖ public key)>
 *
 * Signatures by keys that the reader does not know say nothing and are passed over. A signature
 * that names a known key and does not hold makes the whole note malformed.
 */
import { isUtf8 } from 'node:buffer';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { LedgerError } from './error.ts';
import { excerpt } from './excerpt.ts';
import { MAX_NOTE, MAX_NOTE_SIGNATURES } from './limits.ts';
import { sha256 } from './merkle.ts';

const ED25519 = 0x01;
const KEY_SIZE = 32;
const KEY_ID_SIZE = 4;

/** A public key under a name: who signs, and with what. */
export type NoteVerifier = {
  readonly name: string;
  /** 4 bytes; depends on the name as well as on the key. */
  readonly keyId: Buffer;
  /** The 32 bytes of an Ed25519 public key. */
  readonly publicKey: Buffer;
};

/** Signs texts with one Ed25519 key, wherever that key lives (a file, later a KMS). */
export type NoteSigner = {
  /** The 32 bytes of the public key. */
  readonly publicKey: Buffer;
  /** The 64-byte signature of RFC 8032 over the message. */
  sign(message: Buffer): Promise<Buffer>;
};

/** A note whose form is right; `signedBy` are those verifiers whose signature holds. */
export type OpenedNote = { readonly text: string; readonly signedBy: readonly NoteVerifier[] };

/** The verifier that this public key makes under this name. */
export function noteVerifier(name: string, publicKey: Buffer): NoteVerifier {
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]);
  const keyId = sha256(Buffer.concat([Buffer.from(`${name}\n`), key])).subarray(0, KEY_ID_SIZE);
  return { name, keyId, publicKey };
}

/** The verifier as a vkey. */
export function formatVkey({ name, keyId, publicKey }: NoteVerifier): string {
  const key = encodeBase64(Buffer.concat([Buffer.of(ED25519), publicKey]));
  return `${name}+${keyId.toString('hex')}+${key}`;
}

/**
 * Reads a vkey.
 * @throws LedgerError KEY_MALFORMED
 */
export function parseVkey(vkey: string): NoteVerifier {
  const [, name, keyId, key] = VKEY.exec(vkey) ?? [];
  const bytes = key === undefined ? null : decodeBase64(key);
  if (name === undefined || bytes === null) {
    throw new LedgerError(
      'KEY_MALFORMED',
      `${excerpt(vkey)} is no vkey: <name>+<8 hex digits>+<base64> was expected.`,
    );
  }
  if (bytes[0] !== ED25519 || bytes.length !== 1 + KEY_SIZE) {
    throw new LedgerError(
      'KEY_MALFORMED',
      `The vkey ${excerpt(vkey)} holds no Ed25519 public key.`,
    );
  }
  const verifier = noteVerifier(name, bytes.subarray(1));
  if (verifier.keyId.toString('hex') !== keyId) {
    throw new LedgerError(
      'KEY_MALFORMED',
      `The vkey ${excerpt(vkey)} has key id ${keyId} where its name and key make ${verifier.keyId.toString('hex')}.`,
    );
  }
  return verifier;
}

/**
 * The text, signed by each of these, in their order, under `name`.
 * @throws LedgerError NOTE_MALFORMED when text or name cannot stand in a note
 */
export async function signNote(
  text: string,
  name: string,
  signers: readonly NoteSigner[],
): Promise<string> {
  const lines = await Promise.all(
    signers.map(async (signer) => {
      const { keyId } = noteVerifier(name, signer.publicKey);
      const signature = await signer.sign(Buffer.from(text));
      return `— ${name} ${encodeBase64(Buffer.concat([keyId, signature]))}\n`;
    }),
  );
  const note = `${text}\n${lines.join('')}`;
  if (splitNote(Buffer.from(note)).text !== text) throw malformed('its text cannot be signed');
  return note;
}

/**
 * Checks a note's form and the signatures by the keys given.
 * @throws LedgerError NOTE_MALFORMED when the form is wrong or a signature by one of them fails
 */
export function openNote(note: Buffer, verifiers: readonly NoteVerifier[]): OpenedNote {
  const { text, signatures } = splitNote(note);
  const signedBy = new Set<NoteVerifier>();
  for (const { name, keyId, signature } of signatures) {
    const verifier = verifiers.find((v) => v.name === name && v.keyId.equals(keyId));
    if (verifier === undefined) continue;
    if (!verify(null, Buffer.from(text), ed25519PublicKey(verifier.publicKey), signature)) {
      throw malformed(`the signature by ${name}+${keyId.toString('hex')} does not hold`);
    }
    signedBy.add(verifier);
  }
  return { text, signedBy: [...signedBy] };
}

/** A name is not empty and holds neither `+` nor what Unicode calls white space. */
const VKEY = /^([^+\p{White_Space}]+)\+([0-9a-f]{8})\+(\S+)$/u;
const SIGNATURE_LINE = /^— ([^+\p{White_Space}]+) (\S+)$/u;

type SignatureLine = { name: string; keyId: Buffer; signature: Buffer };

/**
 * The text and the signature lines of a note, no signature checked.
 * @throws LedgerError NOTE_MALFORMED
 */
export function splitNote(note: Buffer): { text: string; signatures: SignatureLine[] } {
  if (note.length > MAX_NOTE) throw malformed(`it is longer than ${MAX_NOTE} bytes`);
  if (!isUtf8(note)) throw malformed('it is not UTF-8');
  const whole = note.toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not stand there
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw malformed('it holds a control character');
  const gap = whole.lastIndexOf('\n\n');
  if (gap < 0) throw malformed('no empty line parts text and signatures');
  const lines = whole.slice(gap + 2).split('\n');
  if (lines.pop() !== '') throw malformed('its last line does not end');
  if (lines.length === 0) throw malformed('it has no signatures');
  if (lines.length > MAX_NOTE_SIGNATURES) {
    throw malformed(`it has more than ${MAX_NOTE_SIGNATURES} signatures`);
  }
  return { text: whole.slice(0, gap + 1), signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line: string): SignatureLine {
  const [, name, base64] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = base64 === undefined ? null : decodeBase64(base64);
  if (name === undefined || bytes === null || bytes.length <= KEY_ID_SIZE) {
    throw malformed(`${excerpt(line)} is no signature line`);
  }
  return {
    name,
    keyId: bytes.subarray(0, KEY_ID_SIZE),
    signature: bytes.subarray(KEY_ID_SIZE),
  };
}

/** DER of SubjectPublicKeyInfo for Ed25519 (RFC 8410 section 4), before the 32 bytes of the key. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The key as node:crypto takes it. */
export function ed25519PublicKey(publicKey: Buffer): KeyObject {
  return createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, publicKey]),
    format: 'der',
    type: 'spki',
  });
}

function malformed(why: string): LedgerError {
  return new LedgerError(
    'NOTE_MALFORMED',
    `The bytes are no signed note that can be trusted: ${why}. Fetch it again, or from another region.`,
  );
}
