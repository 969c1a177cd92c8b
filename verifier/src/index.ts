export type { Archive } from './archive/archive.ts';
export { VerifierError, type VerifierErrorCode } from './error.ts';
export { type Acceptance, parseAcceptances } from './verify/accept.ts';
export type { LogReport } from './verify/log.ts';
export type { SignedBatch } from './verify/object.ts';
export { PROBLEM_CODES, type ProblemCode, type Severity } from './verify/problem-codes.ts';
export type { Problem } from './verify/problems.ts';
export { type ProducerKeys, parseProducerKeys } from './verify/producer-keys.ts';
export type { ProducerReport } from './verify/producers.ts';
export {
  type Progress,
  type Report,
  type VerifyOptions,
  verifyArchive,
} from './verify/verify-archive.ts';
