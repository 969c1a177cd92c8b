/**
 * Adds up what every suite reported. A suite without a report, a test file that is in no report and
 * a test that was skipped without leave count as failed: silence is never success.
 *
 *     node .ci/tally.ts <exit status of npm test> <exit status of npm run check>
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

/** What may be skipped, by name, where its tool or its data are not there. */
const MAY_SKIP = /fastavro|Go program|helm|promtool|AUTHSEAL_DATA|AUTHSEAL_TEST_READER/;

/** Characters. */
const MOST_OF_A_REASON = 300;

type Report = {
  testResults: {
    name: string;
    status: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
};

const root = resolve(import.meta.dirname, '..');
const { workspaces } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const failures: string[] = [];
let passed = 0;

for (const workspace of workspaces as string[]) {
  const files = globSync(`${workspace}/**/*.test.ts`, {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name === 'dist',
  });
  const path = `${root}/.cache/test-results/${workspace}.json`;
  if (!existsSync(path)) {
    failures.push(`${workspace}: did not run`);
    continue;
  }
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const reported = new Set(testResults.map(({ name }) => relative(root, name)));
  for (const file of files) {
    if (!reported.has(file)) failures.push(`${file}: did not run`);
  }
  for (const { name, status, assertionResults } of testResults) {
    const file = relative(root, name);
    if (status !== 'passed' && assertionResults.length === 0) failures.push(`${file}: ${status}`);
    for (const test of assertionResults) {
      if (test.status === 'passed') passed += 1;
      else if (test.status === 'failed' || !MAY_SKIP.test(test.fullName)) {
        const [why = ''] = test.failureMessages?.[0]?.split('\n') ?? [];
        failures.push(
          `${file}: ${test.fullName}: ${test.status} ${why.slice(0, MOST_OF_A_REASON)}`,
        );
      } else console.log(`skipped: ${test.fullName}`);
    }
  }
}

const [tests, check] = process.argv.slice(2);
if (tests !== '0' && failures.length === 0) failures.push(`npm test ended with ${tests}`);
if (check === '0') passed += 1;
else failures.push(`npm run check ended with ${check}`);

for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
