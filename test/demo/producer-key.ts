/** A service's own signing key, and its line in the file of producer keys that the verifier trusts. */
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { formatVkey, noteVerifier, signerFromPem } from '@authseal/ledger';

/** Makes the key of `service` in `directory`. Returns the file and its text (PEM). */
export function makeProducerKey(
  service: string,
  directory: string,
  producersFile: string,
): { file: string; pem: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  const file = `${directory}/${service}.pem`;
  writeFileSync(file, pem, { mode: 0o600 });
  const { publicKey } = signerFromPem(pem);
  appendFileSync(producersFile, `${formatVkey(noteVerifier(service, publicKey))}\n`);
  return { file, pem };
}
