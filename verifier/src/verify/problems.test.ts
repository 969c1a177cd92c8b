import { describe, expect, it } from 'vitest';
import { MAX_ALIKE, MAX_TOLD } from '../limits.ts';
import { Problems } from './problems.ts';

const at = (batch: number, region = 'a') => ({
  origin: 'd/t/0',
  region,
  batch,
  expected: 'this',
  found: 'that',
});

describe('problems', () => {
  it('of the same breach in batch after batch are one', () => {
    const problems = new Problems();
    for (const batch of [3, 4, 5, 9]) problems.add('LOCK_MISSING', at(batch));
    problems.add('LOCK_MISSING', at(6, 'b'));
    expect(problems.list().map(({ batch, region, found }) => [batch, region, found])).toEqual([
      [3, 'a', 'that (and the same of the batches up to 5)'],
      [6, 'b', 'that'],
      [9, 'a', 'that'],
    ]);
  });

  it('that are incidents stay apart, for each is accepted by itself', () => {
    const problems = new Problems();
    for (const batch of [3, 4]) problems.add('DELETE_MARKER', at(batch));
    expect(problems.list()).toHaveLength(2);
  });

  it('alike in one batch are counted beyond a number, but those of objects', () => {
    const problems = new Problems();
    for (let i = 0; i < MAX_ALIKE + 5; i += 1) problems.add('SEQUENCE_GAP', at(1));
    problems.add('SEQUENCE_GAP', at(2));
    for (let i = 0; i < MAX_ALIKE + 5; i += 1) {
      problems.add('OVERWRITTEN', { ...at(1), object: `k?versionId=${i}` });
    }
    const list = problems.list();
    expect(list.filter(({ code }) => code === 'OVERWRITTEN')).toHaveLength(MAX_ALIKE + 5);
    expect(list.filter(({ code }) => code === 'SEQUENCE_GAP')).toHaveLength(MAX_ALIKE + 1);
    expect(list.map(({ found }) => found)).toContain('that (and 5 more of this batch)');
  });

  it('of objects without number cost no memory without bound: the rest is one that nothing accepts', () => {
    const problems = new Problems();
    for (let i = 0; i < MAX_TOLD + 7; i += 1) {
      problems.add('UNKNOWN_OBJECT', { ...at(i), object: `k?versionId=${i}` });
    }
    const list = problems.list();
    expect(list).toHaveLength(MAX_TOLD + 1);
    expect(list.filter(({ object }) => object === null)).toMatchObject([
      { batch: null, region: 'a', severity: 'incident', found: expect.stringMatching(/^7 more/) },
    ]);
  });

  it('are told gravest first, then by place, in numeric order of logs', () => {
    const problems = new Problems();
    problems.add('REPEAT', at(1));
    problems.add('OVERWRITTEN', { ...at(1), origin: 'd/t/10' });
    problems.add('OVERWRITTEN', { ...at(1), origin: 'd/t/9' });
    problems.add('STALE', at(1));
    expect(problems.list().map(({ code, origin }) => `${code} ${origin}`)).toEqual([
      'STALE d/t/0',
      'OVERWRITTEN d/t/9',
      'OVERWRITTEN d/t/10',
      'REPEAT d/t/0',
    ]);
  });
});
