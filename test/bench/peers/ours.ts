/**
 * Ours, as far as the peers go: records sealed as the ingestor seals them, but none comes from Kafka
 * and the objects go into files. Each object and its name are fsynced before the next one is sealed;
 * meanwhile records are taken for the batches to come.
 *
 *     node ours.ts <file of records> <directory>
 */
import { generateKeyPairSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { BatchBuilder, newLog, signerFromPem } from '@authseal/ledger';
import { DigestThread } from '../../../ingestor/src/digest-thread.ts';
import { recordOf } from '../backlog.ts';
import { readFramed } from '../framed-file.ts';
import { endScript } from '../script.ts';

/** So many are taken at once, as if a fetch had brought them; then what else is due has its turn. */
const FETCH = 1000;

const [file, directory] = process.argv.slice(2) as [string, string];
const records = readFramed(file).map((value, i) => recordOf(i, value));
const { privateKey } = generateKeyPairSync('ed25519');
const signer = signerFromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const { digest } = new DigestThread();
const folder = await open(directory);
let sealed = 0;

const began = performance.now();
let builder = new BatchBuilder(newLog('local/auth-events/0'));
let sealing = Promise.resolve();
for (const record of records) {
  if (record.offset % FETCH === 0) await setImmediate();
  if (builder.append(record)) continue;
  await sealing;
  const full = builder;
  builder = full.next();
  sealing = seal(full);
  builder.append(record);
}
await sealing;
await seal(builder);
if (sealed !== records.length) throw new Error(`${sealed} of ${records.length} were sealed`);
endScript(began, { entries: sealed });

async function seal(batch: BatchBuilder): Promise<void> {
  const { object, header } = await batch.seal(
    { now: Date.now(), retention: 86_400_000, heartbeat: 300, partitions: 1, codec: 'zstandard' },
    { signer },
    digest,
  );
  const file = await open(`${directory}/${header.batch}.avro`, 'wx');
  await file.writeFile(object);
  await file.sync();
  await file.close();
  await folder.sync();
  sealed += header.count;
}
