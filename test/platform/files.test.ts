import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { removePartialFiles, sha256, writeFileWhole } from '../../lib/platform/files';

describe('files', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'files-test-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('writeFileWhole(file, contents) makes missing folders and leaves no temporary file', async () => {
    const file = path.join(folder, 'a', 'b', 'c.txt');
    await writeFileWhole(file, 'one');
    await writeFileWhole(file, 'two');
    assert.equal(await readFile(file, 'utf8'), 'two');
    assert.deepEqual(await readdir(path.dirname(file)), ['c.txt']);
  });

  it('writeFileWhole(file, contents) names the file when its folder is a file', async () => {
    await writeFile(path.join(folder, 'results'), 'a file, not a folder');
    const file = path.join(folder, 'results', 'metrics.json');
    await assert.rejects(writeFileWhole(file, '{}'), (error: Error) => {
      assert.match(
        error.message,
        /^cannot write .*metrics\.json: E(EXIST|NOTDIR).*can be written/s,
      );
      return true;
    });
    assert.equal(await readFile(path.join(folder, 'results'), 'utf8'), 'a file, not a folder');
  });

  it('writeFileWhole(file, contents) keeps what was there when the rename fails', async () => {
    const target = path.join(folder, 'target');
    await mkdir(path.join(target, 'kept'), { recursive: true });
    await assert.rejects(writeFileWhole(target, 'x'), /cannot write .*target/);
    assert.deepEqual(await readdir(folder), ['target']);
    assert.deepEqual(await readdir(target), ['kept']);
  });

  it('writeFileWhole(file, contents) ends with an error where no folder can be made', async function () {
    if (process.platform !== 'linux') this.skip();
    await assert.rejects(writeFileWhole('/proc/none/file', 'x'), /cannot write \/proc\/none\/file/);
  });

  it('writeFileWhole(file, contents) follows a symbolic link, and leaves it one', async () => {
    const [file, link] = ['file', 'link'].map((name) => path.join(folder, name));
    await writeFile(file, 'old');
    await symlink('file', link);
    await writeFileWhole(link, 'new');
    assert.equal(await readlink(link), 'file');
    assert.equal(await readFile(file, 'utf8'), 'new');
    assert.deepEqual((await readdir(folder)).sort(), ['file', 'link']);
  });

  it('writeFileWhole(file, contents) called many times at once leaves one of the contents', async () => {
    const file = path.join(folder, 'file');
    const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(100_000));
    await Promise.all(contents.map((text) => writeFileWhole(file, text)));
    assert.ok(contents.includes(await readFile(file, 'utf8')));
    assert.deepEqual(await readdir(folder), ['file']);
  });

  it('removePartialFiles(folder) removes what a killed writeFileWhole leaves, and nothing of a user', async () => {
    const file = path.join(folder, 'file');
    const script =
      `const { writeFileWhole } = require(${JSON.stringify(require.resolve('../../lib/platform/files'))});` +
      `setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20);` +
      `(async () => { for (;;) await writeFileWhole(${JSON.stringify(file)}, 'x'.repeat(1e7)); })();`;
    await writeFileWhole(file, 'x'.repeat(1e7));
    for (let kill = 0; kill < 5; kill++) {
      const args = ['-r', 'ts-node/register/transpile-only', '-e', script];
      assert.equal(spawnSync(process.execPath, args, { timeout: 30_000 }).signal, 'SIGKILL');
      assert.equal((await stat(file)).size, 1e7);
    }
    const users = ['.file.123.partial', '.notes.partial', '.partial', 'file', 'file.partial'];
    for (const name of users) await writeFileWhole(path.join(folder, name), 'mine');
    assert.ok((await readdir(folder)).length > users.length, 'no kill left anything');
    await removePartialFiles(folder);
    assert.deepEqual((await readdir(folder)).sort(), users);
  });

  it('sha256(contents) gives the digest that FIPS 180-2 has for its example', () => {
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    assert.equal(sha256('abc'), digest);
    assert.equal(sha256(Uint8Array.of(97, 98, 99)), digest);
  });
});
