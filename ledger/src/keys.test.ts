import { describe, expect, it } from 'vitest';
import type { Header } from './header.ts';
import { checkpointSigners, parseKeys, stepKey } from './keys.ts';
import { signNote } from './note.ts';
import { codeOf } from './testing/failure.ts';
import { testSigner, vkeyOf } from './testing/keys.ts';

const signers = ['oldest', 'middle', 'newest'].map(testSigner);
const [oldest, middle, newest] = signers as [
  (typeof signers)[0],
  (typeof signers)[0],
  (typeof signers)[0],
];
const vkeys = signers.map((signer) => vkeyOf('prod', signer));
const keys = parseKeys(vkeys.join('\n'));
const ORIGIN = 'prod/auth-events/0';

describe('a file of keys', () => {
  it('holds vkeys of one deployment, oldest first; empty lines and comments are passed over', () => {
    const file = `# keys\r\n\r\n${vkeys[0]}\r\n  \n# next\n  ${vkeys[1]}  \n`;
    expect(parseKeys(file)).toEqual({ deployment: 'prod', keys: keys.keys.slice(0, 2) });
  });

  it('is refused, naming the line, when it is empty, mixed, repeated or malformed', () => {
    const refused = (file: string, message: RegExp): void => {
      expect(codeOf(() => parseKeys(file))).toBe('KEY_MALFORMED');
      expect(() => parseKeys(file)).toThrow(message);
    };
    refused('', /no vkey/);
    refused('# nothing\n', /no vkey/);
    refused(`${vkeys[0]}\n${vkeyOf('other', middle)}`, /Line 2 .* "other"/);
    refused(`${vkeys[0]}\n\n${vkeys[0]}`, /Line 3 .* repeats/);
    refused(`${vkeys[0]}\nnonsense`, /^Line 2 .* "nonsense" is no vkey: .* was expected\.$/);
    refused(vkeys[0]?.replace('prod', 'prod2') as string, /^Line 1 .* has key id/);
    refused('\u0000\u001b[31m', /^Line 1 .* "\\u\{0\}\\u\{1b\}\[31m" is no vkey/);
    refused(vkeyOf(ORIGIN, oldest), /Line 1 .* no name of a deployment/);
    refused(vkeyOf('Prod', oldest), /Line 1/);
    expect(() => parseKeys('nonsense')).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: 'KEY_MALFORMED' }) }),
    );
  });
});

describe('the signers of a checkpoint', () => {
  const TEXT = 'x\n';
  const noteBy = async (...by: typeof signers) => Buffer.from(await signNote(TEXT, ORIGIN, by));

  it('are the lines of the key file whose signature it bears, under the origin as name', async () => {
    expect(checkpointSigners(await noteBy(middle), ORIGIN, keys)).toEqual([1]);
    expect(checkpointSigners(await noteBy(newest, oldest), ORIGIN, keys)).toEqual([0, 2]);
    expect(checkpointSigners(await noteBy(testSigner('x'), oldest), ORIGIN, keys)).toEqual([0]);
  });

  it('are none when the key file does not know them', async () => {
    const strange = await noteBy(testSigner('x'));
    expect(codeOf(() => checkpointSigners(strange, ORIGIN, keys))).toBe('SIGNATURE_MISSING');
  });

  it('are none under another name, log or deployment', async () => {
    const named = async (name: string) => Buffer.from(await signNote(TEXT, name, [oldest]));
    for (const [name, origin] of [
      ['prod', ORIGIN],
      ['prod/auth-events/1', ORIGIN],
      [ORIGIN, 'prod/auth-events/1'],
      ['production/auth-events/0', 'production/auth-events/0'],
      ['prod', 'prod'],
    ] as const) {
      const note = await named(name);
      expect(
        codeOf(() => checkpointSigners(note, origin, keys)),
        name,
      ).toBe('SIGNATURE_MISSING');
    }
  });

  it('are none of a note whose signature does not hold', async () => {
    const note = (await noteBy(oldest)).toString().replace('x\n', 'y\n');
    expect(codeOf(() => checkpointSigners(Buffer.from(note), ORIGIN, keys))).toBe('NOTE_MALFORMED');
  });
});

