import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from './load.ts';
import { kafkaSettings, serviceSettings, settings } from './settings.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'authseal-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(text: string): string {
  const path = join(folder, `${++files}.yaml`);
  writeFileSync(path, text);
  return path;
}

function errorOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    expect(error).toMatchObject({ name: 'RuntimeError', code: 'INVALID_CONFIG' });
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

const service = z.object({ ...serviceSettings, ...kafkaSettings });
const needed = { AUTHSEAL_DEPLOYMENT: 'acme', AUTHSEAL_KAFKA_BROKERS: 'a:9092, [::1]:9093' };

const storage = z.object({ regions: settings.regions });
const twoRegions = {
  AUTHSEAL_REGIONS: 'eu-central-1,eu-west-1',
  AUTHSEAL_REGION_EU_CENTRAL_1_BUCKET: 'first',
  AUTHSEAL_REGION_EU_CENTRAL_1_ENDPOINT: 'http://127.0.0.1:7070',
  AUTHSEAL_REGION_EU_CENTRAL_1_ACCESS_KEY_ID: 'id',
  AUTHSEAL_REGION_EU_CENTRAL_1_SECRET_ACCESS_KEY: 'hunter2',
  AUTHSEAL_REGION_EU_WEST_1_BUCKET: 'second',
  AUTHSEAL_REGION_EU_WEST_1_PREFIX: 'audit/',
};

