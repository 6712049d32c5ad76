import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findIdxFiles, idxNames, likelyPlace } from '../../lib/data/idxFiles';

describe('idxFiles', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'idxFiles-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Makes empty files, with the folders that they are in. */
  async function make(...names: string[]): Promise<void> {
    for (const name of names) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), '');
    }
  }

  for (const [entry, index, prefix] of [
    ['train-images-idx3-ubyte', 0, ''],
    ['train-images-idx3-ubyte.gz', 0, ''],
    ['train-images-idx3-ubyte (1).gz', 0, ''],
    ['train-images-idx3-ubyte(12).gz', 0, ''],
    ['train-images-idx3-ubyte.gz (1)', 0, ''],
    ['TRAIN-LABELS-IDX1-UBYTE.GZ', 1, ''],
    ['train-labels.idx1-ubyte', 1, ''],
    ['train_labels_idx1_ubyte', 1, ''],
    ['t10k-images.idx3-ubyte.GZ', 2, ''],
    ['emnist-digits-test-labels-idx1-ubyte.gz', 3, 'emnist-digits-'],
    // As Kaggle unpacks them.
    ['t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte', 3, ''],
    ['train-images-idx3-ubyte/train-images.idx3-ubyte', 0, ''],
    ['train-images-idx3-ubyte.gz/train-images-idx3-ubyte', 0, ''],
  ] as const) {
    it(`findIdxFiles(folder) finds ${entry}`, async () => {
      await make(entry, 'notes.txt');
      const name = idxNames[index];
      assert.deepEqual(await findIdxFiles(folder), [
        { name, prefix, file: path.join(folder, entry) },
      ]);
    });
  }

  it('findIdxFiles(folder) takes no other file, and no empty folder', async () => {
    await make(
      'train-images-idx3-ubyte.0a1b2c3d.part',
      'train-images-idx3-ubyte.zip',
      'train-images-idx3-ubyte.gz.crdownload',
      'train-labels-idx1-ubyte/readme.txt',
      't10k-images-idx3-ubyte/t10k-images-idx3-ubyte/deeper',
    );
    assert.deepEqual(await findIdxFiles(folder), []);
  });

  for (const [better, worse] of [
    ['train-images-idx3-ubyte.gz', 'train-images-idx3-ubyte (1).gz'],
    ['train-images-idx3-ubyte', 'train-images-idx3-ubyte.gz'],
    ['train-images-idx3-ubyte', 'train-images-idx3-ubyte (1)'],
    ['train-images.idx3-ubyte', 'train-images-idx3-ubyte/train-images-idx3-ubyte'],
    ['train-images-idx3-ubyte (1).gz', 'train-images-idx3-ubyte (2).gz'],
  ]) {
    it(`findIdxFiles(folder) prefers ${better} to ${worse}`, async () => {
      await make(better, worse);
      const found = await findIdxFiles(folder);
      assert.deepEqual(
        found.map(({ file }) => file),
        [path.join(folder, better)],
      );
    });
  }

  it('findIdxFiles(folder) gives a link that leads nowhere, so that reading it says so', async () => {
    await symlink(path.join(folder, 'nowhere'), path.join(folder, idxNames[0]));
    assert.equal((await findIdxFiles(folder)).length, 1);
  });

  for (const [entry, place] of [
    [
      'train-images.zip',
      ' train-images.zip, which is there, may be it: unpack it where it is packed, and name it ' +
        'train-images-idx3-ubyte.',
    ],
    ['Training_IMG.npy', / Training_IMG\.npy, which is there, may be it/],
    ['MNIST/raw/train-images-idx3-ubyte', / It is in \S+MNIST.raw: give that folder\.$/],
    ['archive/train-images.idx3-ubyte', / It is in \S+archive: give that folder\.$/],
    ['train-labels-idx1-ubyte', /^$/],
    ['notes.txt', /^$/],
  ] as const) {
    it(`likelyPlace(folder, name) says of ${entry}: ${place}`, async () => {
      await make(entry);
      const said = await likelyPlace(folder, 'train-images-idx3-ubyte');
      if (typeof place === 'string') assert.equal(said, place);
      else assert.match(said, place);
    });
  }
});
