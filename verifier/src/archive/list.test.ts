import { describe, expect, it } from 'vitest';
import { MemoryArchive } from '../testing/memory-archive.ts';
import { type ListedKey, listKeys } from './list.ts';

async function listed(...archives: MemoryArchive[]): Promise<ListedKey[]> {
  const keys: ListedKey[] = [];
  for await (const key of listKeys(archives)) keys.push(key);
  return keys;
}

describe('the list of keys', () => {
  it('merges the regions by key, without their prefixes, versions newest first', async () => {
    const [a, b] = [new MemoryArchive('a'), new MemoryArchive('b', 'deep/')];
    const first = a.put('topic=t/2', Buffer.of(1), null);
    b.put('topic=t/1', Buffer.of(1), null);
    const hidden = a.hide('topic=t/2');
    a.put('topic=t/3', Buffer.of(1), null);
    b.put('topic=t/3', Buffer.of(1), null);
    a.put('_doctor/x', Buffer.of(1), null);
    const keys = await listed(a, b);
    const ids = keys.map(({ name, versions }) => [
      name,
      versions.map((list) => list.map(({ versionId }) => versionId)),
    ]);
    expect(ids).toEqual([
      ['topic=t/1', [[], ['v1']]],
      ['topic=t/2', [[hidden, first], []]],
      ['topic=t/3', [['v3'], ['v2']]],
    ]);
  });

  it('of empty regions is empty', async () => {
    expect(await listed(new MemoryArchive('a'), new MemoryArchive('b'))).toEqual([]);
  });
});
