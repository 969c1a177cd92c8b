import { describe, expect, it } from 'vitest';
import { newPem, vkeyOf } from '../testing/sealed-log.ts';
import { parseProducerKeys } from './producer-keys.ts';

const vkey = vkeyOf(newPem(), 'shop');
const parse = (file: string) => parseProducerKeys(file, 'test');
const newer = vkeyOf(newPem(), 'shop');

describe('a file of producer keys', () => {
  it('gives each service its keys, and the earliest time from which it signs', () => {
    const file = `# services\n\n${vkey} from 2026-02-01T00:00:00Z\n${newer} from 2026-03-01T00:00:00+01:00\n`;
    const shop = parse(file).get('shop');
    expect(shop?.publicKeys).toHaveLength(2);
    expect(shop?.from).toBe(Date.UTC(2026, 1, 1));
    expect(parse(vkey).get('shop')?.from).toBe(0);
    expect(parse('').size).toBe(0);
  });

  it.each([
    [`${vkey} since 2026-02-01T00:00:00Z`, /Line 1 .* is not "<vkey>/],
    [`${vkey} from yesterday`, /"yesterday" is no time/],
    [`${vkey} from 2026-02-30T00:00:00Z`, /"2026-02-30T00:00:00Z" is no time/],
    [`\n${vkey.replace('shop', 'shoq')}`, /Line 2 .*key id/],
    [vkeyOf(newPem(), 'Shop'), /"Shop" is no name of a service/],
    [`${vkey}\n${vkeyOf(newPem(), 'test')}`, /Line 2 .* as the deployment is.*AUTHSEAL_KEYS/],
    ['\ufffd\u0000JFIF\u001b[31m x', /"\ufffd\\u\{0\}JFIF\\u\{1b\}\[31m x" is not "<vkey>/],
    ['x'.repeat(1000), /"x{60}…" is no vkey/],
  ])('is refused when a line is %j', (file, message) => {
    expect(() => parse(file)).toThrow(message);
  });
});
