import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readSafetensors, writeSafetensors, type NamedArray } from '../../lib/formats/safetensors';

const arrays: NamedArray[] = [
  { name: 'kernel', shape: [2, 2], values: Float32Array.of(1, -2, 0.5, 3) },
  { name: 'steps', shape: [], values: Int32Array.of(7) },
];

describe('safetensors', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'safetensors-test-'));
    file = path.join(folder, 'run.safetensors');
    await writeSafetensors(file, arrays, { note: 'ä text' });
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('readSafetensors(file) gives what writeSafetensors(file) got', async () => {
    assert.deepEqual(await readSafetensors(file), { arrays, metadata: { note: 'ä text' } });
    assert.deepEqual(await readdir(folder), ['run.safetensors']);
  });

  it('writeSafetensors(file, arrays) lays bytes out as the format says', async () => {
    const bytes = await readFile(file);
    const length = Number(bytes.readBigUInt64LE());
    assert.equal(length % 8, 0);
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    assert.deepEqual(header.kernel, { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] });
    assert.deepEqual(header.steps, { dtype: 'I32', shape: [], data_offsets: [16, 20] });
    assert.equal(header.__metadata__.note, 'ä text');
    const data = bytes.subarray(8 + length);
    assert.equal(data.length, 20);
    assert.deepEqual(
      [0, 4, 8, 12].map((offset) => data.readFloatLE(offset)),
      [1, -2, 0.5, 3],
    );
    assert.equal(data.readInt32LE(16), 7);
  });

  it('writeSafetensors(file, arrays) takes a view into a larger array', async () => {
    const values = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    await writeSafetensors(file, [{ name: 'view', shape: [2], values }], {});
    assert.deepEqual((await readSafetensors(file)).arrays[0].values, Float32Array.of(1, 2));
  });

  it('readSafetensors(file) refuses a file cut off anywhere, naming it', async () => {
    const bytes = await readFile(file);
    for (let length = 0; length < bytes.length; length += 3) {
      await writeFile(file, bytes.subarray(0, length));
      await assert.rejects(readSafetensors(file), /run\.safetensors is damaged: .*another name/);
    }
  });

  it('readSafetensors(file) refuses a changed bit in numbers, texts and header', async () => {
    const bytes = await readFile(file);
    const places = [bytes.length - 1, bytes.indexOf('text'), 8];
    for (const place of places) {
      const changed = Buffer.from(bytes);
      changed[place] ^= 1;
      await writeFile(file, changed);
      await assert.rejects(readSafetensors(file), /run\.safetensors is damaged: /);
    }
  });

  it('readSafetensors(file) says of a file by another program that it is one', async () => {
    const header = Buffer.from('{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}  ');
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    await writeFile(file, Buffer.concat([size, header]));
    await assert.rejects(readSafetensors(file), /run\.safetensors holds arrays of another program/);
  });
});
