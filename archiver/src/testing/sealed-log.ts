/** Logs as the ingestor seals them, with keys of their own. */
import { generateKeyPairSync } from 'node:crypto';
import {
  BatchBuilder,
  type DeploymentKeys,
  formatVkey,
  type LogHead,
  type NoteSigner,
  newLog,
  noteVerifier,
  parseKeys,
  type SealedBatch,
  type SealKeys,
  signerFromPem,
} from '@authseal/ledger';

export const DEPLOYMENT = 'test';
export const ORIGIN = `${DEPLOYMENT}/auth-events/0`;
export const DAY = 24 * 60 * 60 * 1000;
/** When the logs are sealed, and what the tests' clocks begin with. */
export const NOW = Date.parse('2026-11-24T12:00:00Z');

export function newSigner(): NoteSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return signerFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
}

export function keysOf(...signers: NoteSigner[]): DeploymentKeys {
  const lines = signers.map(({ publicKey }) => formatVkey(noteVerifier(DEPLOYMENT, publicKey)));
  return parseKeys(lines.join('\n'));
}

export const signer: NoteSigner = newSigner();
export const keys: DeploymentKeys = keysOf(signer);

export type SealOptions = {
  head?: LogHead;
  keys?: SealKeys;
  now?: number;
  retention?: number;
  /** Bytes of the one record in each batch but batch 0. */
  size?: number;
  text?: string;
};

/** The next batches of a log. */
export async function seal(number: number, options: SealOptions = {}): Promise<SealedBatch[]> {
  const { now = NOW, retention = 30 * DAY, size = 10, text = 'event' } = options;
  let head = options.head ?? newLog(ORIGIN);
  const batches: SealedBatch[] = [];
  for (let i = 0; i < number; i += 1) {
    const builder = new BatchBuilder(head);
    const value = Buffer.alloc(size, `${text} ${head.batch} `);
    if (head.batch > 0) {
      builder.append({ offset: head.offset, timestamp: now, key: null, headers: [], value });
    }
    const terms = { now, retention, heartbeat: 300, partitions: 1, codec: 'null' as const };
    const batch = await builder.seal(terms, options.keys ?? { signer });
    batches.push(batch);
    head = batch.head;
  }
  return batches;
}
