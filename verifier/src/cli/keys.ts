/** `authseal keys`: makes key pairs and shows public keys. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { formatVkey, type NoteSigner, noteVerifier, signerFromPem } from '@authseal/ledger';
import { type Command, InvalidArgumentError } from 'commander';
import { writeFailure } from '../archive/write-failure.ts';
import { readParsed } from './settings.ts';

export function addKeys(program: Command): void {
  const keys = program.command('keys').description('make key pairs, show public keys');
  keys
    .command('generate')
    .argument('<file>', 'where the private key goes (PEM, mode 0600); nothing is overwritten')
    .requiredOption('--name <name>', NAME_MEANS, name)
    .description('make an Ed25519 key pair and print its public key')
    .action(generate);
  keys
    .command('public')
    .argument('<file>', 'the private key (PEM)')
    .requiredOption('--name <name>', NAME_MEANS, name)
    .description('print the public key of a private one')
    .action((file: string, options: Named) => show(readParsed(file, signerFromPem).value, options));
}

type Named = { name: string };

const NAME_MEANS = 'what it signs for: the deployment, or the service of a producer';

/** A deployment or a service. */
function name(text: string): string {
  if (/^[a-z0-9.-]+$/.test(text)) return text;
  throw new InvalidArgumentError('expected one or more of a-z, 0-9, "." and "-"');
}

function generate(file: string, options: Named): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  try {
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw writeFailure(file, cause);
  }
  show(signerFromPem(pem), options);
}

/** The vkey, as AUTHSEAL_KEYS and AUTHSEAL_PRODUCERS take it. */
function show({ publicKey }: NoteSigner, { name }: Named): void {
  process.stdout.write(`${formatVkey(noteVerifier(name, publicKey))}\n`);
}
