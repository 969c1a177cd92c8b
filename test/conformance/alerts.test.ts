/** The alerting rules, held against the metrics that there are and the runbook. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../plain/commands.ts';

type Rule = { alert: string; expr: string; annotations: { summary: string; runbook: string } };

const read = (path: string) => readFileSync(`${ROOT}/${path}`, 'utf8');
const rules: Rule[] = parse(read('deploy/alerts/authseal.rules.yaml')).groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
);
const runbook = read('docs/operations.md');
const headings = [...runbook.matchAll(/^## (Authseal\w+)$/gm)].map(([, name]) => name);

/** As ingestor and archiver name them in their sources. */
const metrics = [
  ...[...read('ingestor/src/metrics.ts').matchAll(/'(authseal_ingestor_\w+)'/g)].map(([, m]) => m),
  ...[...read('archiver/src/watch.ts').matchAll(/(?:counter|gauge)\('(\w+)'/g)].map(
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
});
