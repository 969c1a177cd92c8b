/** What the documentation says, held against what is there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorsPage } from '../../docs/errors.generate.ts';
import { threatsPage } from '../../docs/threats.generate.ts';
import { ROOT, run } from '../plain/commands.ts';

const read = (path: string) => readFileSync(`${ROOT}/${path}`, 'utf8');
const pages = globSync(['*.md', 'docs/**/*.md', '*/README.md'], {
  cwd: ROOT,
  exclude: (name) => name === 'node_modules',
});

/** A test in runtime holds its table of settings against the code. */
const SETTINGS = [
  ...`${read('runtime/README.md')} ${read('producer-sdk/README.md')}`.matchAll(/`(AUTHSEAL_\w+)`/g),
].map(([, name]) => name);

describe('docs/errors.md', () => {
  it('has been generated since codes last changed: npm run generate', () => {
    expect(read('docs/errors.md')).toBe(errorsPage());
  });
});

describe('docs/threats.md', () => {
  it('has been generated since the attacks last changed: npm run generate', () => {
    expect(read('docs/threats.md')).toBe(threatsPage());
  });
});

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links to files and headings that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    const broken = links.filter(([, path, anchor]) => {
      const file = path === '' ? page : resolve('/', dirname(page), path as string).slice(1);
      if (!existsSync(`${ROOT}/${file}`)) return true;
      return anchor !== undefined && !headings(read(file)).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it('names files that exist where it names them by their path', () => {
    const paths = [...text.matchAll(/`((?:[a-z-]+\/)+[\w.-]+\.(?:ts|md|avsc|json|yaml))`/g)];
    const missing = paths.filter(
      ([, path]) => ![ROOT, dirname(`${ROOT}/${page}`)].some((at) => existsSync(`${at}/${path}`)),
    );
    expect(missing.map(([path]) => path)).toEqual([]);
  });

  it('names settings that there are', () => {
    const told = [...text.matchAll(/`(AUTHSEAL_\w+)[=`]/g)].map(([, name]) => name);
    expect(told.filter((name) => !SETTINGS.includes(name))).toEqual([]);
  });

  it('uses commands and flags that there are', async () => {
    const wrong: string[] = [];
    for (const { command, subcommands, flags } of commandLines(text)) {
      const known = await flagsOf(command, subcommands);
      if (known === null) wrong.push([command, ...subcommands].join(' '));
      for (const flag of flags) if (!known?.includes(flag)) wrong.push(`${command} ${flag}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('docs/sre.md', () => {
  const text = read('docs/sre.md');

  it('names codes that there are', () => {
    const [, section = ''] = text.split('## When something refuses');
    const names = section.split('\n## ')[0]?.match(/(?<=`)(?!AUTHSEAL)[A-Z][A-Z_]+(?=`)/g) ?? [];
    const page = errorsPage();
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/platform-teams.md', () => {
  it('shows the example that the SDK tests', () => {
    expect(read('docs/platform-teams.md')).toContain(
      `\`\`\`ts\n${read('producer-sdk/examples/login.ts')}\`\`\``,
    );
  });
});

describe('docs/dependencies.md', () => {
  it('names every dependency with its version, and no other', () => {
    const manifests = ['package.json', ...globSync('*/package.json', { cwd: ROOT })];
    const used = manifests.flatMap((path) => {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(read(path));
      return Object.entries({ ...dependencies, ...devDependencies })
        .filter(([name]) => !name.startsWith('@authseal/'))
        .map(([name, version]) => `${name} ${version}`);
    });
    const told = read('docs/dependencies.md').matchAll(/^\| `([^`]+)` +\| (\S+) +\|/gm);
    expect([...told].map(([, name, version]) => `${name} ${version}`).sort()).toEqual(
      [...new Set(used)].sort(),
    );
  });
});

/** The anchors of a page's headings, as GitHub makes them. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

type CommandLine = {
  command: 'authseal' | 'authseal-collect';
  subcommands: string[];
  flags: string[];
};

const helps = new Map<string, Promise<string[] | null>>();

/** The flags that `--help` tells; null when there is no such command. */
function flagsOf(command: CommandLine['command'], subcommands: string[]) {
  const key = [command, ...subcommands].join(' ');
  const help = helps.get(key) ?? askForFlags(command, subcommands);
  helps.set(key, help);
  return help;
}

async function askForFlags(command: CommandLine['command'], subcommands: string[]) {
  const { code, stdout } = await run(command, [...subcommands, '--help'], {});
  return code === 0 ? (stdout.match(/--[a-z-]+/g) ?? []) : null;
}

/** Every use of `authseal …` and `authseal-collect …` in code. */
function commandLines(text: string): CommandLine[] {
  const code = [...text.matchAll(/```sh\n([\s\S]*?)```|`([^`\n]+)`/g)];
  const lines = code.flatMap(([, block, span]) => (block ?? span ?? '').split('\n'));
  return lines.flatMap((line) =>
    line.split(/[|;&]/).flatMap((part) => {
      const [, command, rest] = /^(?:\s*npx)?\s*(authseal(?:-collect)?) (\w.*)$/.exec(part) ?? [];
      if (command === undefined || rest === undefined) return [];
      const [first = '', second = ''] = rest.split(' ');
      const subcommands = first === 'keys' && second !== '' ? [first, second] : [first];
      const flags = rest.match(/(?<= )--[a-z-]+/g) ?? [];
      return [{ command: command as CommandLine['command'], subcommands, flags: [...flags] }];
    }),
  );
}
