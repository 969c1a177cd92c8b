export { describeSettings, type SettingDescription, settingsHelp } from './config/describe.ts';
export type { ConfigSources } from './config/load.ts';
export { loadConfig } from './config/load.ts';
export {
  duration,
  kafkaSettings,
  type Region,
  serviceSettings,
  settings,
} from './config/settings.ts';
export { RuntimeError, type RuntimeErrorCode } from './error.ts';
export { failpoint } from './failpoint.ts';
export { type Check, type HealthOptions, type HealthServer, startHealthServer } from './health.ts';
export { createLogger, type Logger, type LoggerOptions } from './log.ts';
export { createRegistry } from './metrics.ts';
export {
  Bucket,
  type BucketState,
  type Lock,
  type LockedObject,
  type LockMode,
  type PutOutcome,
  type VersionBytes,
  type VersionHead,
} from './s3/bucket.ts';
export type { ListedVersion } from './s3/listing.ts';
export { handleShutdown, type ShutdownOptions } from './shutdown.ts';
export { WorkerThread } from './worker-thread.ts';
