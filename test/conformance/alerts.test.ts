/**
 * The alerting rules, held against the metrics that there are, the runbook, and their own tests by
 * promtool. On running services they are tried in faults/alerts.long.ts.
 */
import { readFileSync } from 'node:fs';
import { installPrometheus, promtoolAtHand } from '@authseal/deploy/local';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RULES, readRules } from '../plain/alerts.ts';
import { ROOT, runAny } from '../plain/commands.ts';

const read = (path: string) => readFileSync(`${ROOT}/${path}`, 'utf8');
const rules = readRules().groups.flatMap((group) => group.rules);
const runbook = read('docs/operations.md');
const headings = [...runbook.matchAll(/^## (Authseal\w+)$/gm)].map(([, name]) => name);

/** As ingestor and archiver name them in their sources. */
const metrics = [
  ...[...read('ingestor/src/metrics.ts').matchAll(/'(authseal_ingestor_\w+)'/g)].map(([, m]) => m),
  ...[...read('archiver/src/watch.ts').matchAll(/(?:counter|gauge)\(\s*'(\w+)'/g)].map(
    ([, m]) => `authseal_archiver_${m}`,
  ),
  ...[...read('archiver/src/watch.ts').matchAll(/'(authseal_archiver_\w+)'/g)].map(([, m]) => m),
];

describe('the alerting rules', () => {
  it.each(rules)('$alert asks for metrics that there are', ({ expr }) => {
    const asked = expr.match(/authseal_(?:ingestor|archiver)_\w+/g) ?? [];
    expect(asked.filter((name) => !metrics.includes(name))).toEqual([]);
  });

  it('have an entry each in the runbook, which has no other', () => {
    expect(headings).toEqual(rules.map(({ alert }) => alert));
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    }
  });

  it.each([
    ['archiver/src/error.ts', 'AuthsealArchivingStopped', /stops the partition/i],
    // All but those of the whole process and of the commands.
    ['ingestor/src/error.ts', 'AuthsealPartitionRefused', /^(?!`recover`|A topic|Ingestors are)/],
  ])('name in the runbook each reason of %s for which a partition stops', (file, alert, stops) => {
    const entry = runbook.split(`## ${alert}\n`)[1]?.split('\n## ')[0] ?? '';
    const codes = [...read(file).matchAll(/\/\*\* (.+?) \*\/\s*\| '(\w+)'/g)].flatMap(
      ([, comment = '', code]) => (stops.test(comment) ? [code] : []),
    );
    expect(codes.length).toBeGreaterThan(4);
    expect(codes.filter((code) => !entry.includes(`\`${code}\``))).toEqual([]);
  });

  it('call twice for nothing that stops a partition', () => {
    const { expr = '' } = rules.find(({ alert }) => alert === 'AuthsealSomethingBeside') ?? {};
    const goesOn = [
      ...read('archiver/src/error.ts').matchAll(
        /\/\*\* (?:Goes on|Passed over).+?\*\/\s*\| '(\w+)'/g,
      ),
    ].map(([, code]) => code);
    expect(/code=~"([\w|]+)"/.exec(expr)?.[1]?.split('|').sort()).toEqual(goesOn.sort());
  });

  it.each(rules)('have tests in which $alert fires, and in which it is quiet', ({ alert }) => {
    const { tests } = parse(read('deploy/alerts/authseal.rules.test.yaml')) as RuleTests;
    const cases = tests
      .flatMap(({ alert_rule_test }) => alert_rule_test)
      .filter(({ alertname }) => alertname === alert);
    expect(cases.filter(({ exp_alerts }) => exp_alerts.length > 0)).not.toEqual([]);
    expect(cases.filter(({ exp_alerts }) => exp_alerts.length === 0)).not.toEqual([]);
  });
});

type RuleTests = { tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] };

// Built by the long rounds; else taken where it is.
const MUST_RUN = process.env.AUTHSEAL_TEST_LONG === '1';
const atHand = await promtoolAtHand();

describe.skipIf(!MUST_RUN && atHand === null)('promtool, where it is built,', () => {
  let promtool = atHand ?? '';
  beforeAll(async () => {
    if (atHand !== null) return;
    promtool = (await installPrometheus((line) => process.stderr.write(`${line}\n`))).promtool;
  }, 1_200_000);

  it.each([
    ['takes the rules', ['check', 'rules', RULES]],
    [
      'takes the configuration that has them',
      ['check', 'config', `${ROOT}/deploy/alerts/prometheus.yaml`],
    ],
    [
      'finds them fire and be quiet as their tests say',
      ['test', 'rules', RULES.replace('.yaml', '.test.yaml')],
    ],
  ])('%s', async (_, args) => {
    const { code, stdout, stderr } = await runAny(promtool, args);
    expect(code, stdout + stderr).toBe(0);
  });
});
