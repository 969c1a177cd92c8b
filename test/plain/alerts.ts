/** The alerting rules, and what a Prometheus that has them says. */
import { readFileSync } from 'node:fs';
import type { Server } from '@authseal/deploy/local';
import { expect, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { ROOT } from './commands.ts';

export const RULES = `${ROOT}/deploy/alerts/authseal.rules.yaml`;

type Rule = {
  alert: string;
  expr: string;
  for?: string;
  annotations: { summary: string; runbook: string };
};
type Rules = { groups: { rules: Rule[] }[] };

export const readRules = (): Rules => parse(readFileSync(RULES, 'utf8'));

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
type Unit = keyof typeof SECONDS;

/**
 * The same rules where a minute is a second, for services whose heartbeat is as much shorter: every
 * duration, `for: 5m` and `[1h]`, and every number of seconds that is compared to (three digits or more).
 */
export function minutesAsSeconds(rules: Rules): string {
  const shorter = (duration: string) =>
    duration.replace(/(\d+)([smhd])/, (_, n, unit) => `${(n * SECONDS[unit as Unit]) / 60}s`);
  const short = ({ expr, ...rule }: Rule) => ({
    ...rule,
    ...(rule.for === undefined ? {} : { for: shorter(rule.for) }),
    expr: expr
      .replace(/\[\d+[smhd]\]/g, shorter)
      .replace(/([<>] )(\d{3,})/g, (_, sign, n) => `${sign}${n / 60}`),
  });
  const groups = rules.groups.map((group) => ({ ...group, rules: group.rules.map(short) }));
  return stringify({ groups });
}

type Labels = Record<string, string>;
const PATIENT = { timeout: 100_000, interval: 200 };

/** The alerts that fire in a Prometheus. */
export class Alerts {
  readonly #prometheus: Server;

  constructor(prometheus: Server) {
    this.#prometheus = prometheus;
  }

  /** The labels of each, `alertname` among them. */
  async firing(): Promise<Labels[]> {
    const answer = await fetch(`${this.#prometheus.endpoint}/api/v1/alerts`);
    const { data } = (await answer.json()) as {
      data: { alerts: { labels: Labels; state: string }[] };
    };
    return data.alerts.flatMap(({ labels, state }) => (state === 'firing' ? [labels] : []));
  }

  /** Waits until this alert fires with these labels. */
  async fires(alertname: string, labels: Labels = {}): Promise<void> {
    const expected = expect.objectContaining({ alertname, ...labels });
    await vi.waitFor(async () => expect(await this.firing()).toContainEqual(expected), PATIENT);
  }

  /** Waits until it does not. */
  async resolves(alertname: string, labels: Labels = {}): Promise<void> {
    const expected = expect.objectContaining({ alertname, ...labels });
    await vi.waitFor(async () => expect(await this.firing()).not.toContainEqual(expected), PATIENT);
  }
}
