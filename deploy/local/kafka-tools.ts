/** Kafka's command line tools, which the server's jars lack: what the runbook says to run can be run. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CACHE } from './directories.ts';
import { install } from './install.ts';
import { installTools, KAFKA_VERSION } from './tools.ts';

const INSTALLED = `${CACHE}/tools/kafka-tools-${KAFKA_VERSION}`;

const CLASSES: Record<string, string> = {
  'kafka-configs.sh': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer.sh': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups.sh': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-delete-records.sh': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
};

/**
 * Something that runs a tool by its script's name, as `kafka-topics.sh --list`, and gives what it printed.
 * @throws DeployError MISSING_TOOLS, TOOL_INSTALL_FAILED
 */
export async function installKafkaTools(
  report: (line: string) => void,
): Promise<(brokers: readonly string[], command: string) => Promise<string>> {
  const { kafkaLibs } = await installTools(report);
  await install(INSTALLED, report, {
    title: `Fetching Kafka's command line tools ${KAFKA_VERSION} with Maven`,
    command: 'mvn',
    args: (target) => [
      ...['-B', '-ntp', 'dependency:copy', `-DoutputDirectory=${target}`],
      `-Dartifact=org.apache.kafka:kafka-tools:${KAFKA_VERSION}`,
    ],
  });
  return async (brokers, command) => {
    const [script = '', ...args] = command.split(' ');
    const main = CLASSES[script];
    if (main === undefined) throw new Error(`${script} is none of Kafka's tools known here`);
    const server = ['--bootstrap-server', brokers.join(',')];
    const java = ['-cp', `${INSTALLED}/*:${kafkaLibs}/*`, main, ...server, ...args];
    return (await promisify(execFile)('java', java)).stdout;
  };
}
