#!/usr/bin/env node
/**
 * `authseal-collect`: real logs in, events out.
 *
 * Exit status: 0 all was read and taken; 1 something could not be read, was malformed or not
 * confirmed, or Kafka cannot take events; 2 wrong usage. Standard output is only for `--dry-run`; the account is on standard error.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ProducerError } from '../error.ts';
import { checkTopic } from '../kafka/check.ts';
import { checkOptions } from '../options.ts';
import { createAuditProducer } from '../producer.ts';
import { cloudTrailSource, collect, type Source, sshdSource } from './collect.ts';
import { showProgress } from './progress.ts';
import { ENVIRONMENT_HELP, producerOptions } from './settings.ts';
import { type EventSink, jsonLinesSink, kafkaSink } from './sink.ts';
import { Tally } from './tally.ts';

const [OK, INCOMPLETE, USAGE] = [0, 1, 2];

/** Milliseconds that Kafka has to confirm what is under way after Ctrl-C. */
const STOP_MS = 5_000;

interface Flags {
  service: string;
  topic?: string;
  tenant?: string;
  dryRun?: boolean;
}

async function run(files: string[], flags: Flags, source: Source, unit: string): Promise<number> {
  const tally = new Tally();
  const stop = new AbortController();
  const { sink, close } = await openSink(flags, tally);
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  stop.signal.addEventListener('abort', () => close(STOP_MS));

  const progress = await showProgress(files, tally);
  await collect({ source, files, sink, tally, onRead: progress.read, signal: stop.signal });
  await sink.end();
  progress.stop();
  await close();
  console.error(tally.table(unit));
  return tally.isComplete ? OK : INCOMPLETE;
}

/** @throws ProducerError when the options are wrong, or Kafka is not there to take events */
async function openSink(flags: Flags, tally: Tally) {
  if (flags.dryRun) {
    return { sink: jsonLinesSink(flags.service, process.stdout, tally), close: async () => {} };
  }
  const options = {
    ...producerOptions(flags.service, process.env),
    ...(flags.topic !== undefined && { topic: flags.topic }),
  };
  const { kafka, topic } = checkOptions(options);
  await checkTopic(kafka, topic);
  const producer = createAuditProducer(options);
  const sink: EventSink = kafkaSink(producer, tally);
  // What it does not confirm in time is in the tally, event by event.
  const close = (timeoutMs?: number) =>
    producer.close(timeoutMs === undefined ? {} : { timeoutMs }).catch(() => {});
  return { sink, close };
}

function year(text: string): number {
  if (!/^(19[7-9]\d|[2-9]\d{3})$/.test(text))
    throw new InvalidArgumentError('expected 1970 to 9999');
  return Number(text);
}

function commands(finish: (status: Promise<number>) => void): Command {
  const program = new Command('authseal-collect')
    .description('Collect auth events from logs and send them to Authseal.')
    .addHelpText('after', ENVIRONMENT_HELP)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) });
  const common = (name: string, what: string) =>
    program
      .command(name)
      .description(what)
      .argument('<file...>', 'files, also gzip; - is standard input')
      .option('--service <name>', 'service that the events are of', name)
      .option('--topic <name>', 'Kafka topic (default: AUTHSEAL_EVENTS_TOPIC, or auth-events)')
      .option('--tenant <name>', 'tenant of all events')
      .option('--dry-run', 'print the events as JSON lines instead of sending them')
      .addHelpText('after', ENVIRONMENT_HELP)
      .exitOverride();

  common('sshd', 'The syslog of an OpenSSH server, such as /var/log/auth.log')
    .option('--year <year>', 'year of the first line, where lines do not name one', year)
    .action((files: string[], flags: Flags & { year?: number }) => {
      const { tenant = null } = flags;
      const source = sshdSource({ tenant, year: flags.year, now: new Date() });
      finish(run(files, flags, source, 'lines'));
    });
  common(
    'cloudtrail',
    'AWS CloudTrail\'s JSON: an array, {"Records": [...]}, or JSON lines',
  ).action((files: string[], flags: Flags) => {
    const { tenant = null } = flags;
    finish(run(files, flags, cloudTrailSource({ tenant }), 'records'));
  });
  return program;
}

async function main(): Promise<number> {
  let status: Promise<number> = Promise.resolve(OK);
  try {
    commands((running) => {
      status = running;
    }).parse();
    return await status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USAGE;
    if (!(error instanceof ProducerError)) throw error;
    console.error(`authseal-collect: ${error.message}`);
    return error.code === 'USAGE' || error.code === 'INVALID_OPTIONS' ? USAGE : INCOMPLETE;
  }
}

// A reader such as `head` may leave before the end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? OK : INCOMPLETE);
});
process.exit(await main());