describe('a configuration', () => {
  it('is typed, with texts from the environment read and defaults filled in', () => {
    const env = {
      ...needed,
      AUTHSEAL_HTTP_PORT: '0',
      AUTHSEAL_SHUTDOWN_GRACE: '90s',
      PATH: '/bin',
    };
    expect(loadConfig(service, { env, flags: [] })).toEqual({
      deployment: 'acme',
      logLevel: 'info',
      httpHost: '0.0.0.0',
      httpPort: 0,
      shutdownGrace: 90_000,
      kafkaBrokers: ['a:9092', '[::1]:9093'],
      kafkaSsl: false,
      sessionTimeout: 30_000,
      transactionTimeout: 60_000,
      eventsTopic: 'auth-events',
      batchesTopic: 'auth-batches',
    });
  });

  it('takes flags before environment before file before default', () => {
    const file = write('deployment: file\nhttpPort: 1\nlogLevel: warn\nhttpHost: "::1"\n');
    const env = {
      ...needed,
      AUTHSEAL_CONFIG: file,
      AUTHSEAL_HTTP_PORT: '2',
      AUTHSEAL_LOG_LEVEL: '',
    };
    const config = loadConfig(service, { env, flags: ['--http-port', '3', '--deployment=flag'] });
    expect(config).toMatchObject({
      deployment: 'flag',
      httpPort: 3,
      logLevel: 'warn',
      httpHost: '::1',
      eventsTopic: 'auth-events',
    });
  });

  it('puts nested settings together from several sources', () => {
    const file = write('kafkaSasl: { mechanism: plain, username: file }');
    const env = { ...needed, AUTHSEAL_KAFKA_SASL_PASSWORD: '007', AUTHSEAL_KAFKA_SSL: 'true' };
    const flags = ['--config', file, '--kafka-sasl-username', 'flag'];
    expect(loadConfig(service, { env, flags })).toMatchObject({
      kafkaSsl: true,
      kafkaSasl: { mechanism: 'plain', username: 'flag', password: '007' },
    });
  });

  it('says everything that is wrong at once, by the name that was written', () => {
    const file = write(
      'logLevel: loud\nkafkaSasl:\n  mechanism: plain\n  usrname: x\nnonsense: 1\n',
    );
    const env = {
      AUTHSEAL_CONFIG: file,
      AUTHSEAL_HTTP_PORT: '99999',
      AUTHSEAL_KAFKA_BROKERS: 'a:9092,user:hunter2@b:9092',
      AUTHSEAL_EVENT_TOPIC: 'x',
    };
    const flags = ['--httphost', '::', '--shutdown-grace', '5', 'stray'];
    expect(
      errorOf(() => loadConfig(service, { env, flags })).replaceAll(/\d\.yaml/g, 'f.yaml'),
    ).toBe(
      `The configuration has 12 errors:
  --httphost: found a flag that is not known; expected a known setting: did you mean --http-host?
  stray: found an argument too many; expected flags only
  kafkaSasl.usrname in f.yaml: found a key that is not known; expected a known setting: did you mean username?
  nonsense in f.yaml: found a key that is not known; expected a known setting
  AUTHSEAL_EVENT_TOPIC: found a variable that is not known; expected a known setting: did you mean AUTHSEAL_EVENTS_TOPIC?
  AUTHSEAL_DEPLOYMENT (or --deployment): found nothing; expected one or more of a-z, 0-9, "." and "-"
  logLevel in f.yaml: found "loud"; expected one of fatal, error, warn, info, debug, trace, silent
  AUTHSEAL_HTTP_PORT: found 99999; expected a whole number from 0 to 65535
  --shutdown-grace: found "5"; expected a duration such as 30s, 15m, 12h, 7d or 10y, at most 24d
  AUTHSEAL_KAFKA_BROKERS: found "…@b:9092"; expected host:port, several joined by commas
  AUTHSEAL_KAFKA_SASL_USERNAME (or --kafka-sasl-username): found nothing; expected a text that is not empty
  AUTHSEAL_KAFKA_SASL_PASSWORD (or --kafka-sasl-password): found nothing; expected a text that is not empty`,
    );
  });

  it('never shows a secret, nor the value of a variable that is not known', () => {
    const file = write('kafkaSasl: { mechanism: plain, username: u, password: 12345 }\n');
    const env = { ...needed, AUTHSEAL_CONFIG: file, AUTHSEAL_KAFKA_SASL_PASWORD: 'hunter2' };
    const message = errorOf(() => loadConfig(service, { env, flags: [] }));
    expect(message).toContain(`kafkaSasl.password in ${files}.yaml: found a secret, not shown`);
    expect(message).not.toMatch(/12345|hunter2/);
    const broken = write('password: "hunter2\nx: [');
    expect(
      errorOf(() => loadConfig(service, { env: needed, flags: ['--config', broken] })),
    ).toMatch(/\.yaml, line \d: found \w+; expected YAML$/m);
    expect(
      errorOf(() => loadConfig(service, { env: needed, flags: ['--config', broken] })),
    ).not.toContain('hunter2');
  });

  it.each([
    ['an alias of nothing', 'kafkaSasl: *hunter2', 'an alias of what is not there'],
    ['too many aliases', `a: &a [x]\nb: [${'*a,'.repeat(200)}*a]`, 'or aliases of too much'],
    [
      'a date',
      '%YAML 1.1\n---\nkafkaSasl: 2001-01-01',
      'kafkaSasl in f.yaml: found something else',
    ],
    [
      'line ends',
      '"a\\nb\\e[31m\\u202e": 1',
      'a\\u{a}b\\u{1b}[31m\\u{202e} in f.yaml: found a key',
    ],
    [
      'a text as long as its file',
      `logLevel: ${'k'.repeat(2_000_000)}`,
      `found "${'k'.repeat(78)}…`,
    ],
    [
      'a key as long as its file',
      `? ${'k'.repeat(500_000)}\n: 1`,
      `${'k'.repeat(299)}…: found a key`,
    ],
  ])('refuses %s, in lines that a terminal may show', (_, yaml, said) => {
    const flags = ['--config', write(yaml)];
    const message = errorOf(() => loadConfig(service, { env: needed, flags }));
    expect(message.replaceAll(/\d+\.yaml/g, 'f.yaml')).toContain(said);
    expect(message.split('\n').length).toBe(2);
    expect(message).not.toContain('hunter2');
  });

  it('names a file that cannot be read, and a path that is none', () => {
    const env = { AUTHSEAL_CONFIG: '/nowhere.yaml', AUTHSEAL_KEYS: folder };
    const message = errorOf(() =>
      loadConfig(z.object({ keys: settings.keys }), { env, flags: [] }),
    );
    expect(message).toContain('AUTHSEAL_CONFIG: found "/nowhere.yaml" (ENOENT)');
    expect(message).toContain(`AUTHSEAL_KEYS: found "${folder}"; expected the path of a file`);
  });

  it('lets pass the settings of other services, Kubernetes and test switches, in environment and file', () => {
    const env = {
      ...needed,
      ...twoRegions,
      AUTHSEAL_CONFIG: write('linger: 1s\nregions: [{ name: x, bucket: bbb }]\nkafkaSasl:\n'),
      AUTHSEAL_RETENTION: '7y',
      AUTHSEAL_DATA: '../shared/data',
      AUTHSEAL_TEST_SEED: '1',
      AUTHSEAL_INGESTOR_SERVICE_HOST: '10.0.0.1',
      AUTHSEAL_INGESTOR_PORT: 'tcp://10.0.0.1:8080',
      AUTHSEAL_INGESTOR_PORT_8080_TCP_ADDR: '10.0.0.1',
    };
    expect(loadConfig(service, { env, flags: [] }).deployment).toBe('acme');
    expect(
      errorOf(() => loadConfig(service, { env: { ...env, AUTHSEAL_HTPP_PORT: '1' }, flags: [] })),
    ).toContain('did you mean AUTHSEAL_HTTP_PORT?');
  });

  it('takes the fields of a command itself from flags and arguments only', () => {
    const pull = z.object({
      grace: settings.grace,
      json: z.boolean().default(false),
      limit: z.int({ error: 'a whole number' }).optional(),
      directory: z.string(),
    });
    const env = { AUTHSEAL_GRACE: '1m' };
    const read = (...flags: string[]) =>
      loadConfig(pull, { env, flags, positionals: ['directory'] });
    expect(read('--json', 'out', '--limit', '7')).toEqual({
      grace: 60_000,
      json: true,
      limit: 7,
      directory: 'out',
    });
    expect(read('--json=false', '--', '--out')).toEqual({
      grace: 60_000,
      json: false,
      directory: '--out',
    });
    expect(errorOf(() => read('--limit', 'x', '--grace', '1m', '--grace', '2m', '--limit'))).toBe(
      `The configuration has 3 errors:
  --grace: found the flag twice; expected it once
  --limit: found nothing after it; expected a value
  --directory: found nothing; expected Invalid input: expected string, received undefined`,
    );
    expect(() =>
      loadConfig(pull, { env: { AUTHSEAL_LIMIT: '1' }, flags: ['--directory=x'] }),
    ).toThrow('AUTHSEAL_LIMIT');
  });

  it('shows the message of a rule over several fields', () => {
    const archiver = z
      .object({ region: settings.region, regions: settings.regions })
      .refine(({ region, regions }) => regions.some(({ name }) => name === region), {
        path: ['region'],
        message: 'the name of one of the regions',
      });
    const load = () =>
      loadConfig(archiver, { env: { ...twoRegions, AUTHSEAL_REGION: 'x' }, flags: [] });
    expect(errorOf(load)).toContain(
      'AUTHSEAL_REGION: found "x"; expected the name of one of the regions',
    );
  });
});

