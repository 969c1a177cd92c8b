/**
 * Puts the models in the place of the clients, before any of the product is loaded; the product's
 * own files are loaded as they are, or with one variant's change. Only for a process of its own.
 */
import { readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BrokerPool } from './kafka/broker-pool.ts';
import { patched } from './patch.ts';
import type { Variant } from './variants.ts';

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, '../..');

/** What is loaded instead, by the folder that asks and what it asks for. */
const REPLACED: readonly [folder: string, specifier: string, by: string][] = [
  ['runtime/src/s3', '@aws-sdk/client-s3', 's3/client.ts'],
  ['runtime/src/kafka', './assigned-consumer.ts', 'kafka/consumer.ts'],
  ['runtime/src/kafka', './read-records.ts', 'kafka/read-records.ts'],
  ['runtime/src/kafka', 'node:timers/promises', 'virtual-time.ts'],
];

/** Returns what is to be called when all is loaded: hooks make each later `require` slow. */
export function replaceClients(variant: Variant | null): () => void {
  const require = createRequire(import.meta.url);
  const path = require.resolve('kafkajs/src/cluster/brokerPool');
  require(path);
  (require.cache[path] as NodeJS.Module).exports = BrokerPool;

  const changed = new Map<string, string>();
  for (const { file, from, to } of variant?.changes ?? []) {
    const url = pathToFileURL(`${ROOT}/${file}`).href;
    changed.set(
      url,
      patched(changed.get(url) ?? readFileSync(`${ROOT}/${file}`, 'utf8'), file, from, to),
    );
  }
  const loaded = new Set<string>();
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const parent = context.parentURL?.startsWith('file:') && fileURLToPath(context.parentURL);
      const by = parent && replacementOf(dirname(parent), specifier);
      if (by) return { url: pathToFileURL(`${HERE}/${by}`).href, shortCircuit: true };
      return next(specifier, context);
    },
    load(url, context, next) {
      const source = changed.get(url);
      if (source === undefined) return next(url, context);
      loaded.add(url);
      return { format: 'module-typescript', source, shortCircuit: true };
    },
  });
  return () => {
    hooks.deregister();
    // A variant whose files nobody loads would be no variant.
    for (const url of changed.keys()) {
      if (!loaded.has(url)) throw new Error(`${url} was not loaded`);
    }
  };
}

const replacementOf = (folder: string, specifier: string): string | undefined =>
  REPLACED.find(([of, name]) => name === specifier && folder === `${ROOT}/${of}`)?.[2];
