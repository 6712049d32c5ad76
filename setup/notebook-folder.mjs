// How does the library get into a folder of somebody's own? Packed, so that the folder works without
// the repository. A record of what was written there tells the user's files from ours at an update.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fail, run, SetupError, step } from './commands.mjs';
import { runNpm } from './packages.mjs';
import { requireOwnEnvironment } from './python.mjs';
import { fingerprint, writeFileAtomically } from './stamps.mjs';
import { findProject, setUp } from './steps.mjs';

const template = join(import.meta.dirname, 'template');
/** The template's files, under the names that they get; npm would not pack or obey some as they are. */
const templateFiles = {
  'README.md': 'README.md',
  'first-network.ipynb': 'first-network.ipynb',
  '.npmrc': 'npmrc',
  '.gitignore': 'gitignore',
};
const packages = ['lib', 'setup', 'setup/tfjs-node'];

/** Makes the folder that `npm run new -- FOLDER` names, or updates what is ours in it. */
export async function makeNotebookFolder(args) {
  const project = findProject();
  try {
    const folder = chooseFolder(project, args);
    const record = readRecord(folder);
    requireRoom(folder, record);
    await setUp();
    console.log(`\nThe library for ${folder}`);
    const packed = {};
    await step('packed library', () => packLibrary(project, folder, packed));
    await step('files', () => writeFiles(project, folder, record, packed));
    await step('its npm packages', () => installThere(project, folder, record, packed));
    console.log(`\nThe set-up in ${folder}`);
    const script = join(folder, 'node_modules', 'digit-recognizer-setup', 'setup.mjs');
    const { code } = await run(process.execPath, [script], { cwd: folder, stdio: 'inherit' });
    if (code !== 0) process.exit(code);
    console.log(`\nJupyterLab starts with: cd ${shellWord(folder)} && npm start`);
  } catch (error) {
    fail(error);
  }
}

/** The folder that the user means, by where they called npm. */
function chooseFolder(project, args) {
  if (args.length !== 1 || args[0] === '' || args[0].startsWith('-')) {
    throw new SetupError(
      `expected one folder, found ${args.length === 0 ? 'none' : args.join(' ')}. ` +
        'Usage: npm run new -- ../my-notebooks',
    );
  }
  const named = resolve(process.env.INIT_CWD ?? '.', args[0]);
  let existing = named;
  while (!existsSync(existing)) existing = dirname(existing);
  if (!statSync(existing).isDirectory()) {
    throw new SetupError(`${existing} is a file; expected a folder. Name another one.`);
  }
  const folder = join(realpathSync(existing), relative(existing, named));
  const inside = relative(realpathSync(project.root), folder);
  if (!inside.startsWith('..') && !isAbsolute(inside)) {
    throw new SetupError(
      `${folder} is inside this repository; name a folder outside of it, such as ../my-notebooks.`,
    );
  }
  if (folder.includes(':')) {
    throw new SetupError(
      `${folder} has a colon in its path, which Python environments cannot have.`,
    );
  }
  return folder;
}

/** What earlier calls wrote there: packed files, and the SHA-256 of others by name. */
function readRecord(folder) {
  const file = join(folder, '.digit-recognizer', 'written.json');
  if (!existsSync(file)) return { packages: [], files: {} };
  try {
    const { packages, files } = JSON.parse(readFileSync(file, 'utf8'));
    return { packages: [...packages], files: { ...files } };
  } catch {
    throw new SetupError(`${file} is damaged; restore it, or name another folder.`);
  }
}

function writeRecord(folder, record) {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  writeFileAtomically(join(folder, '.digit-recognizer', 'written.json'), text);
}

/** Refuses a folder whose package.json, npm packages or Python environment are somebody else's. */
function requireRoom(folder, record) {
  requireOwnEnvironment(join(folder, '.venv'));
  if ('package.json' in record.files) {
    readPackageFile(folder);
    return;
  }
  for (const name of ['package.json', 'package-lock.json', 'node_modules']) {
    if (!existsSync(join(folder, name))) continue;
    throw new SetupError(
      `${join(folder, name)} exists and is not from \`npm run new\`, which would change it. ` +
        'Name a folder without one; notebooks can be moved or copied there.',
    );
  }
}

