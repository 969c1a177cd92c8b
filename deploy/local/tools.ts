/**
 * Fetches and builds what the native servers need, once per version, into `.cache/tools`:
 * Kafka's jars by Maven from kafka/pom.xml, versitygw by `go install`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { CACHE, ROOT } from './directories.ts';
import { DeployError } from './error.ts';
import { install, versionOf } from './install.ts';

const POM = `${ROOT}/deploy/local/kafka/pom.xml`;

/** The version of Kafka, for jars and image alike: the pom says it. */
export const KAFKA_VERSION = /kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(
  readFileSync(POM, 'utf8'),
)?.[1] as string;

/** The version of versitygw, for binary and image alike. */
export const VERSITYGW_VERSION = '1.8.0';

/** Kafka 4 brokers run on Java 17 and later. */
const LOWEST_JAVA = 17;

export type Tools = {
  /** A folder of jars. */
  kafkaLibs: string;
  /** A binary. */
  versitygw: string;
};

/**
 * The native servers' tools, installed if they are not there yet. Several processes may ask at the
 * same time. Progress goes to `report`, a line at a time.
 * @throws DeployError MISSING_TOOLS naming all that is missing, or TOOL_INSTALL_FAILED.
 */
export async function installTools(
  report: (line: string) => void,
  directory = `${CACHE}/tools`,
): Promise<Tools> {
  const kafka = `${directory}/kafka-${KAFKA_VERSION}`;
  const versitygw = `${directory}/versitygw-${VERSITYGW_VERSION}`;
  await requirePrograms({ maven: !existsSync(kafka), go: !existsSync(versitygw) });

  await install(kafka, report, {
    title: `Fetching Apache Kafka ${KAFKA_VERSION} with Maven (44 MB)`,
    command: 'mvn',
    args: (target) => [
      '-B',
      '-ntp',
      '-f',
      POM,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${target}/libs`,
    ],
  });
  await install(versitygw, report, {
    title: `Building versitygw ${VERSITYGW_VERSION} with Go (about a minute)`,
    command: 'go',
    args: () => ['install', `github.com/versity/versitygw/cmd/versitygw@v${VERSITYGW_VERSION}`],
    environment: (target) => ({ GOBIN: target }),
  });
  return { kafkaLibs: `${kafka}/libs`, versitygw: `${versitygw}/versitygw` };
}

async function requirePrograms(needed: { maven: boolean; go: boolean }): Promise<void> {
  const missing: string[] = [];
  const java = await versionOf('java', ['-version']);
  const javaVersion = Number(/version "(?:1\.)?(\d+)/.exec(java ?? '')?.[1] ?? 0);
  if (javaVersion < LOWEST_JAVA) {
    const found = java === null ? '' : ` (found: ${java})`;
    missing.push(
      `Java ${LOWEST_JAVA} or later${found}, which runs Kafka: apt-get install openjdk-17-jre-headless, or brew install openjdk`,
    );
  }
  if (needed.maven && (await versionOf('mvn', ['-version'])) === null) {
    missing.push('Maven, which fetches Kafka: apt-get install maven, or brew install maven');
  }
  if (needed.go && (await versionOf('go', ['version'])) === null) {
    missing.push(
      'Go, which builds versitygw: apt-get install golang (1.21 or later), or brew install go',
    );
  }
  if (missing.length > 0) {
    throw new DeployError(
      'MISSING_TOOLS',
      `No Docker engine answers, and the native servers need what is not here:\n${missing.map((line) => `  - ${line}`).join('\n')}\nInstall these, or start Docker, or set AUTHSEAL_KAFKA_BROKERS and AUTHSEAL_REGIONS to servers of your own.`,
    );
  }
}
