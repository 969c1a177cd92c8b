/** A sealer whose clock, source and journal a test moves, and what it has told. */
import { generateKeyPairSync } from 'node:crypto';
import {
  type DigestEntries,
  digestEntries,
  formatVkey,
  noteVerifier,
  parseKeys,
  signerFromPem,
} from '@authseal/ledger';
import { beginLog } from '../init.ts';
import type { SealTermsOfLog } from '../seal-batch.ts';
import { Sealer } from '../sealer.ts';
import { HandClock, HandSource, settle } from './by-hand.ts';
import { MemoryJournal } from './memory-journal.ts';

const newSigner = () =>
  signerFromPem(
    generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  );
/** The key of the log, and the one that may follow it. */
export const [signer, successor] = [newSigner(), newSigner()];
export const keys = parseKeys(
  [signer, successor].map((key) => formatVkey(noteVerifier('acme', key.publicKey))).join('\n'),
);
export const ORIGIN = 'acme/auth-events/0';

export const TERMS: SealTermsOfLog = {
  linger: 1000,
  heartbeat: 60_000,
  retention: 86_400_000,
  codec: 'null',
  signer,
  previous: null,
  keys,
  close: false,
};

export class SealerByHand {
  journal = new MemoryJournal();
  clock = new HandClock();
  source = new HandSource();
  /** What the sealer has told, in order. */
  told: string[] = [];
  digest: DigestEntries = digestEntries;
  #sealer: Sealer | undefined;

  /** Seals the first batch of the log, as `init` does. */
  begin() {
    const { journal, clock } = this;
    return beginLog(
      { journal, terms: TERMS, clock, batchesTopic: journal.topic, partition: 0 },
      { deployment: 'acme', eventsTopic: 'auth-events' },
      1,
    );
  }

  async start(own: Partial<SealTermsOfLog> = {}): Promise<Sealer> {
    const { journal, clock, source, told } = this;
    this.#sealer = new Sealer({
      origin: ORIGIN,
      partition: 0,
      batchesTopic: journal.topic,
      source,
      digest: (entries) => this.digest(entries),
      journal,
      clock,
      terms: { ...TERMS, ...own },
      observer: {
        opened: ({ head }) => told.push(`opened at ${head.offset}`),
        sealed: ({ header }, due, behind) =>
          told.push(`sealed ${header.count}, ${due}, ${behind} behind`),
        lost: ({ from, to }) => told.push(`lost [${from}, ${to})`),
        failed: (error) => told.push(`failed: ${(error as Error).message}`),
        refused: ({ code }) => told.push(`refused: ${code}`),
        closed: () => told.push('closed'),
      },
    });
    await settle();
    return this.#sealer;
  }

  /** A fetch brings records [from, to). */
  async bring(from: number, to: number, highWatermark = to, size = 10): Promise<void> {
    const records = Array.from({ length: to - from }, (_, i) => record(from + i, size));
    this.#sealer?.take({ partition: 0, fetchedOffset: from, end: to, highWatermark, records });
    await settle();
  }

  async stop(): Promise<void> {
    await this.#sealer?.stop();
  }
}

const record = (offset: number, size: number) => ({
  offset,
  timestamp: 1_790_000_000_000,
  inTransaction: false,
  key: null,
  headers: [],
  value: Buffer.alloc(size, 1),
});
