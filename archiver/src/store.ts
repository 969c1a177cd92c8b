/** The world as archiving a batch needs it: small enough that a simulation can take its place. */
import type { Bucket } from '@authseal/runtime';
import type { ArchiverError } from './error.ts';

/** A bucket with versioning and Object Lock. Keys are whole keys; all calls may throw RuntimeError. */
export type Store = Pick<
  Bucket,
  'putLocked' | 'headVersion' | 'getVersion' | 'listVersions' | 'putRetention'
>;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted before. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Told what happens on the way to the store. */
export interface ArchiveWatch {
  /** A PutObject was answered after `ms`. */
  put(ms: number): void;
  /** S3 failed; the batch is tried again after `ms`. */
  retry(error: Error, ms: number): void;
  /** Somebody should look; archiving goes on. */
  alert(error: ArchiverError): void;
}
