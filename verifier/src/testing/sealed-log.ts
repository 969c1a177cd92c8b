/** Logs sealed in memory, and producers that fill them, for tests of what is said about archives. */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  BatchBuilder,
  type DeploymentKeys,
  firstLink,
  flushText,
  formatVkey,
  type Hash,
  LINK_HEADER,
  type LogHead,
  newLog,
  nextLink,
  noteVerifier,
  objectKey,
  originOf,
  parseKeys,
  SEQUENCE_HEADER,
  type SealedBatch,
  type SealKeys,
  type SealTerms,
  SIGNATURE_HEADER,
  type SourceRecord,
  sha256Text,
  signerFromPem,
} from '@authseal/ledger';
import { type AuthEvent, encodeEvent } from '@authseal/schemas';
import type { MemoryArchive } from './memory-archive.ts';

const DEPLOYMENT = 'test';
const TOPIC = 'auth-events';
export const DAY = 86_400_000;
/** When the first batch of each log is sealed. */
export const START = Date.UTC(2026, 0, 10, 12);
/** Between the batches of a log. */
export const MINUTE = 60_000;

export const newPem = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

export const vkeyOf = (pem: string, name: string): string =>
  formatVkey(noteVerifier(name, signerFromPem(pem).publicKey));

export const keysOf = (...pems: string[]): DeploymentKeys =>
  parseKeys(pems.map((pem) => vkeyOf(pem, DEPLOYMENT)).join('\n'));

export const pem = newPem();
export const keys = keysOf(pem);

/** One log, batch after batch a minute apart, each put into all regions. */
export class SealedLog {
  readonly origin: string;
  readonly batches: (SealedBatch & { name: string })[] = [];
  head: LogHead;
  terms: SealTerms = {
    now: START,
    retention: 365 * DAY,
    heartbeat: 300,
    partitions: 1,
    codec: 'null',
  };
  signing: SealKeys = { signer: signerFromPem(pem) };
  #offset = 0;

  constructor(partition = 0) {
    this.origin = originOf(DEPLOYMENT, TOPIC, partition);
    this.head = newLog(this.origin);
  }

  /** Seals records; `change` alters what is to be sealed, e.g. its retention. */
  async seal(
    records: readonly Omit<SourceRecord, 'offset' | 'timestamp'>[] = [],
    change: Partial<SealTerms> & { lose?: number } = {},
  ): Promise<SealedBatch & { name: string }> {
    const { lose = 0, ...terms } = change;
    const builder = new BatchBuilder(this.head);
    if (lose > 0) {
      this.#offset += lose;
      builder.lose(this.#offset);
    }
    for (const record of records) {
      builder.append({ ...record, offset: this.#offset, timestamp: this.terms.now });
      this.#offset += 1;
    }
    const sealed = await builder.seal({ ...this.terms, ...terms }, this.signing);
    const batch = { ...sealed, name: objectKey('', sealed.header) };
    this.batches.push(batch);
    this.head = sealed.head;
    this.terms = { ...this.terms, now: this.terms.now + MINUTE };
    return batch;
  }

  /** Puts every batch where an archiver puts it. */
  archive(...archives: MemoryArchive[]): void {
    for (const { name, object, header } of this.batches) {
      for (const archive of archives) archive.put(name, object, header.retainUntil);
    }
  }

  get lastSealedAt(): number {
    return this.batches.at(-1)?.header.sealedAt ?? START;
  }
}

type Unsealed = Omit<SourceRecord, 'offset' | 'timestamp'>;

/** A producer as the SDK makes them. */
export class Producer {
  readonly id: string;
  readonly #service: string;
  readonly #key: string | null;
  #sequence = 0;
  #link: Hash;

  constructor(service = 'shop', key: string | null = null, number = 1) {
    this.id = `${service}/${String(number).padStart(8, '0')}-0000-7000-8000-000000000000`;
    this.#service = service;
    this.#key = key;
    this.#link = firstLink(DEPLOYMENT, TOPIC, this.id);
  }

  /** The records of one flush. */
  flush(count: number, service = this.#service): Unsealed[] {
    const first = this.#sequence;
    const values = Array.from({ length: count }, (_, i) => encodeEvent(event(first + i, service)));
    this.#sequence += count;
    this.#link = nextLink(this.#link, this.#sequence - 1, values.map(sha256Text));
    return values.map((value, i) => ({
      key: Buffer.from(this.id),
      value,
      headers: [
        [SEQUENCE_HEADER, Buffer.from(String(first + i))],
        ...(i === count - 1 ? this.#seal() : []),
      ],
    }));
  }

  #seal(): [string, Buffer][] {
    const link: [string, Buffer] = [LINK_HEADER, this.#link];
    if (this.#key === null) return [link];
    const text = flushText(DEPLOYMENT, this.id, this.#sequence - 1, this.#link);
    const signature = sign(null, Buffer.from(text), createPrivateKey(this.#key));
    return [link, [SIGNATURE_HEADER, signature]];
  }
}

export function event(number: number, service = 'shop'): AuthEvent {
  return {
    id: `01890000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    time: START * 1000 + number,
    kind: 'LOGIN_FAILED',
    service,
    actor: { type: 'USER', id: `user-${number}` },
    login: { method: 'password' },
  };
}

/** An event that was sent without key, sequence or link. */
export const unchained = (number: number, service = 'shop'): Unsealed => ({
  key: null,
  value: encodeEvent(event(number, service)),
  headers: [],
});
