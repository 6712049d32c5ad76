import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { readImages, readLabels, unpack } from '../../lib/data/idx';
import { drawnDigits, idxImages, idxLabels } from '../fixtures';

const imageBytes = idxImages(drawnDigits.map((digit) => digit.pixels));
const labelBytes = idxLabels([0, 1, 2, 3, 5, 7]);
const page = '<!DOCTYPE html>\n<html><body>404 Not Found</body></html>';

it('readImages(bytes) reads sizes and pixels of raw IDX bytes', () => {
  const { count, rows, columns, pixels } = readImages(imageBytes, 'images');
  assert.deepEqual([count, rows, columns], [6, 28, 28]);
  assert.deepEqual(pixels, Uint8Array.from(drawnDigits.flatMap((digit) => [...digit.pixels])));
});

it('readImages(bytes) reads bytes written out by hand', () => {
  const bytes = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
  const images = readImages(bytes, 'images');
  assert.deepEqual(images, {
    count: 2,
    rows: 1,
    columns: 3,
    pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
  });
});

it('readImages(bytes) reads bytes that begin inside a larger buffer', () => {
  const inside = Buffer.concat([Buffer.from([9, 9, 9]), imageBytes]).subarray(3);
  assert.equal(readImages(inside, 'images').count, 6);
});

it('readImages(bytes) and readLabels(bytes) read gzip bytes as raw ones', () => {
  const { pixels } = readImages(gzipSync(imageBytes), 'images.gz');
  assert.deepEqual([...pixels], [...readImages(imageBytes, 'images').pixels]);
  assert.deepEqual([...readLabels(gzipSync(labelBytes), 'labels.gz')], [0, 1, 2, 3, 5, 7]);
});

it('readImages(bytes) rejects a wrong magic number and names both kinds', () => {
  const message =
    'labels.idx, byte 0: found 2049 (IDX labels); expected magic number 2051 (IDX images). ' +
    'Check that the files were not swapped or renamed, or get them again.';
  assert.throws(() => readImages(labelBytes, 'labels.idx'), { message });
  const random = /^x, byte 0: found 1734436454 \(unknown\)/;
  assert.throws(() => readImages(Buffer.from('gaffgaffgaffgaffgaff'), 'x'), { message: random });
});

it('readLabels(bytes) rejects the images file', () => {
  const message = /^images, byte 0: found 2051 \(IDX images\); expected magic number 2049/;
  assert.throws(() => readLabels(imageBytes, 'images'), { message });
});

it('readImages(bytes) rejects a truncated file with both lengths', () => {
  const message =
    /^f, byte 4000: found 4000 bytes; expected 4720 bytes \(the header says 6 x 28 x 28\)/;
  assert.throws(() => readImages(imageBytes.subarray(0, 4000), 'f'), { message });
});

it('readImages(bytes) rejects a padded file and says where it should end', () => {
  const padded = Buffer.concat([imageBytes, Buffer.alloc(5)]);
  assert.throws(() => readImages(padded, 'f'), { message: /^f, byte 4720: found 4725 bytes/ });
});

it('readLabels(bytes) rejects truncated and padded files', () => {
  assert.throws(() => readLabels(labelBytes.subarray(0, 13), 'f'), { message: /found 13 bytes/ });
  const padded = Buffer.concat([labelBytes, Buffer.alloc(1)]);
  assert.throws(() => readLabels(padded, 'f'), { message: /expected 14 bytes/ });
});

it('readImages(bytes) rejects every cut of a header, the empty file too', () => {
  for (let length = 0; length < 16; length++) {
    const message = `f, byte ${length}: found the end after ${length} bytes; expected a header of 16 bytes. The file is cut off, padded or another one: get it again.`;
    assert.throws(() => readImages(imageBytes.subarray(0, length), 'f'), { message });
  }
});

it('readImages(bytes) rejects sizes whose product is beyond any file', () => {
  const huge = Buffer.from(imageBytes);
  huge.fill(0xff, 4, 16);
  assert.throws(() => readImages(huge, 'f'), { message: /found 4720 bytes; expected \d\S+ bytes/ });
});

it('readImages(bytes) and readLabels(bytes) reject a zero count or size', () => {
  const noImages = /^f, byte 4: found 0 images; expected one or more images/;
  assert.throws(() => readImages(idxImages([]), 'f'), { message: noImages });
  assert.throws(() => readImages(idxImages([new Uint8Array()], 28, 0), 'f'), {
    message: /^f, byte 12: found 0 columns/,
  });
  assert.throws(() => readLabels(idxLabels([]), 'f'), { message: /^f, byte 4: found 0 labels/ });
});

it('readLabels(bytes) rejects a label out of range and names its place', () => {
  const message =
    'f, byte 10: found labels[2] = 12; expected a whole number from 0 to 9. ' +
    'Use a data set of 10 classes, numbered from 0.';
  assert.throws(() => readLabels(idxLabels([0, 9, 12, 3]), 'f'), { message });
});

it('readLabels(bytes, file, classCount) takes the range from classCount', () => {
  assert.deepEqual([...readLabels(idxLabels([0, 46]), 'f', 47)], [0, 46]);
  assert.throws(() => readLabels(idxLabels([0, 47]), 'f', 47), { message: /from 0 to 46/ });
});

it('readImages(bytes) says that gzip data is damaged, cut or changed', () => {
  const packed = gzipSync(imageBytes);
  const cut = packed.subarray(0, packed.length - 20);
  const changed = Buffer.from(packed);
  changed[changed.length - 8] ^= 1; // the checksum at the end of gzip data
  for (const bytes of [cut, changed, packed.subarray(0, 2)]) {
    const message =
      /^f\.gz, byte 0: found damaged gzip data \(.+\); expected a whole gzip file.+Get/;
    assert.throws(() => readImages(bytes, 'f.gz'), { message });
  }
});

it('readImages(bytes) and readLabels(bytes) recognize an HTML page, gzip or not', () => {
  const message =
    /^f, byte 0: found an HTML or XML page.+expected binary data\. Get the file again/;
  for (const text of [page, `\ufeff  \n${page}`, '<?xml version="1.0"?><Error/>', page.slice(16)]) {
    assert.throws(() => readImages(Buffer.from(text), 'f'), { message });
    assert.throws(() => readLabels(Buffer.from(text), 'f'), { message });
  }
  assert.throws(() => readImages(gzipSync(page), 'f'), { message });
});

it('unpack(bytes) gives a view of raw bytes, not a copy', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert.deepEqual(unpack(bytes, 'f'), bytes);
  assert.equal(unpack(bytes, 'f').buffer, bytes.buffer);
});
