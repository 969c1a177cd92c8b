import { BatchBuilder, digestEntries } from '@authseal/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { commitBatches } from './committer.ts';
import { beginLog } from './init.ts';
import { systemClock } from './kafka-journal.ts';
import { recover } from './recover.ts';
import { sealBatch } from './seal-batch.ts';
import { MemoryJournal } from './testing/memory-journal.ts';
import { keys, TERMS } from './testing/sealer-by-hand.ts';

const terms = { ...TERMS, linger: 1 };

/** Shows the state before the last commit once more, as a look that came a moment earlier. */
class Overtaken extends MemoryJournal {
  earlier: MemoryJournal['state'] = null;
  looks = 0;

  override async readState() {
    this.looks += 1;
    return this.looks <= 1 ? this.earlier : this.state;
  }
}

let journal: Overtaken;
const begin = () =>
  beginLog(
    { journal, terms, clock: systemClock, batchesTopic: 'auth-batches', partition: 0 },
    { deployment: 'acme', eventsTopic: 'auth-events' },
    1,
  );

describe('init, where an ingestor serves the log', () => {
  beforeEach(async () => {
    journal = new Overtaken();
    expect(await begin()).toBe('begun');
    journal.earlier = journal.state;
    const position = await recover(journal, journal.state, 'acme/auth-events/0', keys);
    const topic = { batchesTopic: 'auth-batches', partition: 0 };
    const parts = { terms, clock: systemClock, digest: digestEntries, ...topic };
    const batch = new BatchBuilder(position.head);
    const sealed = await sealBatch(parts, batch, position.key, 1, 'heartbeat');
    const { last, batchOffset } = position;
    await commitBatches(parts, await journal.open(), [{ sealed, last }], batchOffset);
    journal.looks = 0;
  });

  it('takes the log for running when a batch was sealed between its looks', async () => {
    expect(await begin()).toBe('running');
  });

  it('refuses a state that stays behind the topic', async () => {
    journal.state = journal.earlier;
    await expect(begin()).rejects.toMatchObject({ code: 'STATE_CONTRADICTED' });
  });
});
