/**
 * Steps of the protocol at which a test can let the process end as `kill -9` ends it, to show that a
 * crash right there is harmless. Inert unless AUTHSEAL_TEST_FAILPOINT names a step when the process
 * starts. That is a switch of the fault suites and no setting.
 */

export type Failpoint =
  /** A fetch with records was taken. */
  | 'fetched'
  /** InitProducerId has shut older owners out. */
  | 'fenced'
  /** The broker has the record of the open transaction. */
  | 'sent'
  /** The broker has the state of the open transaction. */
  | 'state-sent'
  | 'committed'
  /** S3 has answered a PutObject. */
  | 'put'
  /** S3 has shown the version that was written. */
  | 'shown';

/** `<step>`, or `<step>:<n>` for the n-th time that it is passed. */
const [armed = '', times = '1'] = (process.env.AUTHSEAL_TEST_FAILPOINT ?? '').split(':');
let left = Number(times);

if (armed !== '') {
  process.stderr.write(
    `WARNING: AUTHSEAL_TEST_FAILPOINT is set. This process kills itself at step "${armed}" (passing ${times}). Unset it unless this is a test.\n`,
  );
}

export function failpoint(step: Failpoint): void {
  if (step !== armed) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}
