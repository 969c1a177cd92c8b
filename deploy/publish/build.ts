/**
 * Makes the publishable form of the package in the current folder: `dist/` with JavaScript, type
 * declarations and a package.json of its own that points at them (`npm publish dist`). In the
 * repository everything runs from its sources; only a published package needs this, for Node strips
 * no types below node_modules.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const dist = resolve('dist');
rmSync(dist, { recursive: true, force: true });

const project = {
  extends: `${root}/tsconfig.json`,
  compilerOptions: {
    noEmit: false,
    declaration: true,
    rootDir: resolve('src'),
    outDir: dist,
    // Of the other packages only the types are read, from their sources beside this one.
    customConditions: [],
  },
  include: [resolve('src')],
  exclude: [resolve('src/**/*.test.ts'), resolve('src/testing'), resolve('src/generate')],
};
const config = resolve('tsconfig.build.json');
writeFileSync(config, JSON.stringify(project));
try {
  execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-p', config], {
    stdio: 'inherit',
  });
} catch {
  process.exitCode = 1; // tsc has said why
} finally {
  rmSync(config);
}

const {
  scripts: _,
  devDependencies: __,
  files: ___,
  ...manifest
} = JSON.parse(readFileSync('package.json', 'utf8'));
writeFileSync(`${dist}/package.json`, `${JSON.stringify(pointed(manifest), null, 2)}\n`);
for (const file of ['README.md', `${root}/LICENSE`]) {
  if (existsSync(file)) cpSync(file, `${dist}/${file.split('/').at(-1)}`);
}

/** The manifest with every source path turned into that of what was made of it. */
function pointed(manifest: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(manifest).replaceAll(/"\.\/src\/([^"]+)\.ts"/g, '"./$1.js"');
  return JSON.parse(text);
}
