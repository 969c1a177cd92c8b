/**
 * The file of producer keys (AUTHSEAL_PRODUCERS): which services sign what they send. A line is
 *
 *     <vkey named by the service> [from <RFC 3339 time>]
 *
 * with a C2SP vkey as `authseal keys public` prints it; empty lines and lines that begin with `#`
 * are passed over. No line is named as the deployment: that would be a key of the logs, and the file
 * the one of AUTHSEAL_KEYS, under which no service would be asked for a signature. A service may have several lines, old keys and new ones; a signature by any of
 * them holds. From the earliest `from` on (without one: always) every flush of the service must be
 * signed, judged by the sealedAt of the batch that it ends in.
 */
import {
  excerpt,
  flushSignatureHolds,
  LedgerError,
  type NoteVerifier,
  parseVkey,
} from '@authseal/ledger';
import { VerifierError } from '../error.ts';
import { parseTime } from './rfc3339.ts';

type ServiceKeys = {
  /** Ed25519, 32 bytes each. */
  readonly publicKeys: readonly Buffer[];
  /** Batches sealed at or after this (milliseconds since 1970) need signatures. */
  readonly from: number;
};

/** By service. */
export type ProducerKeys = ReadonlyMap<string, ServiceKeys>;

const LINE = /^(\S+)(?:\s+from\s+(\S+))?$/;

/** @throws VerifierError PRODUCERS_MALFORMED, naming the line */
export function parseProducerKeys(file: string, deployment: string): ProducerKeys {
  const services = new Map<string, ServiceKeys>();
  for (const [i, text] of file.split(/\r?\n/).entries()) {
    if (text.trim() === '' || text.startsWith('#')) continue;
    const { service, publicKey, from } = parseLine(text.trim(), i + 1, deployment);
    const known = services.get(service) ?? { publicKeys: [], from };
    services.set(service, {
      publicKeys: [...known.publicKeys, publicKey],
      from: Math.min(known.from, from),
    });
  }
  return services;
}

/** Whether a service must sign what is sealed at this time, in milliseconds since 1970. */
export function mustSign(keys: ProducerKeys, service: string, sealedAt: number): boolean {
  const known = keys.get(service);
  return known !== undefined && sealedAt >= known.from;
}

/** Whether a signature of a flush's text (ledger's `flushText`) is by a key of the service. */
export function isSignedBy(
  keys: ProducerKeys,
  service: string,
  text: string,
  signature: Buffer,
): boolean {
  const publicKeys = keys.get(service)?.publicKeys ?? [];
  return publicKeys.some((key) => flushSignatureHolds(text, signature, key));
}

function parseLine(
  text: string,
  line: number,
  deployment: string,
): { service: string; publicKey: Buffer; from: number } {
  const [, vkey, time] = LINE.exec(text) ?? [];
  if (vkey === undefined) {
    throw refused(line, `${excerpt(text)} is not "<vkey> [from <RFC 3339 time>]".`);
  }
  const from = time === undefined ? 0 : parseTime(time);
  if (from === null) {
    throw refused(line, `${excerpt(time ?? '')} is no time such as 2026-01-31T12:00:00Z.`);
  }
  const { name, publicKey } = parseKey(vkey, line);
  if (!/^[a-z0-9.-]+$/.test(name)) {
    throw refused(line, `${excerpt(name)} is no name of a service ([a-z0-9.-]+).`);
  }
  if (name === deployment) {
    throw refused(
      line,
      `its key is named "${name}" as the deployment is, so it signs logs and belongs into the file of keys (AUTHSEAL_KEYS). Give here the file of the services' keys.`,
    );
  }
  return { service: name, publicKey, from };
}

function parseKey(vkey: string, line: number): NoteVerifier {
  try {
    return parseVkey(vkey);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw refused(line, cause.message, { cause });
  }
}

function refused(line: number, why: string, options?: ErrorOptions): VerifierError {
  return new VerifierError(
    'PRODUCERS_MALFORMED',
    `Line ${line} of the file of producer keys is refused: ${why}`,
    options,
  );
}
