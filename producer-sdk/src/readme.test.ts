import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const readme = read('../README.md');

/** The rows of a table without the spaces that align it. */
const rows = (text: string, prefix: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${prefix}|`) && !line.includes('---'))
    .map((line) => line.slice(prefix.length).replaceAll(/ +/g, ' ').trim());

describe('README.md', () => {
  it('shows the example as it is run', () => {
    expect(readme).toContain(`\`\`\`ts\n${read('../examples/login.ts')}\`\`\``);
  });

  it('maps logs to events as the collectors say they do', () => {
    const shown = rows(readme, '');
    for (const file of ['sshd', 'cloudtrail', 'cloudtrail-principals']) {
      const documented = rows(read(`./collect/${file}.ts`), ' * ');
      expect(documented.length).toBeGreaterThan(5);
      for (const row of documented) expect(shown).toContain(row);
    }
  });
});
