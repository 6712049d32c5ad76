import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { DataType } from '../../lib/engine/graph';
import { typeOfPrecision, type Precision } from '../../lib/engine/precision';

it('typeOfPrecision(precision) is the type of a processor that has it', () => {
  for (const flag of ['avx512_bf16', 'amx_bf16']) {
    const info = `flags\t\t: fpu avx2 ${flag} sse`;
    assert.equal(
      typeOfPrecision('bfloat16', () => info),
      DataType.bfloat16,
    );
  }
  assert.equal(typeOfPrecision('float32'), DataType.float);
});

it('typeOfPrecision(bfloat16) is float32 on other processors, and says so once', () => {
  // Anew, since another test may have made this process say it already.
  const load = createRequire(__filename);
  const file = load.resolve('../../lib/engine/precision');
  const { [file]: loaded } = load.cache;
  delete load.cache[file];
  const { typeOfPrecision: typeOf } = load(file) as { typeOfPrecision: typeof typeOfPrecision };
  load.cache[file] = loaded;
  const lines: unknown[] = [];
  const warn = console.warn;
  console.warn = (...args: unknown[]) => lines.push(args.join(' '));
  try {
    for (const info of ['flags : fpu avx2 avx512f', '']) {
      assert.equal(
        typeOf('bfloat16', () => info),
        DataType.float,
      );
    }
  } finally {
    console.warn = warn;
  }
  assert.equal(lines.length, 1);
  assert.match(String(lines[0]), /^warning: precision is bfloat16, .*; float32 is used$/);
});

it('typeOfPrecision(precision) refuses another', () => {
  assert.throws(
    () => typeOfPrecision('float16' as Precision),
    /RangeError: precision is float16; expected float32 or bfloat16/,
  );
});
