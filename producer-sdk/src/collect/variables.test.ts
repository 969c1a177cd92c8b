import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unknownVariables } from './variables.ts';

describe('the environment of a collector', () => {
  it('may hold the settings of all parts, and what Kubernetes adds', () => {
    const table = readFileSync(new URL('../../../runtime/README.md', import.meta.url), 'utf8');
    const names = [...table.matchAll(/^\| `(AUTHSEAL_[\w<>]+)` /gm)].map(([, name]) =>
      (name as string).replace('<NAME>', 'EU_WEST_1'),
    );
    expect(names.length).toBeGreaterThan(25);
    const added = ['AUTHSEAL_INGESTOR_PORT_8080_TCP_ADDR', 'AUTHSEAL_INGESTOR_SERVICE_HOST'];
    const own = ['AUTHSEAL_PRODUCER_KEY', 'AUTHSEAL_CONFIG', 'AUTHSEAL_DATA', 'AUTHSEAL_TEST_X'];
    const all = [...names, ...added, ...own, 'OTHER'].map((name) => [name, 'x']);
    expect(unknownVariables(Object.fromEntries(all))).toEqual([]);
  });

  it('is refused with a name that nobody knows, and with what was meant', () => {
    expect(
      unknownVariables({
        AUTHSEAL_KAFKA_BROKER: 'kafka:9092',
        AUTHSEAL_EVENT_TOPCI: 'x',
        AUTHSEAL_PRODCUER_KEY: 'a secret',
        AUTHSEAL_COLOUR: 'blue',
        AUTHSEAL_EMPTY: '',
      }),
    ).toEqual([
      'AUTHSEAL_KAFKA_BROKER: is no variable that Authseal knows: did you mean AUTHSEAL_KAFKA_BROKERS?',
      'AUTHSEAL_EVENT_TOPCI: is no variable that Authseal knows',
      'AUTHSEAL_PRODCUER_KEY: is no variable that Authseal knows: did you mean AUTHSEAL_PRODUCER_KEY?',
      'AUTHSEAL_COLOUR: is no variable that Authseal knows',
    ]);
  });
});
