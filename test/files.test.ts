import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { recoverFolder, sha256, writeFileWhole, writeFolderWhole } from '../lib/files';

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

  it('writeFolderWhole(folder, files) replaces a whole folder, old files included', async () => {
    const target = path.join(folder, 'model');
    await writeFolderWhole(target, { 'a.txt': 'old', 'b.txt': 'old' });
    await writeFolderWhole(target, { 'a.txt': Uint8Array.of(110, 101, 119) });
    assert.deepEqual(await readdir(target), ['a.txt']);
    assert.equal(await readFile(path.join(target, 'a.txt'), 'utf8'), 'new');
    assert.deepEqual(await readdir(folder), ['model']);
  });

  it('writeFolderWhole(folder, files) keeps the old folder when a file cannot be written', async () => {
    const target = path.join(folder, 'model');
    await writeFolderWhole(target, { 'a.txt': 'old' });
    const files = { 'a.txt': 'new', 'no/such/folder.txt': 'fails' };
    await assert.rejects(writeFolderWhole(target, files), /cannot write .*model: ENOENT/);
    assert.equal(await readFile(path.join(target, 'a.txt'), 'utf8'), 'old');
    assert.deepEqual(await readdir(folder), ['model']);
  });

  it('recoverFolder(folder) brings back what a cut-off replacement had put aside', async () => {
    const target = path.join(folder, 'target');
    await mkdir(path.join(folder, '.target.77.partial-replaced'));
    await writeFile(path.join(folder, '.target.77.partial-replaced', 'a.txt'), 'old');
    await recoverFolder(target);
    assert.equal(await readFile(path.join(target, 'a.txt'), 'utf8'), 'old');
    assert.deepEqual(await readdir(folder), ['target']);
  });

  it('recoverFolder(folder) leaves a folder that is there, and one that never was', async () => {
    const target = path.join(folder, 'target');
    await recoverFolder(path.join(folder, 'no', 'such'));
    await recoverFolder(target);
    assert.deepEqual(await readdir(folder), []);
    await writeFolderWhole(target, { 'a.txt': 'new' });
    await mkdir(path.join(folder, '.target.77.partial-replaced'));
    await recoverFolder(target);
    assert.equal(await readFile(path.join(target, 'a.txt'), 'utf8'), 'new');
  });

  it('sha256(contents) gives the digest that FIPS 180-2 has for its example', () => {
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    assert.equal(sha256('abc'), digest);
    assert.equal(sha256(Uint8Array.of(97, 98, 99)), digest);
  });
});
