/** Ed25519 private keys from PEM (PKCS #8, RFC 8410), as `openssl genpkey -algorithm ed25519` writes them. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { LedgerError } from './error.ts';
import type { NoteSigner } from './note.ts';

const RAW_KEY_SIZE = 32;

/**
 * A signer that holds its key in memory.
 * @throws LedgerError KEY_MALFORMED
 */
export function signerFromPem(pem: string): NoteSigner {
  const key = readPrivateKey(pem);
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: spki.subarray(spki.length - RAW_KEY_SIZE),
    sign: async (message) => sign(null, message, key),
  };
}

function readPrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new LedgerError(
      'KEY_MALFORMED',
      'The signing key is no private key in PEM (PKCS #8). Make one with `authseal keys generate`.',
      { cause },
    );
  }
  throw new LedgerError(
    'KEY_MALFORMED',
    'The signing key is no Ed25519 key. Make one with `authseal keys generate`.',
  );
}
