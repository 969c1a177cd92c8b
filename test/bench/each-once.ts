/** Whether a topic of batches holds every offset of every partition once, as a plain reader sees it. */
import type { Stack } from '@authseal/deploy/local';
import { readObject } from '../plain/archive.ts';
import { readTopic } from '../plain/topic.ts';

/**
 * Nothing was made fast by leaving it out.
 * @throws Error when an offset is missing, stands twice, or a partition has no events at all
 */
export async function checkEachOnce({ kafkaBrokers }: Stack, topic: string, events: number) {
  let found = 0;
  for (const records of await readTopic(kafkaBrokers, topic, 'committed')) {
    let due = 0;
    for (const { value } of records) {
      const { entries } = await readObject(value as Buffer);
      for (const { offset } of entries) {
        if (offset !== due)
          throw new Error(`${topic}: offset ${offset} stands where ${due} was due`);
        due += 1;
      }
    }
    if (due === 0) throw new Error(`${topic}: a partition got no events`);
    found += due;
  }
  if (found !== events) throw new Error(`${topic}: ${found} of ${events} events were sealed`);
}
