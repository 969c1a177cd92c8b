/**
 * The file of producer keys (AUTHSEAL_PRODUCERS): which services sign what they send. A line is
 *
 *     <vkey named by the service> [from <RFC 3339 time>]
 *
 * with a C2SP vkey as `authseal keys public` prints it; empty lines and lines that begin with `#`
 * are passed over. A service may have several lines, old keys and new ones; a signature by any of
 * them holds. From the earliest `from` on (without one: always) every flush of the service must be
 * signed, judged by the sealedAt of the batch that it ends in.
 */
import { LedgerError, parseVkey } from '@authseal/ledger';
import { VerifierError } from '../error.ts';

type ServiceKeys = {
  /** Ed25519, 32 bytes each. */
  readonly publicKeys: readonly Buffer[];
  /** Batches sealed at or after this (milliseconds since 1970) need signatures. */
  readonly from: number;
};

/** By service. */
export type ProducerKeys = ReadonlyMap<string, ServiceKeys>;

const LINE = /^(\S+)(?:\s+from\s+(\S+))?$/;
const TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** @throws VerifierError PRODUCERS_MALFORMED, naming the line */
export function parseProducerKeys(file: string): ProducerKeys {
  const services = new Map<string, ServiceKeys>();
  for (const [i, text] of file.split(/\r?\n/).entries()) {
    if (text.trim() === '' || text.startsWith('#')) continue;
    const { service, publicKey, from } = parseLine(text.trim(), i + 1);
    const known = services.get(service) ?? { publicKeys: [], from };
    services.set(service, {
      publicKeys: [...known.publicKeys, publicKey],
      from: Math.min(known.from, from),
    });
  }
  return services;
}

function parseLine(
  text: string,
  line: number,
): { service: string; publicKey: Buffer; from: number } {
  const [, vkey, time] = LINE.exec(text) ?? [];
  if (vkey === undefined) throw refused(line, '"<vkey> [from <RFC 3339 time>]" was expected');
  const from = time === undefined ? 0 : TIME.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(from)) throw refused(line, `"${time}" is no time such as 2026-01-31T12:00:00Z`);
  try {
    const { name, publicKey } = parseVkey(vkey);
    if (/^[a-z0-9.-]+$/.test(name)) return { service: name, publicKey, from };
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw refused(line, cause.message, { cause });
  }
  throw refused(
    line,
    "the vkey's name is no service: one or more of a-z, 0-9, . and - were expected",
  );
}

function refused(line: number, why: string, options?: ErrorOptions): VerifierError {
  return new VerifierError(
    'PRODUCERS_MALFORMED',
    `Line ${line} of the file of producer keys is refused: ${why}.`,
    options,
  );
}
