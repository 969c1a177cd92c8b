/**
 * Whether a bucket keeps what it is given. It is not enough to read its settings: a **canary**, a
 * small object under a COMPLIANCE lock of some minutes, is written below `<prefix>_doctor/`, and then
 * attacked as an operator or a thief of the archiver's credentials would: deleted by version, its
 * lock shortened, its lock turned into GOVERNANCE (which some may lift). Each must be refused, and
 * the canary be as it was. Once its lock has ended anybody may remove it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { type Bucket, RuntimeError, type VersionHead } from '@authseal/runtime';
import type { CheckResult } from './check.ts';

/** Long enough for clocks that differ by minutes. */
const CANARY_LOCK_MS = 10 * 60_000;

export async function examineBucket(bucket: Bucket): Promise<CheckResult[]> {
  const place = bucket.region.name;
  const { versioning, objectLock } = await bucket.bucketState();
  const settings: CheckResult[] = [
    {
      place,
      check: 'versioning is on',
      result: versioning === 'Enabled' ? 'ok' : 'fail',
      detail: versioning === 'Enabled' ? '' : `it is ${versioning}: switch it on`,
    },
    {
      place,
      check: 'Object Lock is on',
      result: objectLock ? 'ok' : 'fail',
      detail: objectLock ? '' : 'make a new bucket with Object Lock, and archive there',
    },
  ];
  if (settings.some(({ result }) => result === 'fail')) return settings;
  return [...settings, ...(await attackCanary(bucket))];
}

async function attackCanary(bucket: Bucket): Promise<CheckResult[]> {
  const place = bucket.region.name;
  const canary = await writeCanary(bucket);
  if ('failure' in canary) {
    const check = 'a locked object can be written';
    return [{ place, check, result: 'fail', detail: canary.failure }];
  }
  const { key, versionId, retainUntil } = canary;
  const sooner = new Date(retainUntil.getTime() - CANARY_LOCK_MS / 2);
  const attacks: [string, () => Promise<void>][] = [
    ['deleting it by version is refused', () => bucket.deleteVersion(key, versionId)],
    [
      'shortening its lock is refused',
      () => bucket.putRetention(key, versionId, 'COMPLIANCE', sooner),
    ],
    [
      'turning its lock into GOVERNANCE is refused',
      () => bucket.putRetention(key, versionId, 'GOVERNANCE', retainUntil),
    ],
  ];
  const results: CheckResult[] = [
    { place, check: 'a locked object can be written', result: 'ok', detail: key },
  ];
  for (const [check, attack] of attacks) results.push({ place, check, ...(await refusal(attack)) });
  const head = await bucket.headVersion(key, versionId);
  results.push({ place, check: 'afterwards it is as it was', ...judgeHead(head, retainUntil) });
  return results;
}

type Canary = { readonly key: string; readonly versionId: string; readonly retainUntil: Date };

async function writeCanary(bucket: Bucket): Promise<Canary | { readonly failure: string }> {
  const body = Buffer.from(
    'A canary of `authseal doctor`. It may be removed once its lock ends.\n',
  );
  const key = `${bucket.region.prefix}_doctor/${randomUUID()}`;
  const retainUntil = new Date(Math.ceil((Date.now() + CANARY_LOCK_MS) / 1000) * 1000);
  const sha256 = createHash('sha256').update(body).digest();
  try {
    const put = await bucket.putLocked({ key, body, sha256, retainUntil, ifNoneMatch: true });
    if (put.outcome === 'written') return { key, versionId: put.versionId, retainUntil };
    return { failure: `the write of ${key} ended with "${put.outcome}": run doctor again` };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return {
      failure: `${error.message}. Run doctor with a role that may write below _doctor/, such as the archiver's`,
    };
  }
}

async function refusal(
  attack: () => Promise<void>,
): Promise<Pick<CheckResult, 'result' | 'detail'>> {
  try {
    await attack();
  } catch (error) {
    if (isRefusal(error)) return { result: 'ok', detail: '' };
    throw error;
  }
  const detail = 'it was done: this store does not enforce COMPLIANCE, and cannot hold an archive';
  return { result: 'fail', detail };
}

/** The store answered, and said no. */
function isRefusal(error: unknown): error is RuntimeError {
  if (!(error instanceof RuntimeError)) return false;
  const { $metadata } = (error.cause ?? {}) as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return error.code === 'S3_ACCESS_DENIED' || (status >= 400 && status < 500);
}

function judgeHead(
  head: VersionHead | null,
  retainUntil: Date,
): Pick<CheckResult, 'result' | 'detail'> {
  if (head === null) return { result: 'fail', detail: 'it is gone' };
  const isKept =
    head.mode === 'COMPLIANCE' && head.retainUntil?.getTime() === retainUntil.getTime();
  const detail = `${head.mode ?? 'no lock'} until ${head.retainUntil?.toISOString() ?? 'never'}`;
  return { result: isKept ? 'ok' : 'fail', detail };
}