/** Packs the library into the folder, under names that change with the content; sets `packed`. */
async function packLibrary(project, folder, packed) {
  const temporary = mkdtempSync(join(project.native, 'packed-'));
  try {
    const sources = packages.map((it) => `./${it}`);
    await runNpm(project, 'pack', project.root, [...sources, '--pack-destination', temporary]);
    const place = join(folder, '.digit-recognizer');
    mkdirSync(place, { recursive: true });
    let added = 0;
    for (const source of packages) {
      const { name, version } = readJson(join(project.root, source, 'package.json'));
      const base = `${name.replace('@', '').replace('/', '-')}-${version}`;
      const file = join(temporary, `${base}.tgz`);
      // npm takes a file of the same name and version for the one that it has.
      const target = `${base}-${fingerprint([readFileSync(file)]).slice(0, 8)}.tgz`;
      if (!existsSync(join(place, target))) {
        copyFileSync(file, join(place, `${target}.tmp`));
        renameSync(join(place, `${target}.tmp`), join(place, target));
        added++;
      }
      packed[name] = target;
    }
    return added === 0 ? 'up to date' : `${added} files in .digit-recognizer`;
  } catch (error) {
    throw new SetupError(`The library could not be packed: ${error.message}`, error.logLines);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Writes our files: new ones, and those that are as we wrote them; the others stay. */
function writeFiles(project, folder, record, packed) {
  record.packages = [...new Set([...record.packages, ...Object.values(packed)])];
  const written = [];
  const kept = [];
  const texts = Object.entries(templateFiles).map(([name, source]) => [
    name,
    readFileSync(join(template, source), 'utf8'),
  ]);
  for (const [name, text] of [['package.json', packageText(project, folder, packed)], ...texts]) {
    const file = join(folder, name);
    const old = readIfFile(file);
    const recorded = record.files[name];
    const isOurs = name === 'package.json' || old === text || hashOf(old) === recorded;
    if (existsSync(file) ? !isOurs : recorded && name !== 'package.json') {
      kept.push(name);
      continue;
    }
    if (old !== text) {
      writeFileAtomically(file, text);
      written.push(name);
    }
    record.files[name] = hashOf(text);
    writeRecord(folder, record);
  }
  const outcome = written.length > 0 ? `${written.join(', ')} written` : 'up to date';
  return kept.length > 0 ? `${outcome}; yours, left as they are: ${kept.join(', ')}` : outcome;
}

/** The folder's package.json with our packages in it; the rest is the user's. */
function packageText(project, folder, packed) {
  const old = readIfFile(join(folder, 'package.json'));
  const root = readJson(join(project.root, 'package.json'));
  const ours = Object.fromEntries(
    Object.entries(packed).map(([name, file]) => [name, `file:.digit-recognizer/${file}`]),
  );
  const own = old === undefined ? {} : readPackageFile(folder);
  const content = {
    private: true,
    ...own,
    scripts: { start: 'node node_modules/digit-recognizer-setup/start.mjs', ...own.scripts },
    dependencies: { tslab: root.dependencies.tslab, ...own.dependencies, ...ours },
    overrides: { ...root.overrides, ...own.overrides },
  };
  const isSame = old !== undefined && JSON.stringify(JSON.parse(old)) === JSON.stringify(content);
  return isSame ? old : `${JSON.stringify(content, null, 2)}\n`;
}

function readPackageFile(folder) {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return {};
  try {
    return readJson(file);
  } catch (error) {
    throw new SetupError(`${file} cannot be read (${error.message}); mend it and run this again.`);
  }
}

/** Installs the packages there, and then removes the packed files of earlier calls. */
async function installThere(project, folder, record, packed) {
  try {
    await runNpm(project, 'install', folder, ['--workspaces=false']);
  } catch (error) {
    throw new SetupError(
      `The npm packages could not be installed in ${folder}: ${error.message}. ` +
        `Look at the lines below (all of them: ${project.log}) and run this again.`,
      error.logLines,
    );
  }
  const current = Object.values(packed);
  for (const file of record.packages.filter((it) => !current.includes(it))) {
    rmSync(join(folder, '.digit-recognizer', basename(file)), { force: true });
  }
  record.packages = current;
  writeRecord(folder, record);
  return `${readdirSync(join(folder, 'node_modules')).length} folders in node_modules`;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function readIfFile(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile()
    ? readFileSync(file, 'utf8')
    : undefined;
}

function hashOf(text) {
  return text === undefined ? undefined : fingerprint([text]);
}

function shellWord(path) {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
