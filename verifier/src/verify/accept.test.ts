import { describe, expect, it } from 'vitest';
import { SealedLog } from '../testing/sealed-log.ts';
import { Regions, shortly } from '../testing/verified.ts';
import { parseAcceptances, reasonToAccept, refusedAcceptances } from './accept.ts';

async function hidden() {
  const log = new SealedLog();
  for (let i = 0; i < 3; i += 1) await log.seal();
  const regions = new Regions();
  log.archive(...regions.both);
  const version = regions.a.hide(log.batches[1]?.name ?? '');
  const verify = (file: string) => regions.verify(log, { accept: parseAcceptances(file) });
  return { verify, version, regions, log };
}

/** Of an object that is of no log. */
const PROBLEM = {
  code: 'UNKNOWN_OBJECT',
  severity: 'incident',
  origin: null,
  batch: null,
  region: 'a',
  expected: '',
  found: '',
  message: '',
} as const;

describe('an accepted incident', () => {
  it('is shown as accepted and does not set the status', async () => {
    const { verify } = await hidden();
    const report = await verify('# drills\n\nDELETE_MARKER test/auth-events/0 1 a drill\n');
    expect(report).toMatchObject({ ok: true, problems: [] });
    expect(report.accepted).toMatchObject([{ code: 'DELETE_MARKER', reason: 'a drill' }]);
  });

  it('may be named by the version', async () => {
    const { verify, version } = await hidden();
    expect((await verify(`DELETE_MARKER test/auth-events/0 ${version} a drill`)).ok).toBe(true);
  });

  it('of no log is named by - and its version', async () => {
    const { regions, log } = await hidden();
    const version = regions.a.put('topic=x', Buffer.of(1), null);
    const accept = parseAcceptances(
      `UNKNOWN_OBJECT - ${version} ours\nDELETE_MARKER test/auth-events/0 1 a drill`,
    );
    expect((await regions.verify(log, { accept })).ok).toBe(true);
  });

  it('that lies in no batch is accepted by itself alone, never with others', async () => {
    const { regions, log } = await hidden();
    const [first] = ['topic=x', 'topic=y'].map((key) => regions.a.put(key, Buffer.of(1), null));
    const drill = 'DELETE_MARKER test/auth-events/0 1 a drill';
    const verify = (line: string) =>
      regions.verify(log, { accept: parseAcceptances(`${drill}\n${line}`) });
    const open = async (line: string) => (await verify(line)).problems.map(({ object }) => object);
    const [x, y] = (await open('')) as [string, string];
    expect([x, y]).toEqual([`topic=x?versionId=${first}`, expect.stringMatching(/^topic=y\?/)]);
    expect(await open(`UNKNOWN_OBJECT - ${first} ours`)).toEqual([y]);
    expect(await open(`UNKNOWN_OBJECT - ${y} ours`)).toEqual([x]);
    for (const place of ['undefined', 'topic=x', `?versionId=${first}`, `x?versionId=${first}`]) {
      expect(await open(`UNKNOWN_OBJECT - ${place} ours`)).toEqual([x, y]);
    }
  });

  it('of a version without versioning is named by its key, for others bear the same id', () => {
    const at = (object: string) => ({ ...PROBLEM, object });
    const accept = parseAcceptances('UNKNOWN_OBJECT - topic=x?versionId=null ours');
    expect(reasonToAccept(at('topic=x?versionId=null'), accept)).toBe('ours');
    expect(reasonToAccept(at('topic=y?versionId=null'), accept)).toBeNull();
    expect(reasonToAccept(at('a/topic=x?versionId=null'), accept)).toBeNull();
  });

  it('is another one when code, log or batch differ', async () => {
    const { verify } = await hidden();
    for (const line of [
      'OVERWRITTEN test/auth-events/0 1 no',
      'DELETE_MARKER test/auth-events/1 1 no',
      'DELETE_MARKER test/auth-events/0 2 no',
    ]) {
      expect(shortly(await verify(line))).toEqual(['DELETE_MARKER 1 a']);
    }
  });

  it('cannot be a breach: the line is named', async () => {
    const { regions, log } = await hidden();
    regions.a.remove(log.batches[1]?.name ?? '');
    const accept = parseAcceptances('\nBATCH_MISSING test/auth-events/0 1 never mind');
    expect(shortly(await regions.verify(log, { accept }))).toEqual(['BATCH_MISSING 1 a']);
    expect(refusedAcceptances(accept)).toMatchObject([{ line: 2, code: 'BATCH_MISSING' }]);
  });

  it.each([
    ['DELETE_MARKER test/auth-events/0 1', /Line 1 .*"DELETE_MARKER .* 1" is not "<code>/],
    ['\nDELETED test/auth-events/0 1 why', /Line 2 .*"DELETED" is no code/],
    ['DELETE_MARKER auth-events/0 1 why', /"auth-events\/0" is no log: "<deployment>/],
    ['UNKNOWN_OBJECT - null all', /Line 1 .*"null" may be the version of many objects/],
    ['UNKNOWN_OBJECT - 7 all', /Line 1 .*7 is the number of a batch, but "-" stands for no log/],
    ['\ufffd\u0000JFIF\u001b[31m', /"\ufffd\\u\{0\}JFIF\\u\{1b\}\[31m" is not "<code>/],
  ])('is refused from the line %j', (file, message) => {
    expect(() => parseAcceptances(file)).toThrow(message);
  });
});
