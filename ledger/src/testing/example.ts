import {
  BatchBuilder,
  chainFault,
  checkpointSigners,
  entryValue,
  newLog,
  parseKeys,
  readBatch,
  signerFromPem,
} from '../index.ts';

/** Seals one record as the first batch of a log. */
export async function seal(pem: string, value: Buffer): Promise<Buffer> {
  const batch = new BatchBuilder(newLog('prod/auth-events/0'));
  batch.append({ offset: 0, timestamp: Date.now(), key: null, headers: [], value });
  const { object } = await batch.seal(
    { now: Date.now(), retention: 86_400_000, heartbeat: 300, partitions: 1, codec: 'zstandard' },
    { signer: signerFromPem(pem) },
  );
  return object;
}

/** Verifies it, given nothing but the file of public keys. */
export function verify(object: Buffer, keyFile: string): (Buffer | null)[] {
  const batch = readBatch(object);
  checkpointSigners(batch.note, batch.header.origin, parseKeys(keyFile));
  const fault = chainFault(newLog('prod/auth-events/0'), batch.header);
  if (fault) throw new Error(`${fault.member}: ${fault.expected} expected, ${fault.found} found`);
  return [...batch.entries()].map(entryValue);
}
