/**
 * The hash chain that each producer makes over its own events, so that an event dropped, inserted or
 * changed between the service and the log shows. A **flush** is one record batch of one send; its
 * last event carries the link, and with a key a signature:
 *
 *     link before the first flush = SHA-256("authseal/producer/v1\n<deployment>\n<topic>\n<producer id>\n")
 *     link of a flush = SHA-256(previous link ‖ uint64be sequence of its last event
 *                               ‖ SHA-256(value) of each of its events, in order)
 *     signed text = "authseal/flush/v1\n<deployment>\n<producer id>\n<sequence>\n<base64 link>\n"
 *
 * Deployment, topic and producer id are in the first link, so a chain replayed elsewhere fails.
 */
import { verify } from 'node:crypto';
import { encodeBase64 } from './base64.ts';
import { type Hash, type HashText, hashOfText, sha256 } from './merkle.ts';
import { ed25519PublicKey } from './note.ts';

/** Kafka header: the event's sequence number, decimal, from 0 without gaps. */
export const SEQUENCE_HEADER = 'authseal-sequence';
/** Kafka header of a flush's last event: its link, 32 bytes. */
export const LINK_HEADER = 'authseal-link';
/** Kafka header of a flush's last event: Ed25519 over the signed text, 64 bytes. */
export const SIGNATURE_HEADER = 'authseal-signature';

/** The link before a producer's first flush. */
export function firstLink(deployment: string, topic: string, producer: string): Hash {
  return sha256(`authseal/producer/v1\n${deployment}\n${topic}\n${producer}\n`);
}

/** The link of a flush; `values` are SHA-256 of its events' values, in order. */
export function nextLink(previous: Hash, lastSequence: number, values: readonly HashText[]): Hash {
  const sequence = Buffer.alloc(8);
  sequence.writeBigUInt64BE(BigInt(lastSequence));
  return sha256(Buffer.concat([previous, sequence, hashOfText(values.join(''))]));
}

/** What a producer with a key signs at the end of a flush. */
export function flushText(
  deployment: string,
  producer: string,
  lastSequence: number,
  link: Hash,
): string {
  return `authseal/flush/v1\n${deployment}\n${producer}\n${lastSequence}\n${encodeBase64(link)}\n`;
}

/** Whether this is the signature of the text by the key (32 bytes, Ed25519). */
export function flushSignatureHolds(text: string, signature: Buffer, publicKey: Buffer): boolean {
  return verify(null, Buffer.from(text), ed25519PublicKey(publicKey), signature);
}
