import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEvent, encodeEvent, readEventBody } from './auth-event.ts';
import { SchemaError } from './error.ts';
import type { AuthEvent } from './generated/auth-event.ts';
import { MAX_VALUE_BYTES } from './limits.ts';
import { arbitraryEvent } from './testing/arbitrary.ts';
import { loginSucceeded } from './testing/events.ts';

function refusal(event: unknown): SchemaError {
  try {
    encodeEvent(event as AuthEvent);
  } catch (error) {
    if (error instanceof SchemaError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('an event', () => {
  it('comes back as it was encoded', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        const value = encodeEvent(event);
        expect(decodeEvent(value)).toEqual(event);
        expect(readEventBody(value.subarray(10))).toEqual(event);
      }),
      { numRuns: 500 },
    );
  });

  it('comes back with the defaults of what was left out', () => {
    expect(decodeEvent(encodeEvent(loginSucceeded))).toEqual({
      ...loginSucceeded,
      actor: { type: 'USER', id: 'alice', name: null },
      tenant: null,
      onBehalfOf: [],
      approvals: [],
      target: null,
      reason: null,
      source: null,
      session: null,
      trace: null,
      sourceId: null,
      attributes: {},
      protected: [],
      roleChange: null,
      accessDenial: null,
      policyUpdate: null,
      termination: null,
    });
  });

  it('keeps __proto__ and other members of Object.prototype as plain map keys', () => {
    const attributes = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}');
    const read = decodeEvent(encodeEvent({ ...loginSucceeded, attributes })).attributes;
    expect(Object.entries(read ?? {})).toEqual(Object.entries(attributes));
  });

  it('is read from any Uint8Array', () => {
    const value = encodeEvent(loginSucceeded);
    expect(decodeEvent(new Uint8Array(value))).toEqual(decodeEvent(value));
    expect(readEventBody(new Uint8Array(value.subarray(10)))).toEqual(decodeEvent(value));
  });

  it('needs the details of its kind, in its type and when encoded', () => {
    const { login, ...without } = loginSucceeded;
    // @ts-expect-error LOGIN_SUCCEEDED requires login
    const event: AuthEvent = without;
    expect(refusal(event)).toMatchObject({ code: 'INVALID_EVENT' });
    expect(refusal(event).message).toContain('at login: expected the details that LOGIN_SUCCEEDED');
    expect(refusal({ ...without, kind: 'LOGIN_FAILED' }).message).toContain('at login');
    expect(refusal({ ...without, kind: 'POLICY_UPDATED' }).message).toContain('at policyUpdate');
    expect(refusal({ ...loginSucceeded, kind: 'ROLE_CHANGED' }).message).toContain('at login');
    expect(login.method).toBe('password');
  });

  it('of kind OTHER may have any details or none', () => {
    const { login, ...without } = loginSucceeded;
    expect(decodeEvent(encodeEvent({ ...without, kind: 'OTHER' })).login).toBeNull();
    expect(decodeEvent(encodeEvent({ ...without, kind: 'OTHER', login })).login).toEqual(login);
  });

  it('that lacks the details of its kind is decoded all the same', () => {
    const { login: _, ...without } = loginSucceeded;
    const value = encodeEvent({ ...without, kind: 'OTHER' });
    // The kind is the byte after id and time: OTHER is symbol 6, ROLE_CHANGED is symbol 2.
    const at = 10 + 37 + 8;
    expect(value[at]).toBe(12);
    value[at] = 4;
    expect(decodeEvent(value)).toMatchObject({ kind: 'ROLE_CHANGED', roleChange: null });
  });

  it.each([
    ['id', { id: 'a1' }, 'a UUIDv7'],
    ['id', { id: '01890a5d-ac96-474b-bcce-b302099a8057' }, 'a UUIDv7'],
    ['time', { time: 1.5 }, 'an integer below 2^53'],
    ['time', { time: 2 ** 53 }, 'an integer below 2^53'],
    ['time', { time: Number.NaN }, 'an integer below 2^53'],
    ['time', { time: undefined }, 'an integer below 2^53'],
    ['kind', { kind: 'LOGIN' }, 'one of LOGIN_SUCCEEDED, '],
    ['service', { service: null }, 'a string'],
    ['tenant', { tenant: 'a\ud800' }, 'a string of well-formed Unicode'],
    ['actor', { actor: 'alice' }, 'an object'],
    ['actor.type', { actor: { type: 'constructor', id: 'a' } }, 'one of USER, '],
    ['actor.id', { actor: { type: 'USER' } }, 'a string, found nothing'],
    ['actor.role', { actor: { type: 'USER', id: 'a', role: 'x' } }, 'no field of this name'],
    [
      'approvals.1.id',
      {
        approvals: [
          { type: 'USER', id: 'a' },
          { type: 'USER', id: 7 },
        ],
      },
      'found 7',
    ],
    ['approvals', { approvals: {} }, 'an array'],
    ['source.port', { source: { port: 2 ** 31 } }, 'an integer of 32 bits'],
    ['attributes.a', { attributes: { a: 1 } }, 'a string, found 1'],
    ['attributes', { attributes: ['a'] }, 'an object of strings, found an array of 1'],
    ['attributes.\udc00', { attributes: { '\udc00': 'a' } }, 'well-formed'],
    [
      'protected.0.nonce',
      { protected: [{ field: '', subject: '', keyId: '', nonce: 'a' }] },
      'a Buffer',
    ],
    ['login.mfa', { login: { method: 'a', mfa: 'yes' } }, 'true or false'],
    ['surprise', { surprise: true }, 'no field of this name'],
  ])('is refused with its path when %s is wrong: %j', (path, change, expected) => {
    const { code, message } = refusal({ ...loginSucceeded, ...change });
    expect(code).toBe('INVALID_EVENT');
    expect(message).toContain(`invalid at ${path}: expected `);
    expect(message).toContain(expected);
  });

  it('is refused when it is no object', () => {
    for (const event of [null, undefined, 'a', 7, []])
      expect(refusal(event).message).toContain('invalid at its top: expected an object');
  });

  it('is refused without showing its text, which may be personal', () => {
    expect(refusal({ ...loginSucceeded, time: 'alice@example.org' }).message).not.toContain(
      'alice',
    );
  });

  it('is refused above 1 MiB', () => {
    const empty = encodeEvent({ ...loginSucceeded, reason: '' }).length;
    const reason = 'a'.repeat(MAX_VALUE_BYTES - empty - 2); // its length takes 3 bytes, not 1
    expect(encodeEvent({ ...loginSucceeded, reason }).length).toBe(MAX_VALUE_BYTES);
    expect(refusal({ ...loginSucceeded, reason: `${reason}a` }).code).toBe('EVENT_TOO_LARGE');
  });
});

describe('bytes that are no event', () => {
  it('are refused by decodeEvent with the reason', () => {
    const value = encodeEvent(loginSucceeded);
    const unknown = expect.objectContaining({ code: 'UNKNOWN_SCHEMA' });
    const malformed = expect.objectContaining({ code: 'MALFORMED' });
    expect(() => decodeEvent(Buffer.alloc(0))).toThrow(unknown);
    expect(() => decodeEvent(value.subarray(0, 9))).toThrow(unknown);
    expect(() => decodeEvent(value.subarray(0, -1))).toThrow(malformed);
    expect(() => decodeEvent(Buffer.concat([value, Buffer.alloc(1)]))).toThrow(malformed);
  });

  it('are refused by readEventBody', () => {
    const malformed = expect.objectContaining({ code: 'MALFORMED' });
    expect(() => readEventBody(Buffer.alloc(0))).toThrow(malformed);
    expect(() => readEventBody(encodeEvent(loginSucceeded).subarray(10, -1))).toThrow(malformed);
  });
});
