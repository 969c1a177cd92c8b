/** The key pair of a local deployment: made once per directory, then kept. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** The last bytes of an Ed25519 public key in DER (SPKI, RFC 8410) are the key itself. */
const PUBLIC_KEY_SIZE = 32;

/** C2SP signed note: the algorithm byte of Ed25519. */
const ED25519 = Buffer.of(0x01);

/** Files of keys, by the variables that name them. Lines that were added to them stay. */
export function keyFiles(directory: string, deployment: string): Record<string, string> {
  const signingKey = `${directory}/signing-key.pem`;
  const keys = `${directory}/deployment.vkeys`;
  const producers = `${directory}/producers.vkeys`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(signingKey)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    writeFileSync(signingKey, pem, { mode: 0o600 });
  }
  if (!existsSync(keys)) writeFileSync(keys, `${vkey(deployment, readFileSync(signingKey))}\n`);
  if (!existsSync(producers)) writeFileSync(producers, '');
  return { AUTHSEAL_SIGNING_KEY: signingKey, AUTHSEAL_KEYS: keys, AUTHSEAL_PRODUCERS: producers };
}

/**
 * The public key of a private one as a C2SP vkey: `<name>+<key id, 8 hex digits>+<base64>`, its key id
 * the first 4 bytes of SHA-256(name ‖ newline ‖ algorithm ‖ key).
 */
function vkey(name: string, privatePem: Buffer): string {
  const spki = createPublicKey(createPrivateKey(privatePem)).export({
    format: 'der',
    type: 'spki',
  });
  const key = Buffer.concat([ED25519, spki.subarray(-PUBLIC_KEY_SIZE)]);
  const keyId = createHash('sha256').update(`${name}\n`).update(key).digest('hex').slice(0, 8);
  return `${name}+${keyId}+${key.toString('base64')}`;
}
