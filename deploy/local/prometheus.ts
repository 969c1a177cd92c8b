/**
 * Prometheus with a rules file, over the services of a stack: its rules are tried on what the services
 * really tell. And promtool, which judges and tests rules files by themselves.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { CACHE } from './directories.ts';
import { install, versionOf } from './install.ts';
import { onFreePorts } from './ports.ts';
import { type Server, startServer } from './server.ts';

/** As Go names it: v0.316 is what Prometheus calls 3.16. */
const VERSION = '0.316.0';
const INSTALLED = `${CACHE}/tools/prometheus-${VERSION}`;
const MODULE = 'github.com/prometheus/prometheus/cmd';

export type PrometheusTools = {
  /** Binaries. */
  prometheus: string;
  promtool: string;
};

/**
 * Prometheus and promtool, built if they are not there yet.
 * @throws DeployError TOOL_INSTALL_FAILED
 */
export async function installPrometheus(report: (line: string) => void): Promise<PrometheusTools> {
  await install(INSTALLED, report, {
    title: `Building Prometheus ${VERSION} with Go (some minutes)`,
    command: 'go',
    args: () => ['install', `${MODULE}/prometheus@v${VERSION}`, `${MODULE}/promtool@v${VERSION}`],
    environment: (target) => ({ GOBIN: target }),
  });
  return { prometheus: `${INSTALLED}/prometheus`, promtool: `${INSTALLED}/promtool` };
}

/** The promtool that is there without anything being built, or null. */
export async function promtoolAtHand(): Promise<string | null> {
  if (existsSync(INSTALLED)) return `${INSTALLED}/promtool`;
  return (await versionOf('promtool', ['--version'])) === null ? null : 'promtool';
}

/** A rules file, and the services that tell it: `host:port` by job. */
export type PrometheusOptions = {
  readonly tools: PrometheusTools;
  /** Its data, configuration and log. */
  readonly directory: string;
  readonly rulesFile: string;
  readonly jobs: Readonly<Record<string, readonly Server[]>>;
};

/** Starts a Prometheus that looks and judges every second. @throws DeployError as `startServer` */
export function startPrometheus(options: PrometheusOptions): Promise<Server> {
  const { tools, directory, rulesFile, jobs } = options;
  mkdirSync(directory, { recursive: true });
  const configuration = `${directory}/prometheus.json`;
  writeFileSync(configuration, JSON.stringify(configurationOf(rulesFile, jobs)));
  return onFreePorts(1, [], ([port]) => {
    const endpoint = `http://127.0.0.1:${port}`;
    return startServer({
      name: 'prometheus',
      endpoint,
      command: tools.prometheus,
      args: [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      logFile: `${directory}/prometheus.log`,
      pidFile: `${directory}/pid`,
      graceMs: 10_000,
      readyMs: 60_000,
      probe: async () => {
        const answer = await fetch(`${endpoint}/-/ready`);
        if (!answer.ok) throw new Error(`/-/ready answered ${answer.status}`);
      },
    });
  });
}

/** Its YAML, of which JSON is a part. */
function configurationOf(rulesFile: string, jobs: PrometheusOptions['jobs']): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [rulesFile],
    scrape_configs: Object.entries(jobs).map(([job_name, services]) => ({
      job_name,
      static_configs: [{ targets: services.map(({ endpoint }) => new URL(endpoint).host) }],
    })),
  };
}
