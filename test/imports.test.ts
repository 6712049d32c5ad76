import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(__dirname, '..');

/** Folders of code, each with the folder of the package.json that has to name what it imports. */
const folders = [
  ['lib', 'lib'],
  ['setup', 'setup'],
  ['setup/tfjs-node', 'setup/tfjs-node'],
  ['.', '.'],
  ['bench', '.'],
  ['convert', '.'],
  ['notebooks', '.'],
  ['scripts', '.'],
  ['search', '.'],
  ['service', '.'],
  ['test', '.'],
  ['web', '.'],
];

for (const [folder, home] of folders) {
  it(`${folder} imports only packages that ${path.join(home, 'package.json')} names`, () => {
    const { workspaces = [], ...manifest } = readJson(path.join(home, 'package.json'));
    const own = workspaces.map((place: string) => readJson(path.join(place, 'package.json')).name);
    const named = new Set([
      ...Object.keys({
        ...manifest.dependencies,
        ...manifest.devDependencies,
        ...manifest.peerDependencies,
      }),
      ...own,
    ]);
    const recursive = ['lib', 'test', 'web'].includes(folder);
    const files = (readdirSync(path.join(root, folder), { recursive }) as string[]).filter(
      (file) => /\.(ts|js|mjs|ipynb)$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file),
    );
    assert.ok(files.length > 0);
    for (const file of files) {
      const found = importsOf(path.join(folder, file)).filter((name) => !named.has(name));
      assert.deepEqual(found, [], file);
    }
  });
}

/** The packages that a file imports, requires or, in TypeScript, resolves: those of setup/ do so for others. */
function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const sources = file.endsWith('.ipynb')
    ? (JSON.parse(text).cells as { cell_type: string; source: string[] }[])
        .filter((cell) => cell.cell_type === 'code')
        .map(({ source }) => source.join(''))
    : [text];
  return sources
    .flatMap((source) => [
      ...ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName),
      ...(file.endsWith('.ts') ? [...source.matchAll(/require\.resolve\(\s*'([^']+)'/g)] : []).map(
        ([, name]) => name,
      ),
    ])
    .filter((name) => !/^[./]/.test(name) && !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

function readJson(file: string) {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}
