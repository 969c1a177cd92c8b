/**
 * The chain of one producer: what makes an event that was dropped, forged, moved or replayed
 * between a service and its topic visible to the verifier (ledger/README.md, section 8).
 *
 * A **flush** is a run of consecutive events of one producer, sent as one record batch. Its
 * **link** covers every event since the producer's first:
 *
 *     link(0)   = SHA-256("authseal/producer/v1\n" deployment "\n" topic "\n" producer "\n")
 *     link(n+1) = SHA-256(link(n) || uint64be(sequence of the flush's last event)
 *                                 || SHA-256(value) of each of the flush's events, in order)
 *
 * With a key the link is signed (Ed25519, RFC 8032) as the text
 *
 *     "authseal/flush/v1\n" deployment "\n" producer "\n" sequence "\n" base64(link) "\n"
 *
 * with the sequence in decimal and base64 padded, standard alphabet (RFC 4648, section 4).
 * Deployment, topic and producer are in the first link, so that a chain replayed under another
 * name fails. Only hashing here: no I/O, no clock.
 */
import { createHash, hash, type KeyObject, sign } from 'node:crypto';

/** The names that a chain is bound to. */
export interface ChainNames {
  deployment: string;
  topic: string;
  /** `<service>/<uuid of this run>`, also the key of each Kafka record. */
  producer: string;
}

/** What the last event of a flush carries: the 32 bytes of the link, the 64 of its signature. */
interface FlushSeal {
  link: Buffer;
  signature: Buffer | null;
}

/** The link before the first flush: 32 bytes. */
export function firstLink({ deployment, topic, producer }: ChainNames): Buffer {
  return createHash('sha256')
    .update(`authseal/producer/v1\n${deployment}\n${topic}\n${producer}\n`)
    .digest();
}

/**
 * The link of a flush: 32 bytes.
 * @param previous the link of the flush before, or `firstLink`
 * @param lastSequence sequence of the flush's last event
 * @param values the Kafka values of its events, in order
 */
export function nextLink(
  previous: Uint8Array,
  lastSequence: number,
  values: readonly Uint8Array[],
): Buffer {
  const sequence = Buffer.alloc(8);
  sequence.writeBigUInt64BE(BigInt(lastSequence));
  // As text of one character a byte: Node takes three times as long to answer with a Buffer each.
  const hashes = values.map((value) => hash('sha256', value, 'binary')).join('');
  return createHash('sha256').update(previous).update(sequence).update(hashes, 'latin1').digest();
}

/** The text that a producer signs for a flush. */
export function flushText(
  { deployment, producer }: ChainNames,
  lastSequence: number,
  link: Uint8Array,
): string {
  const base64 = Buffer.from(link).toString('base64');
  return `authseal/flush/v1\n${deployment}\n${producer}\n${lastSequence}\n${base64}\n`;
}

/** The growing chain of one producer. */
export interface Chain {
  /** Append a flush and seal it. Call it once a flush, in order: a retry sends the same seal. */
  seal(lastSequence: number, values: readonly Uint8Array[]): FlushSeal;
}

/** Begin a chain. `key` is an Ed25519 private key; without one, flushes are linked but not signed. */
export function createChain(names: ChainNames, key: KeyObject | null): Chain {
  let link = firstLink(names);
  return {
    seal(lastSequence, values) {
      link = nextLink(link, lastSequence, values);
      const text = Buffer.from(flushText(names, lastSequence, link));
      return { link, signature: key === null ? null : sign(null, text, key) };
    },
  };
}
