import { readFile } from 'node:fs/promises';
import { sha256, writeFileWhole } from '../platform/files';

/** Numbers with a name and a shape. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** What a file holds beside its arrays: texts by their names. */
export type Metadata = Readonly<Record<string, string>>;

interface HeaderEntry {
  readonly dtype: 'F32' | 'I32';
  readonly shape: readonly number[];
  readonly data_offsets: readonly [start: number, end: number];
}

/** Names of the header's entry for texts, and of our text among them. */
const metadataEntry = '__metadata__';
const digestEntry = 'sha256';

/**
 * Writes arrays and texts to one file in the safetensors format, whole or not at all.
 *
 * The format (Hugging Face, 2022) is eight bytes with the length of a JSON header, the header, and
 * the numbers, little-endian; Python's `safetensors` reads it. A SHA-256 of the numbers and the
 * texts is added, by which {@link readSafetensors} finds damage.
 *
 * @param file - Where to; an existing file is replaced once the new one is complete.
 * @param arrays - 32-bit floats or whole numbers, no two of one name.
 * @throws Error when the file cannot be written; an older one stays.
 */
export async function writeSafetensors(
  file: string,
  arrays: readonly NamedArray[],
  metadata: Metadata,
): Promise<void> {
  const header: Record<string, HeaderEntry | Metadata> = {};
  let length = 0;
  for (const { name, shape, values } of arrays) {
    const end = length + values.byteLength;
    const dtype = values instanceof Float32Array ? 'F32' : 'I32';
    header[name] = { dtype, shape, data_offsets: [length, end] };
    length = end;
  }
  const data = Buffer.concat(arrays.map(({ values }) => bytesOf(values)));
  header[metadataEntry] = { ...metadata, [digestEntry]: digest(data, metadata) };
  const json = JSON.stringify(header);
  // Readers may map the numbers into memory, where they must start at a multiple of eight.
  const padded = Buffer.from(json + ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  await writeFileWhole(file, Buffer.concat([size, padded, data]));
}

/**
 * Reads a file that {@link writeSafetensors} wrote.
 *
 * @returns The arrays in their order, and the texts.
 * @throws Error that names the file when it cannot be read or is not what was written.
 */
export async function readSafetensors(
  file: string,
): Promise<{ arrays: NamedArray[]; metadata: Metadata }> {
  const bytes = await readFile(file);
  const damaged = (problem: string) =>
    new Error(`${file} is damaged: ${problem}. Restore the file, or start anew with another name`);
  const length = bytes.length < 8 ? Infinity : Number(bytes.readBigUInt64LE());
  if (length > bytes.length - 8) {
    throw damaged(`it ends after ${bytes.length} bytes, within its header`);
  }
  const data = bytes.subarray(8 + length);
  let header: Record<string, HeaderEntry>;
  let texts: Record<string, string>;
  try {
    const { [metadataEntry]: found, ...rest } = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    [header, texts] = [rest, found];
  } catch (error) {
    throw damaged(`its header is not JSON (${(error as Error).message})`);
  }
  const { [digestEntry]: expected, ...metadata } = texts ?? {};
  if (expected === undefined) {
    throw new Error(
      `${file} holds arrays of another program; expected a file that writeSafetensors wrote. Give ` +
        'another file',
    );
  }
  if (expected !== digest(data, metadata)) {
    throw damaged(`expected SHA-256 ${expected}, found ${digest(data, metadata)}`);
  }
  const arrays = Object.entries(header).map(([name, { dtype, shape, data_offsets }]) => {
    const { buffer } = Uint8Array.from(data.subarray(...data_offsets));
    const values = dtype === 'F32' ? new Float32Array(buffer) : new Int32Array(buffer);
    return { name, shape, values };
  });
  return { arrays, metadata };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function digest(data: Uint8Array, metadata: Metadata): string {
  return sha256(Buffer.concat([Buffer.from(JSON.stringify(metadata)), data]));
}