describe('the key in force', () => {
  const PLAIN = {} as Header;
  const rotation = (line: number | string): Header =>
    ({ rotation: { next: typeof line === 'number' ? vkeys[line] : line } }) as Header;
  const ok = (key: number, replaced = false) => ({ ok: true, key, replaced });

  it('is at the first batch present whichever signed it', () => {
    for (const line of [0, 1, 2]) expect(stepKey(null, [line], PLAIN, keys)).toEqual(ok(line));
  });

  it('stays without a rotation', () => {
    expect(stepKey(1, [1], PLAIN, keys)).toEqual(ok(1));
    expect(stepKey(1, [1, 2], PLAIN, keys)).toEqual(ok(1));
    expect(stepKey(1, [2], PLAIN, keys)).toMatchObject({ ok: false });
    expect(stepKey(1, [0], PLAIN, keys)).toMatchObject({ ok: false });
  });

  it('changes at a rotation to the next line, signed by both', () => {
    expect(stepKey(0, [0, 1], rotation(1), keys)).toEqual(ok(1));
    expect(stepKey(1, [1, 2], rotation(2), keys)).toEqual(ok(2));
    expect(stepKey(null, [0, 1], rotation(1), keys)).toEqual(ok(1));
  });

  it('is replaced when the new one signs its rotation alone', () => {
    expect(stepKey(0, [1], rotation(1), keys)).toEqual(ok(1, true));
    expect(stepKey(null, [1], rotation(1), keys)).toEqual(ok(1, true));
  });

  it('never changes without the signature of the new one', () => {
    expect(stepKey(0, [0], rotation(1), keys)).toMatchObject({ ok: false });
    expect(stepKey(null, [0], rotation(1), keys)).toMatchObject({ ok: false });
    expect(stepKey(0, [0, 2], rotation(1), keys)).toMatchObject({ ok: false });
  });

  it('passes over no line, never goes back, and does not stay by a rotation', () => {
    expect(stepKey(0, [0, 2], rotation(2), keys)).toMatchObject({ ok: false });
    expect(stepKey(2, [1, 2], rotation(1), keys)).toMatchObject({ ok: false });
    expect(stepKey(1, [1], rotation(1), keys)).toMatchObject({ ok: false });
    expect(stepKey(2, [0, 2], rotation(0), keys)).toMatchObject({ ok: false });
  });

  it('does not change to a key that the file does not hold under the name of the deployment', () => {
    const strange = vkeyOf('prod', testSigner('x'));
    expect(stepKey(0, [0, 1], rotation(strange), keys)).toMatchObject({ ok: false });
    expect(stepKey(null, [0, 1], rotation(strange), keys)).toMatchObject({ ok: false });
    const underOrigin = rotation(vkeyOf(ORIGIN, middle));
    expect(stepKey(0, [0, 1], underOrigin, keys)).toMatchObject({ ok: false });
  });

  it('may begin with a rotation to the first line, when older lines are no longer kept', () => {
    expect(stepKey(null, [0], rotation(0), keys)).toEqual(ok(0));
    expect(stepKey(0, [0], rotation(0), keys)).toMatchObject({ ok: false });
  });

  it('says in plain words what was expected and what was found', () => {
    expect(stepKey(0, [2], PLAIN, keys)).toEqual({
      ok: false,
      expected: 'signed by line 1 of the key file',
      found: 'signed by line 3 of the key file',
    });
    expect(stepKey(0, [0, 2], rotation(2), keys)).toEqual({
      ok: false,
      expected: 'a rotation to line 2 of the key file, signed by it',
      found: `a rotation to ${vkeys[2]}, signed by line 1 and 3 of the key file`,
    });
    expect(stepKey(null, [0], rotation(1), keys)).toEqual({
      ok: false,
      expected: 'a rotation to a line of the key file, signed by it',
      found: `a rotation to ${vkeys[1]}, signed by line 1 of the key file`,
    });
  });
});
