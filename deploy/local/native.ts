/** Kafka and a versitygw per region as native processes. */
import { type ServedRegion, startGateway } from './gateway.ts';
import { startKafka } from './kafka.ts';
import type { Server } from './server.ts';
import { installTools } from './tools.ts';

/** Servers that run, ready, their buckets made. */
export type StartedServers = { kafka: Server[]; served: ServedRegion[] };

/**
 * Starts the servers with their data in `directory`. All or none: if one fails, the others are stopped.
 * @throws DeployError as `installTools` and `startServer`.
 */
export async function startNative(
  directory: string,
  regionNames: string[],
  brokers: number,
  report: (line: string) => void,
): Promise<StartedServers> {
  const tools = await installTools(report);
  report(`Starting Kafka and S3 in ${regionNames.join(', ')}`);
  const kafka = startKafka(tools, `${directory}/kafka`, brokers);
  const served = regionNames.map((name) => startGateway(tools, `${directory}/s3-${name}`, name));
  try {
    const [brokerServers, ...servedRegions] = await Promise.all([kafka, ...served]);
    return { kafka: brokerServers, served: servedRegions };
  } catch (error) {
    const stopsOfKafka = async () => Promise.all((await kafka).map((server) => server.stop()));
    const stops = served.map(async (region) => (await region).server.stop());
    await Promise.allSettled([stopsOfKafka(), ...stops]);
    throw error;
  }
}
