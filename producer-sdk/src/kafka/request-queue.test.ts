import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** What a service does that imports the SDK, and a queue of kafkajs whose requests are answered. */
const service = (sdk: string) => `
  ${sdk}
  import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
  const logger = { debug() {} };
  const queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1000, logger });
  const push = (correlationId, answered) => queue.push({
    entry: { correlationId, resolve() {} },
    expectResponse: true,
    sendRequest() {
      console.log('sent', correlationId);
      setImmediate(() => {
        queue.fulfillRequest({ correlationId, size: 0 });
        answered();
      });
    },
  });
  push(1, () => {
    if (process.argv[1] === 'throttled') queue.maybeThrottle(20);
    push(2, () => setTimeout(() => queue.destroy(), 5));
  });`;

const run = (sdk: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '-e', service(sdk), ...args], {
    cwd: import.meta.dirname,
  });

describe("kafkajs's queue of requests", () => {
  it('makes Node warn of a negative timer without the SDK', async () => {
    expect((await run('')).stderr).toContain('TimeoutNegativeWarning');
  });

  it.each(['idle', 'throttled'])(
    'sends all and makes Node warn of nothing with it: %s',
    async (how) => {
      const sdk = "import '@authseal/producer-sdk';";
      expect(await run(sdk, how)).toEqual({ stdout: 'sent 1\nsent 2\n', stderr: '' });
    },
  );
});
