/**
 * Notes and Merkle trees against other people's code, in both directions: the Go program in go-note/
 * uses golang.org/x/mod/sumdb/note and github.com/transparency-dev/merkle. Skipped, by name, where
 * Go is missing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import {
  BatchBuilder,
  CompactRange,
  checkpointSigners,
  consistencyProof,
  formatVkey,
  type Hash,
  hashLeaf,
  inclusionProof,
  LedgerError,
  type NoteSigner,
  newLog,
  noteVerifier,
  openNote,
  parseKeys,
  parseVkey,
  rangeRootOf,
  readBatch,
  signerFromPem,
  signNote,
  verifyConsistency,
  verifyInclusion,
} from '@authseal/ledger';
import { beforeAll, describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, 'go-note');
const PROGRAM = join(import.meta.dirname, '../../.cache/conformance/go-note');
const GO_TOOL = 'go';
const GO = spawnSync(GO_TOOL, ['version']).status === 0;

type Question = Record<string, unknown> & { Ask: string };
type Answer = {
  readonly error?: string;
  readonly text?: string;
  readonly by?: string[];
  readonly note?: string;
  readonly vkey?: string;
  readonly leaves?: string[];
  readonly nodes?: string[][];
  readonly roots?: string[];
};

function ask(questions: readonly Question[]): Answer[] {
  const input = JSON.stringify(questions);
  return JSON.parse(execFileSync(PROGRAM, { input, maxBuffer: 2 ** 26 }).toString());
}

const askOne = (question: Question): Answer => ask([question])[0] as Answer;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function newSigner(): NoteSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return signerFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
}

const vkeyOf = (name: string, { publicKey }: NoteSigner): string =>
  formatVkey(noteVerifier(name, publicKey));

beforeAll(() => {
  if (!GO) return;
  const build = ['build', '-buildvcs=false', '-o', PROGRAM, '.'];
  execFileSync(GO_TOOL, build, { cwd: FOLDER, stdio: 'pipe' });
});

describe.skipIf(!GO)('where Go is present, golang.org/x/mod/sumdb/note', () => {
  const ORIGIN = 'prod/auth-events/3';
  const TERMS = {
    now: Date.UTC(2026, 0, 1),
    retention: 1000,
    heartbeat: 300,
    partitions: 4,
    codec: 'zstandard',
  } as const;

  it('opens the checkpoint of a sealed batch, given the vkey named by its origin', async () => {
    const signer = newSigner();
    const { object } = await new BatchBuilder(newLog(ORIGIN)).seal(TERMS, { signer });
    const { note, checkpoint } = readBatch(object);
    const vkey = vkeyOf(ORIGIN, signer);
    expect(askOne({ Ask: 'open', Note: note.toString(), Vkeys: [vkey] })).toEqual({
      text: `${ORIGIN}\n${checkpoint.size}\n${base64(checkpoint.root)}\n`,
      by: [vkey],
    });
  });

  it('opens the checkpoint of a rotation by either key', async () => {
    const [signer, next] = [newSigner(), newSigner()];
    const { object } = await new BatchBuilder(newLog(ORIGIN)).seal(TERMS, { signer, next });
    const note = readBatch(object).note.toString();
    const vkeys = [vkeyOf(ORIGIN, signer), vkeyOf(ORIGIN, next)];
    const answers = ask(
      [vkeys, vkeys.slice(1), []].map((Vkeys) => ({ Ask: 'open', Note: note, Vkeys })),
    );
    expect(answers.map(({ by, error }) => by ?? error)).toEqual([
      vkeys,
      vkeys.slice(1),
      'note has no verifiable signatures',
    ]);
  });

  it('does not open it under the name of the deployment', async () => {
    const signer = newSigner();
    const { object } = await new BatchBuilder(newLog(ORIGIN)).seal(TERMS, { signer });
    const Note = readBatch(object).note.toString();
    const answer = askOne({ Ask: 'open', Note, Vkeys: [vkeyOf('prod', signer)] });
    expect(answer.error).toBe('note has no verifiable signatures');
  });

  it('signs notes that open here', () => {
    const texts = [
      'one line\n',
      'é 文\n\n— not a signature\n',
      `${ORIGIN}\n1\n${base64(Buffer.alloc(32))}\n`,
    ];
    const answers = ask(texts.map((Text) => ({ Ask: 'sign', Name: ORIGIN, Text })));
    for (const [i, { note, vkey }] of answers.entries()) {
      const verifier = parseVkey(vkey as string);
      const opened = openNote(Buffer.from(note as string), [verifier]);
      expect(opened).toEqual({ text: texts[i], signedBy: [verifier] });
      const line = vkeyOf('prod', { ...newSigner(), publicKey: verifier.publicKey });
      expect(checkpointSigners(Buffer.from(note as string), ORIGIN, parseKeys(line))).toEqual([0]);
    }
  });

  it('refuses the very notes that are refused here', async () => {
    const signer = newSigner();
    const verifier = noteVerifier(ORIGIN, signer.publicKey);
    const good = await signNote('text\n', ORIGIN, [signer]);
    const line = good.slice(good.indexOf('—'));
    const notes = [
      good,
      good.replace('text', 'test'),
      good.replace('text', 'te\txt'),
      good.replace('\n\n', '\n'),
      good.replace('— ', '- '),
      good.slice(0, -1),
      `${good}\n`,
      good + line,
      good + line.replace(ORIGIN, 'other'),
      good + line.replace(ORIGIN, 'oth er'),
      good + line.replace(ORIGIN, 'oth+er'),
      good + line.replace(ORIGIN, 'oth\u0085er'),
      good + line.replace(ORIGIN, 'oth\u2003er'),
      `${good}— other AAAAAA==\n`,
      `${good}— other AAAAAAA=\n`,
      `${good}— other\n`,
      `${good}— other \n`,
      line,
      `\n${line}`,
      `\n\n${line}`,
      '',
    ];
    const answers = ask(
      notes.map((Note) => ({ Ask: 'open', Note, Vkeys: [formatVkey(verifier)] })),
    );
    for (const [i, note] of notes.entries()) {
      expect(opens(note, verifier), JSON.stringify(note)).toBe(answers[i]?.error === undefined);
    }
  });
});

function opens(note: string, verifier: ReturnType<typeof noteVerifier>): boolean {
  return !refused(() => {
    const { signedBy } = openNote(Buffer.from(note), [verifier]);
    if (signedBy.length === 0) throw new LedgerError('SIGNATURE_MISSING', 'by nobody');
  });
}

function refused(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (error instanceof LedgerError) return true;
    throw error;
  }
}

describe.skipIf(!GO)('where Go is present, github.com/transparency-dev/merkle', () => {
  const leaves = Array.from({ length: 40 }, (_, i) => hashLeaf(Buffer.from(`leaf ${i}`)));
  const rootOf = rangeRootOf(leaves);

  /** The proof itself, and others that are like it and wrong, save that a change may undo nothing. */
  const variants = (proof: readonly Hash[], stranger: Hash): Hash[][] => [
    [...proof],
    [...proof, stranger],
    [stranger, ...proof],
    proof.slice(1),
    proof.slice(0, -1),
    proof.toReversed(),
    proof.map((hash, i) => (i === 0 ? stranger : hash)),
  ];

  it('has the same leaf hashes, node hashes and roots for its public test data', () => {
    const { leaves: data, nodes, roots } = askOne({ Ask: 'vectors' });
    const hashes = (data as string[]).map((leaf) => hashLeaf(Buffer.from(leaf, 'base64')));
    expect(hashes.map(base64)).toEqual(nodes?.[0]);
    const publicRoot = rangeRootOf(hashes);
    for (const [level, expected] of (nodes as string[][]).entries()) {
      const size = 2 ** level;
      expect(expected.map((_, i) => base64(publicRoot(i * size, (i + 1) * size)))).toEqual(
        expected,
      );
    }
    const range = new CompactRange();
    const found = [base64(range.root())];
    for (const hash of hashes) {
      range.append(hash);
      found.push(base64(range.root()));
    }
    expect(found).toEqual(roots);
  });

  it('takes and refuses the same inclusion proofs', () => {
    const cases = Array.from({ length: 40 }, (_, n) => n + 1).flatMap((size) =>
      [0, 1, size >> 1, size - 1].flatMap((near) => {
        const index = Math.min(near, size - 1);
        const proof = inclusionProof(index, size, rootOf);
        const root = rootOf(0, size);
        return variants(proof, leaves[index] as Hash).flatMap((changed) => [
          { index, size, proof: changed, root },
          { index: index + 1, size, proof: changed, root },
          { index, size: size + 1, proof: changed, root },
        ]);
      }),
    );
    const answers = ask(
      cases.map(({ index, size, proof, root }) => ({
        Ask: 'inclusion',
        Index: index,
        Size: size,
        Leaf: base64(leaves[index] ?? Buffer.alloc(32)),
        Proof: proof.map(base64),
        Root: base64(root),
      })),
    );
    expect(answers.some(({ error }) => error === undefined)).toBe(true);
    for (const [i, { index, size, proof, root }] of cases.entries()) {
      const leaf = leaves[index] ?? Buffer.alloc(32);
      const here = !refused(() => verifyInclusion(index, size, leaf, proof, root));
      expect(here, `leaf ${index} of ${size}`).toBe(answers[i]?.error === undefined);
    }
  });

  it('takes and refuses the same consistency proofs', () => {
    const sizes = [1, 2, 3, 4, 6, 7, 8, 13, 16, 31, 32, 33, 40];
    const cases = sizes.flatMap((to) =>
      sizes
        .filter((from) => from <= to)
        .flatMap((from) => {
          const proof = consistencyProof(from, to, rootOf);
          const [fromRoot, root] = [rootOf(0, from), rootOf(0, to)];
          return variants(proof, root).flatMap((changed) => [
            { from, to, proof: changed, fromRoot, root },
            { from, to, proof: changed, fromRoot: root, root: fromRoot },
            { from, to: to + 1, proof: changed, fromRoot, root },
          ]);
        }),
    );
    const answers = ask(
      cases.map(({ from, to, proof, fromRoot, root }) => ({
        Ask: 'consistency',
        From: from,
        Size: to,
        Proof: proof.map(base64),
        FromRoot: base64(fromRoot),
        Root: base64(root),
      })),
    );
    expect(answers.some(({ error }) => error === undefined)).toBe(true);
    for (const [i, { from, to, proof, fromRoot, root }] of cases.entries()) {
      const here = !refused(() => verifyConsistency(from, to, fromRoot, root, proof));
      expect(here, `${from} in ${to}`).toBe(answers[i]?.error === undefined);
    }
  });
});
