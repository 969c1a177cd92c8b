/** What `npm run generate` writes, as text: no I/O but through `read`. */

import { archivedText } from './archived-text.ts';
import { renderCanonical } from './render-canonical.ts';
import { renderTypes } from './render-types.ts';

const SCHEMAS = ['auth-event', 'entry'] as const;
type SchemaName = (typeof SCHEMAS)[number];

/**
 * @param read text of a file of this package
 * @param released names of the files in released/
 * @param release write a new released version where avro/ has changed
 * @returns path and text of each file to write
 * @throws Error when avro/ has changed and `release` is not set
 */
export function generate(
  read: (path: string) => string,
  released: readonly string[],
  release: boolean,
): Map<string, string> {
  const output = new Map<string, string>();
  const event = JSON.parse(read('avro/auth-event.avsc'));
  const current: Record<SchemaName, string> = {
    'auth-event': archivedText(event),
    entry: archivedText(JSON.parse(read('avro/entry.avsc')), { AuthEvent: event }),
  };

  const texts = SCHEMAS.map((name) => {
    const versions = released.filter((file) => versionOf(name, file) > 0);
    versions.sort((a, b) => versionOf(name, a) - versionOf(name, b));
    const all = versions.map((file) => read(`released/${file}`));
    if (all.at(-1) !== current[name]) {
      const next = `released/${name}.v${versions.length + 1}.avsc`;
      if (!release)
        throw new Error(
          `avro/${name}.avsc is not the newest released version: undo the change, or write ${next} with: npm run generate -- --release`,
        );
      output.set(next, current[name]);
      all.push(current[name]);
    }
    return all;
  });

  output.set('src/generated/auth-event.ts', renderTypes(event));
  output.set('src/generated/schema-texts.ts', renderTexts(texts[0] ?? [], texts[1] ?? []));
  output.set('src/generated/canonical.ts', renderCanonical(JSON.parse(current.entry)));
  return output;
}

/** 3 for entry.v3.avsc, 0 for a file of another name. */
function versionOf(name: SchemaName, file: string): number {
  const match = /^(.+)\.v([1-9][0-9]*)\.avsc$/.exec(file);
  return match?.[1] === name ? Number(match[2]) : 0;
}

function renderTexts(events: string[], entries: string[]): string {
  return `// Generated from released/ by \`npm run generate\`. Do not edit.

/** Every released authseal.AuthEvent, oldest first; the last is the current one. */
export const AUTH_EVENT_SCHEMA_TEXTS = ${renderArray(events)};

/** Every released authseal.Entry, oldest first; the last is the current one. */
export const ENTRY_SCHEMA_TEXTS = ${renderArray(entries)};
`;
}

function renderArray(texts: string[]): string {
  return `[\n${texts.map((text) => `  '${text}',\n`).join('')}] as const`;
}
