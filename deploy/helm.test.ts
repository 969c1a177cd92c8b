/** The Helm chart, rendered by helm itself. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CACHE, ROOT } from './local/directories.ts';
import { install, versionOf } from './local/install.ts';

const CHART = `${ROOT}/deploy/helm/authseal`;
const VERSION = '3.22.0';

const VALUES: Record<string, unknown> = {
  deployment: 'acme',
  kafka: { brokers: ['kafka-1:9093', 'kafka-2:9093'], sasl: { secret: 'kafka-login' } },
  retention: '7y',
  regions: [
    { name: 'eu-central-1', bucket: 'acme-1', credentialsSecret: 's3-eu-central-1' },
    {
      name: 'eu-west-1',
      bucket: 'acme-2',
      prefix: 'audit/',
      serviceAccount: { annotations: { role: 'archiver' } },
    },
  ],
};

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, looked into at known places
type KubernetesObject = any;

const onThePath = (await versionOf('helm', ['version'])) !== null;
const buildable = (await versionOf('go', ['version'])) !== null;

describe.skipIf(!onThePath && !buildable)('the helm chart', () => {
  let helm = 'helm';
  beforeAll(async () => {
    if (onThePath) return;
    const destination = `${CACHE}/tools/helm-${VERSION}`;
    await install(destination, (line) => process.stderr.write(`${line}\n`), {
      title: `Building helm ${VERSION} with Go (some minutes)`,
      command: 'go',
      args: () => ['install', `helm.sh/helm/v3/cmd/helm@v${VERSION}`],
      environment: (target) => ({ GOBIN: target }),
    });
    helm = `${destination}/helm`;
  }, 900_000);

  const run = async (command: string[], values: Record<string, unknown>) => {
    const set = Object.entries(values).flatMap(([key, value]) => [
      '--set-json',
      `${key}=${JSON.stringify(value)}`,
    ]);
    return (await promisify(execFile)(helm, [...command, ...set])).stdout;
  };
  const render = async (values: Record<string, unknown>): Promise<KubernetesObject[]> =>
    parseAllDocuments(await run(['template', 'prod', CHART], values))
      .map((document) => document.toJS())
      .filter((object) => object !== null);
  const find = (objects: KubernetesObject[], kind: string, name: string) => {
    const found = objects.find((each) => each.kind === kind && each.metadata.name === name);
    expect(found, `${kind} ${name}`).toBeDefined();
    return found;
  };
  const podOf = (object: KubernetesObject) =>
    (object.spec.jobTemplate ?? object).spec.template.spec;
  const variablesOf = (pod: KubernetesObject): string[] =>
    (pod.containers[0].env ?? []).map(({ name }: { name: string }) => name);

  it('passes helm lint', async () => {
    await expect(run(['lint', '--strict', CHART], VALUES)).resolves.toContain('0 chart(s) failed');
  });

  it('runs an ingestor, an archiver per region, and a verification now and then', async () => {
    const objects = await render(VALUES);
    const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'CronJob');
    expect(workloads.map(({ metadata }) => metadata.name).sort()).toEqual([
      'prod-authseal-archiver-eu-central-1',
      'prod-authseal-archiver-eu-west-1',
      'prod-authseal-ingestor',
      'prod-authseal-init',
      'prod-authseal-verify',
    ]);
    expect(find(objects, 'CronJob', 'prod-authseal-init').spec.suspend).toBe(true);
    const verify = find(objects, 'CronJob', 'prod-authseal-verify');
    expect(podOf(verify).containers[0]).toMatchObject({
      image: 'authseal-verifier:0.1.0',
      args: ['verify', '--json'],
    });
  });

  it('gives every pod no more rights than it needs', async () => {
    const objects = await render(VALUES);
    for (const object of objects.filter(({ kind }) => /^(Deployment|CronJob)$/.test(kind))) {
      const pod = podOf(object);
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      find(objects, 'ServiceAccount', pod.serviceAccountName);
    }
  });

  it('probes the services and lets them stop in time', async () => {
    const objects = await render(VALUES);
    for (const object of objects.filter(({ kind }) => kind === 'Deployment')) {
      const pod = podOf(object);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(25);
      expect(pod.containers[0]).toMatchObject({
        livenessProbe: { httpGet: { path: '/livez', port: 'http' } },
        readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
      });
      expect(object.spec.template.metadata.labels).toMatchObject(object.spec.selector.matchLabels);
    }
  });

  it('configures the services by the variables that they read', async () => {
    const { data } = find(await render(VALUES), 'ConfigMap', 'prod-authseal');
    expect(data).toEqual({
      AUTHSEAL_DEPLOYMENT: 'acme',
      AUTHSEAL_KAFKA_BROKERS: 'kafka-1:9093,kafka-2:9093',
      AUTHSEAL_KAFKA_SSL: 'true',
      AUTHSEAL_KEYS: '/etc/authseal/keys/keys',
      AUTHSEAL_PRODUCERS: '/etc/authseal/keys/producers',
      AUTHSEAL_RETENTION: '7y',
      AUTHSEAL_LINGER: '5s',
      AUTHSEAL_HEARTBEAT: '5m',
      AUTHSEAL_REGIONS: 'eu-central-1,eu-west-1',
      AUTHSEAL_REGION_EU_CENTRAL_1_BUCKET: 'acme-1',
      AUTHSEAL_REGION_EU_WEST_1_BUCKET: 'acme-2',
      AUTHSEAL_REGION_EU_WEST_1_PREFIX: 'audit/',
    });
  });

  it('gives a secret only to the part that needs it', async () => {
    const objects = await render(VALUES);
    const pod = (kind: string, part: string) => podOf(find(objects, kind, `prod-authseal-${part}`));
    const kafka = ['MECHANISM', 'USERNAME', 'PASSWORD'].map(
      (each) => `AUTHSEAL_KAFKA_SASL_${each}`,
    );
    const s3 = ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'].map(
      (each) => `AUTHSEAL_REGION_EU_CENTRAL_1_${each}`,
    );
    expect(variablesOf(pod('Deployment', 'ingestor'))).toEqual(['AUTHSEAL_SIGNING_KEY', ...kafka]);
    expect(variablesOf(pod('Deployment', 'archiver-eu-central-1'))).toEqual([
      'AUTHSEAL_REGION',
      ...kafka,
      ...s3,
    ]);
    expect(variablesOf(pod('Deployment', 'archiver-eu-west-1'))).toEqual([
      'AUTHSEAL_REGION',
      ...kafka,
    ]);
    expect(variablesOf(pod('CronJob', 'verify'))).toEqual(s3);
    const account = find(objects, 'ServiceAccount', 'prod-authseal-archiver-eu-west-1');
    expect(account.metadata.annotations).toEqual({ role: 'archiver' });
    const signing = objects.filter((each) => JSON.stringify(each).includes('authseal-signing-key'));
    expect(signing.map(({ metadata }) => metadata.name).sort()).toEqual([
      'prod-authseal-ingestor',
      'prod-authseal-init',
    ]);
  });

  it.each([
    ['no deployment', { deployment: '' }],
    ['a deployment in capitals', { deployment: 'Acme' }],
    ['no retention', { retention: '' }],
    ['a retention without a unit', { retention: '7' }],
    ['no regions', { regions: [] }],
    ['a prefix without its slash', { regions: [{ name: 'a', bucket: 'abc', prefix: 'audit' }] }],
    ['a broker without its port', { kafka: { brokers: ['kafka'] } }],
    ['a value that it does not know', { retetion: '7y' }],
  ])('refuses %s', async (_, wrong) => {
    await expect(run(['template', CHART], { ...VALUES, ...wrong })).rejects.toThrow(
      "values don't meet the specifications of the schema",
    );
  });
});
