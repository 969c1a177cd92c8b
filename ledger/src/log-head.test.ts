import { describe, expect, it } from 'vitest';
import { encodeBase64 } from './base64.ts';
import { readBatch } from './batch.ts';
import { encodeHeader, type Header } from './header.ts';
import { type ChainFault, chainFault, headAfter, type LogHead, newLog } from './log-head.ts';
import { hashLeaf, sha256 } from './merkle.ts';
import { codeOf } from './testing/failure.ts';
import { eventValue, ORIGIN, record, sealLog, sealRecords, TERMS } from './testing/records.ts';

const [first, second] = await sealLog([
  [record(0, eventValue(0)), record(1, null)],
  [record(2, eventValue(2))],
]);
const { header: header0, head: head0 } = first as NonNullable<typeof first>;
const { header: header1, head: head1 } = second as NonNullable<typeof second>;

describe('the head of a log', () => {
  it('before batch 0 is empty', () => {
    expect(newLog(ORIGIN)).toMatchObject({ origin: ORIGIN, batch: 0, offset: 0, header: null });
    expect(newLog(ORIGIN).range.end).toBe(0);
  });

  it('is the same from the header alone as from sealing and from reading', () => {
    const { object, header, head } = first as NonNullable<typeof first>;
    expect(headAfter(header, encodeHeader(header))).toEqual(head);
    expect(readBatch(object).head).toEqual(head);
  });

  it('after a batch has its entries and its header as leaves', () => {
    expect(head0.range.end).toBe(3);
    expect(head0.range.hashes.at(-1)).toEqual(hashLeaf(encodeHeader(header0)));
    expect(head0).toMatchObject({
      batch: 1,
      offset: 2,
      header: sha256(encodeHeader(header0)),
      sealedAt: header0.sealedAt,
      retainUntil: header0.retainUntil,
      closed: false,
    });
  });

  it('is not made of a header whose compact ranges are not those of its leaves', () => {
    for (const change of [{ before: [] }, { entries: [] }, { first: 4 }, { count: 3 }]) {
      const header: Header = { ...header1, ...change };
      expect(codeOf(() => headAfter(header, Buffer.from('x')))).toBe('HEADER_MALFORMED');
    }
    expect(() => headAfter({ ...header1, first: 4, count: 3 }, Buffer.from('x'))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('leaves [0, 4) and [4, 7).'),
        cause: expect.objectContaining({ code: 'OUT_OF_RANGE' }),
      }),
    );
  });
});

describe('a batch continues its log', () => {
  const faultOf = (head: LogHead, header: Header): ChainFault['member'] | undefined =>
    chainFault(head, header)?.member;

  it('when it is the next', () => {
    expect(chainFault(newLog(ORIGIN), header0)).toBeNull();
    expect(chainFault(head0, header1)).toBeNull();
  });

  it('not when it is repeated, skipped, or of another log', () => {
    expect(faultOf(head0, header0)).toBe('batch');
    expect(faultOf(newLog(ORIGIN), header1)).toBe('batch');
    expect(faultOf(head1, header0)).toBe('batch');
    expect(faultOf(newLog('prod/auth-events/1'), header0)).toBe('origin');
  });

  it('not when any member that joins it differs', () => {
    const previous = header1.previous as NonNullable<Header['previous']>;
    const changes: [ChainFault['member'], Partial<Header>][] = [
      ['origin', { origin: 'prod/auth-events/1' }],
      ['batch', { batch: 2 }],
      ['previous', { previous: { ...previous, header: encodeBase64(sha256('fork')) } }],
      ['previous', { previous: { ...previous, retainUntil: previous.retainUntil - 1000 } }],
      ['previous', { previous: null }],
      ['first', { first: 2 }],
      ['first', { first: 4 }],
      ['offsets', { offsets: { from: 1, to: 3 } }],
      ['offsets', { offsets: { from: 3, to: 3 } }],
      ['before', { before: header1.before.toReversed() }],
      ['before', { before: header1.before.slice(1) }],
      ['sealedAt', { sealedAt: header0.sealedAt - 1 }],
    ];
    for (const [member, change] of changes) {
      expect(faultOf(head0, { ...header1, ...change }), JSON.stringify(change)).toBe(member);
    }
  });

  it('not after the log was closed', async () => {
    const closed = await sealRecords(newLog(ORIGIN), [], { heartbeat: null });
    expect(closed.head.closed).toBe(true);
    expect(chainFault(closed.head, header1)).toEqual({
      member: 'closed',
      expected: 'nothing',
      found: 'batch 1',
    });
  });

  it('and the fault says what was expected and what was found', () => {
    expect(chainFault(head0, { ...header1, sealedAt: 5 })).toEqual({
      member: 'sealedAt',
      expected: `at least ${TERMS.now}`,
      found: '5',
    });
    expect(chainFault(head0, { ...header1, offsets: { from: 7, to: 9 } })).toEqual({
      member: 'offsets',
      expected: 'from 2',
      found: 'from 7',
    });
  });
});
