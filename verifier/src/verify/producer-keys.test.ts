import { describe, expect, it } from 'vitest';
import { newPem, vkeyOf } from '../testing/sealed-log.ts';
import { parseProducerKeys } from './producer-keys.ts';

const vkey = vkeyOf(newPem(), 'shop');
const newer = vkeyOf(newPem(), 'shop');

describe('a file of producer keys', () => {
  it('gives each service its keys, and the earliest time from which it signs', () => {
    const file = `# services\n\n${vkey} from 2026-02-01T00:00:00Z\n${newer} from 2026-03-01T00:00:00+01:00\n`;
    const shop = parseProducerKeys(file).get('shop');
    expect(shop?.publicKeys).toHaveLength(2);
    expect(shop?.from).toBe(Date.UTC(2026, 1, 1));
    expect(parseProducerKeys(vkey).get('shop')?.from).toBe(0);
    expect(parseProducerKeys('').size).toBe(0);
  });

  it.each([
    [`${vkey} since 2026-02-01T00:00:00Z`, /Line 1 .* was expected/],
    [`${vkey} from yesterday`, /"yesterday" is no time/],
    [`${vkey} from 2026-13-01T00:00:00Z`, /is no time/],
    [`\n${vkey.replace('shop', 'shoq')}`, /Line 2 .*key id/],
    [vkeyOf(newPem(), 'Shop'), /name is no service/],
  ])('is refused when a line is %j', (file, message) => {
    expect(() => parseProducerKeys(file)).toThrow(message);
  });
});
