import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ed25519PublicKey } from './note.ts';
import { signerFromPem } from './signer.ts';
import { codeOf } from './testing/failure.ts';
import { pemOf } from './testing/keys.ts';

describe('a signer from PEM', () => {
  it('signs as RFC 8032 section 7.1, test 1', async () => {
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const signer = signerFromPem(pemOf(Buffer.from(seed, 'hex')));
    expect(signer.publicKey.toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect((await signer.sign(Buffer.alloc(0))).toString('hex')).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
  });

  it('signs with a new key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const signer = signerFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    const signature = await signer.sign(Buffer.from('x'));
    expect(verify(null, Buffer.from('x'), ed25519PublicKey(signer.publicKey), signature)).toBe(
      true,
    );
  });

  it('refuses other keys and what is no key', () => {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const pems = [
      '',
      'no key',
      privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      rsa.export({ format: 'pem', type: 'pkcs8' }).toString(),
      generateKeyPairSync('ed25519')
        .privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
        .toString(),
    ];
    for (const pem of pems)
      expect(
        codeOf(() => signerFromPem(pem)),
        pem,
      ).toBe('KEY_MALFORMED');
    expect(() => signerFromPem('no key')).toThrow(
      expect.objectContaining({ cause: expect.any(Error) }),
    );
  });
});
