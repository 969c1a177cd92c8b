/** Signing keys for tests: the same seed gives the same key. */
import { createPrivateKey } from 'node:crypto';
import { sha256 } from '../merkle.ts';
import { formatVkey, type NoteSigner, noteVerifier } from '../note.ts';
import { signerFromPem } from '../signer.ts';

/** DER of PKCS #8 for Ed25519 (RFC 8410 section 7), before the 32 bytes of the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function pemOf(seed: Buffer): string {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

export function testSigner(name: string): NoteSigner {
  return signerFromPem(pemOf(sha256(name)));
}

export function vkeyOf(name: string, { publicKey }: NoteSigner): string {
  return formatVkey(noteVerifier(name, publicKey));
}
