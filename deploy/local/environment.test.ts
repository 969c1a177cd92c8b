import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fromEnvironment, toEnvironment, toShell } from './environment.ts';

const region = (name: string, prefix: string) => ({
  name,
  endpoint: `http://127.0.0.1:7070/${name}`,
  bucket: 'authseal',
  prefix,
  accessKeyId: 'KEY',
  secretAccessKey: "it's secret",
});
const addresses = {
  kafkaBrokers: ['127.0.0.1:9092', '127.0.0.1:9093'],
  regions: [region('eu-central-1', ''), region('eu-west-1', 'audit/')],
};

describe('addresses in the environment', () => {
  it('come back as they were written', () => {
    expect(fromEnvironment(toEnvironment(addresses))).toEqual(addresses);
  });

  it('name a region in upper case with _ for -', () => {
    expect(toEnvironment(addresses)).toMatchObject({
      AUTHSEAL_KAFKA_BROKERS: '127.0.0.1:9092,127.0.0.1:9093',
      AUTHSEAL_REGIONS: 'eu-central-1,eu-west-1',
      AUTHSEAL_REGION_EU_WEST_1_PREFIX: 'audit/',
    });
  });

  it('are none where neither brokers nor regions are named', () => {
    expect(fromEnvironment({ AUTHSEAL_DEPLOYMENT: 'local' })).toBeNull();
  });

  it('are refused when only some are there, with every missing variable named', () => {
    const environment = toEnvironment(addresses);
    delete environment.AUTHSEAL_KAFKA_BROKERS;
    delete environment.AUTHSEAL_REGION_EU_WEST_1_BUCKET;
    expect(() => fromEnvironment(environment)).toThrow(
      expect.objectContaining({
        code: 'INCOMPLETE_ADDRESSES',
        message: expect.stringMatching(
          /AUTHSEAL_KAFKA_BROKERS, AUTHSEAL_REGION_EU_WEST_1_BUCKET\. /,
        ),
      }),
    );
  });

  it('are read back by a shell, quotes and all', () => {
    const script = `${toShell(toEnvironment(addresses))}printf %s "$AUTHSEAL_REGION_EU_WEST_1_SECRET_ACCESS_KEY"`;
    expect(execFileSync('sh', ['-c', script]).toString()).toBe("it's secret");
  });
});
