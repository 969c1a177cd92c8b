/** Every compression that Kafka's record sets know, undone: https://kafka.apache.org/documentation/#recordbatch */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { lz4Decompress } from './lz4.ts';
import { snappyDecompress } from './snappy.ts';

/** By the number in a record set's attributes. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export type Compression = (typeof COMPRESSIONS)[number];

/** @throws when the bytes are not what they should be, or more than `limit` bytes come out */
export function decompress(bytes: Buffer, compression: Compression, limit: number): Buffer {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength: limit });
    case 'snappy':
      return snappyDecompress(bytes, limit);
    case 'lz4':
      return lz4Decompress(bytes, limit);
    case 'zstd':
      return zstdDecompressSync(bytes, { maxOutputLength: limit });
  }
}
