import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyValue, encodeEvent } from './auth-event.ts';
import { AUTH_EVENT_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { arbitraryEvent } from './testing/arbitrary.ts';

const SCRIPT = fileURLToPath(new URL('testing/fastavro_batch.py', import.meta.url));
const CURRENT = AUTH_EVENT_SCHEMA_TEXTS.at(-1) as string;
const present = spawnSync('python3', ['-c', 'import fastavro']).status === 0;

/** Bodies that were taken for canonical as they stand, of whole and of mutated events. */
function acceptedBodies(): Buffer[] {
  const mutation = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 });
  const samples = fc.sample(fc.tuple(arbitraryEvent, mutation), { numRuns: 1000, seed: 1 });
  return samples.flatMap(([event, mutations]) => {
    const value = encodeEvent(event);
    for (const [at, byte] of mutations) value[10 + (at % (value.length - 10))] = byte;
    const { raw, event: body } = classifyValue(value);
    return raw === null && body !== null ? [body] : [];
  });
}

describe('canonical events in one batch', () => {
  it.skipIf(!present)('are read and written back by fastavro, byte for byte', () => {
    const bodies = acceptedBodies();
    expect(bodies.length).toBeGreaterThan(300);
    const batch = Buffer.concat(bodies);
    const run = spawnSync('python3', [SCRIPT, CURRENT], { input: batch, maxBuffer: 2 ** 26 });
    expect(run.stderr.toString()).toBe('');
    expect(run.stdout.equals(batch)).toBe(true);
  });
});
