import { validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { newEventId } from './event-id.ts';

describe('an event id', () => {
  it('is a UUIDv7 that was never given before', () => {
    const ids = Array.from({ length: 5000 }, newEventId);
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('begins with the milliseconds since 1970', () => {
    const before = Date.now();
    const time = Number.parseInt(newEventId().replace('-', '').slice(0, 12), 16);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });
});
