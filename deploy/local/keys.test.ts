import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyFiles } from './keys.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/authseal-keys-`);
});
afterEach(() => rmSync(directory, { recursive: true }));

const read = (file: string | undefined) => readFileSync(file as string, 'utf8');

describe('the keys of a local deployment', () => {
  it('are an Ed25519 key that only its owner can read, and its vkey', () => {
    const files = keyFiles(`${directory}/keys`, 'local');
    expect(createPrivateKey(read(files.AUTHSEAL_SIGNING_KEY)).asymmetricKeyType).toBe('ed25519');
    expect(statSync(files.AUTHSEAL_SIGNING_KEY as string).mode & 0o077).toBe(0);
    expect(read(files.AUTHSEAL_KEYS)).toMatch(/^local\+[0-9a-f]{8}\+A[\w+/]{43}\n$/);
    expect(read(files.AUTHSEAL_PRODUCERS)).toBe('');
  });

  it('stay as they are when the stack starts again', () => {
    const files = keyFiles(directory, 'local');
    const before = Object.values(files).map(read);
    writeFileSync(files.AUTHSEAL_PRODUCERS as string, 'added\n');
    keyFiles(directory, 'local');
    expect(Object.values(files).map(read)).toEqual([...before.slice(0, 2), 'added\n']);
  });

  it('make the vkey that golang.org/x/mod/sumdb/note documents for its example key', () => {
    // note.go: PRIVATE+KEY+PeterNeumann+c74f20a3+<base64 of 0x01 and the seed>
    const seed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    mkdirSync(directory, { recursive: true });
    writeFileSync(`${directory}/signing-key.pem`, key.export({ format: 'pem', type: 'pkcs8' }));
    expect(read(keyFiles(directory, 'PeterNeumann').AUTHSEAL_KEYS)).toBe(
      'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n',
    );
  });
});
