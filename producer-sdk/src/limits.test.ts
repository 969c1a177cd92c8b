import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FLUSH_OVERHEAD_BYTES,
  HEADER_LINK,
  HEADER_SEQUENCE,
  HEADER_SIGNATURE,
  recordBytes,
} from './limits.ts';

// The encoder that really makes the batch; kafkajs does not export it.
const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0');
const Record = require('kafkajs/src/protocol/recordBatch/record/v0');

describe('the size of a flush', () => {
  it('is never more than was reckoned, and little less', async () => {
    const values = fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(values, fc.string({ maxLength: 60 }), async (lengths, key) => {
        let reckoned = FLUSH_OVERHEAD_BYTES;
        const records = lengths.map((length, i) => {
          const value = Buffer.alloc(length);
          const headers = { [HEADER_SEQUENCE]: String(i) };
          reckoned += recordBytes(key, value, headers);
          const seal = { [HEADER_LINK]: Buffer.alloc(32), [HEADER_SIGNATURE]: Buffer.alloc(64) };
          const all = i === lengths.length - 1 ? { ...headers, ...seal } : headers;
          return Record({ key, value, headers: all, offsetDelta: i, timestampDelta: 0 });
        });
        const actual = (await RecordBatch({ records })).size();
        expect(actual).toBeLessThanOrEqual(reckoned);
        expect(actual).toBeGreaterThan(reckoned - 40 * lengths.length - 40);
      }),
    );
  });
});