describe('durations', () => {
  it.each([
    ['1ms', 1],
    ['30s', 30_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['10y', 3660 * 86_400_000],
  ])('reads %s', (text, ms) => {
    expect(settings.retention.parse(text)).toBe(ms);
  });

  it.each(['', '5', '5 s', '-5s', '1.5h', '0s', '99999999999y', '5M'])('refuses "%s"', (text) => {
    expect(settings.retention.safeParse(text).success).toBe(false);
  });

  it('of timers are no longer than a timer can be, that of the heartbeat in whole seconds', () => {
    expect(settings.linger.safeParse('24d').success).toBe(true);
    expect(settings.linger.safeParse('25d').success).toBe(false);
    expect(settings.heartbeat.safeParse('1500ms').success).toBe(false);
  });
});

describe('regions', () => {
  it('are read from one variable for the names and one for each field', () => {
    expect(loadConfig(storage, { env: twoRegions, flags: [] }).regions).toEqual([
      {
        name: 'eu-central-1',
        endpoint: 'http://127.0.0.1:7070',
        bucket: 'first',
        prefix: '',
        accessKeyId: 'id',
        secretAccessKey: 'hunter2',
      },
      { name: 'eu-west-1', bucket: 'second', prefix: 'audit/' },
    ]);
  });

  it('are read from a list in the file, single fields of which flags and environment replace', () => {
    const file = write(
      'regions:\n  - { name: a-1, bucket: aaa }\n  - { name: b-1, bucket: bbb, prefix: p/ }\n',
    );
    const env = { AUTHSEAL_CONFIG: file, AUTHSEAL_REGION_B_1_BUCKET: 'env' };
    expect(loadConfig(storage, { env, flags: ['--region-a-1-bucket', 'flag'] }).regions).toEqual([
      { name: 'a-1', bucket: 'flag', prefix: '' },
      { name: 'b-1', bucket: 'env', prefix: 'p/' },
    ]);
    expect(loadConfig(storage, { env, flags: ['--regions', 'b-1'] }).regions).toHaveLength(1);
  });

  it('are refused when two names mean the same variable', () => {
    const env = { AUTHSEAL_REGIONS: 'eu-1,eu_1', AUTHSEAL_REGION_EU_1_BUCKET: 'bbb' };
    expect(errorOf(() => loadConfig(storage, { env, flags: [] }))).toContain(
      'AUTHSEAL_REGIONS: found "eu-1" and "eu_1"; expected names that differ by more',
    );
  });

  it('are refused with a variable of a region that is not listed, or that is no field', () => {
    const env = {
      ...twoRegions,
      AUTHSEAL_REGION_EU_NORTH_1_BUCKET: 'x',
      AUTHSEAL_REGION_EU_WEST_1_BUKET: 'x',
    };
    const message = errorOf(() => loadConfig(storage, { env, flags: ['--region-x-bucket=y'] }));
    expect(message).toContain(
      'AUTHSEAL_REGION_EU_NORTH_1_BUCKET: found a region that is not listed',
    );
    expect(message).toContain('did you mean AUTHSEAL_REGION_EU_WEST_1_BUCKET?');
    expect(message).toContain('--region-x-bucket: found a region that is not listed');
  });

  it.each([
    [
      'BUCKET',
      '',
      'AUTHSEAL_REGION_EU_WEST_1_BUCKET (or --region-eu-west-1-bucket): found nothing',
    ],
    ['PREFIX', '/audit/', 'found "/audit/"; expected nothing, or a text that ends with "/"'],
    ['PREFIX', 'audit', 'found "audit"'],
    ['ENDPOINT', 'https://u:hunter2@s3', 'found "…@s3"'],
    ['ENDPOINT', 's3.example.com', 'found "s3.example.com"; expected a URL'],
    [
      'ACCESS_KEY_ID',
      'x',
      'SECRET_ACCESS_KEY (or --region-eu-west-1-secret-access-key): found nothing; expected both',
    ],
  ])('are refused when %s is "%s"', (field, value, message) => {
    const env = { ...twoRegions, [`AUTHSEAL_REGION_EU_WEST_1_${field}`]: value };
    expect(errorOf(() => loadConfig(storage, { env, flags: [] }))).toContain(message);
  });
});
