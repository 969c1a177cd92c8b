/**
 * Writes docs/errors.md: every stable code, from the lines above it in the sources.
 *
 *     npm run generate
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { PROBLEM_CODES, type Severity } from '@authseal/verifier';

const ROOT = new URL('../', import.meta.url);

/** In the order in which an event passes them. */
const SOURCES = [
  ['@authseal/schemas', 'schemas/src/error.ts'],
  ['@authseal/producer-sdk', 'producer-sdk/src/error.ts'],
  ['@authseal/ingestor', 'ingestor/src/error.ts'],
  ['@authseal/archiver', 'archiver/src/error.ts'],
  ['@authseal/verifier', 'verifier/src/error.ts'],
  ['@authseal/ledger', 'ledger/src/error.ts'],
  ['@authseal/runtime', 'runtime/src/error.ts'],
  ['@authseal/deploy', 'deploy/local/error.ts'],
] as const;

const SEVERITIES: Record<Severity, string> = {
  breach:
    'Sealed data was changed or is missing, or nobody can any longer show that it is not. Exit status 1; cannot be accepted.',
  incident:
    'Something was tried, or went wrong, beside data that is intact. Exit status 1 until it is looked into and accepted by a line of the `--accept` file.',
  note: 'Worth knowing, nothing to act on. Does not set the exit status.',
};

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const problems = Object.entries(SEVERITIES).flatMap(([severity, meaning]) => [
    `### ${upperFirst(severity)}`,
    meaning,
    list(
      Object.entries(PROBLEM_CODES)
        .filter(([, problem]) => problem.severity === severity)
        .map(([code, { meaning, remedy }]) => [code, meaning, remedy]),
    ),
  ]);
  const packages = SOURCES.flatMap(([name, file]) => [
    `## ${name}`,
    `${errorClass(file)} of [${file}](../${file}).`,
    list(errorCodes(file)),
  ]);
  return `${[
    '<!-- Written by `npm run generate` from the sources; do not edit. -->',
    '# Codes',
    'Every code that Authseal names: what it means, and what to do. Codes are stable: scripts and alerts may rely on them. The message beside a code says where it happened.',
    '## Problems of an archive',
    'Named by `authseal verify`, `pull` and `export`.',
    ...problems,
    ...packages,
  ].join('\n\n')}\n`;
}

/** Rows of code, cause and remedy: the union's members and the comment above each. */
function errorCodes(file: string): string[][] {
  const source = readFileSync(new URL(file, ROOT), 'utf8');
  const members = source.matchAll(/(?:\/\*\* (.+?) \*\/\s*)?\|\s*'([A-Z0-9_]+)'/g);
  return [...members].map(([, comment, code]) => {
    // The remedy is what follows "Remedy:", or else the first sentence.
    const [, cause, remedy] =
      /^(.+?)\s*Remedy: (.+)$/.exec(comment ?? '') ?? /^(.+?[.])\s+(.+)$/.exec(comment ?? '') ?? [];
    if (code === undefined || cause === undefined || remedy === undefined) {
      throw new Error(`${file}: ${code} needs a line above it with cause and remedy`);
    }
    return [code, cause, upperFirst(remedy)];
  });
}

function errorClass(file: string): string {
  const source = readFileSync(new URL(file, ROOT), 'utf8');
  return `\`${/export class (\w+) extends Error/.exec(source)?.[1]}\``;
}

function list(rows: readonly (readonly string[])[]): string {
  return rows
    .map(([code, meaning, remedy]) => `- **\`${code}\`**: ${meaning} _What to do:_ ${remedy}`)
    .join('\n');
}

function upperFirst(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}

if (import.meta.main) writeFileSync(new URL('docs/errors.md', ROOT), errorsPage());
