/** From files to events: each line or record in turn, as fast as the sink takes them. */
import { ProducerError } from '../error.ts';
import type { EventInput } from '../event-input.ts';
import { parseCloudTrail } from './cloudtrail.ts';
import { type Reading, readInput } from './input.ts';
import { readJsonRecords } from './json-records.ts';
import { readLines } from './lines.ts';
import type { Outcome } from './outcome.ts';
import type { EventSink } from './sink.ts';
import { createSshdParser, type SshdOptions } from './sshd.ts';
import type { Tally } from './tally.ts';

/** A line or record: where it stands, and what becomes of it. */
interface Item {
  place: string;
  outcome: Outcome;
}

/** Reads the bytes of one file of a kind of log. */
export type Source = (chunks: AsyncIterable<Buffer>, name: string) => AsyncGenerator<Item>;

export function sshdSource(options: SshdOptions): Source {
  return async function* (chunks, name) {
    const parse = createSshdParser(options);
    for await (const line of readLines(chunks)) {
      yield {
        place: `${name}:${line.number}`,
        outcome: 'text' in line ? parse(line.text, line.number) : line,
      };
    }
  };
}

export function cloudTrailSource(context: { tenant: string | null }): Source {
  return async function* (chunks, name) {
    for await (const record of readJsonRecords(chunks, name)) {
      yield {
        place: `${name}, byte ${record.position}`,
        outcome: 'text' in record ? parseCloudTrail(record.text, context) : record,
      };
    }
  };
}

export interface Collection extends Reading {
  source: Source;
  /** Paths; `-` is standard input. */
  files: readonly string[];
  sink: EventSink;
  tally: Tally;
}

/** Read all files. One that cannot be read is noted in the tally, and the next one is read. */
export async function collect(collection: Collection): Promise<void> {
  const { source, files, sink, tally } = collection;
  for (const file of files) {
    const name = file === '-' ? 'standard input' : file;
    try {
      for await (const { place, outcome } of source(readInput(file, collection), name)) {
        tally.outcome(outcome, place);
        const events: EventInput[] = 'events' in outcome ? outcome.events : [];
        for (const event of events) await sink.add(event, place);
      }
    } catch (error) {
      if (!(error instanceof ProducerError && error.code === 'UNREADABLE_INPUT')) throw error;
      tally.unreadable.push(error.message);
    }
  }
}
