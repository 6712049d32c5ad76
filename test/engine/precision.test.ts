import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { DataType } from '../../lib/engine/graph';
import { availablePrecision, typeOfPrecision, type Precision } from '../../lib/engine/precision';

it('availablePrecision(precision) is bfloat16 where the processor has it', () => {
  for (const flag of ['avx512_bf16', 'amx_bf16']) {
    const info = `flags\t\t: fpu avx2 ${flag} sse`;
    assert.equal(
      availablePrecision('bfloat16', () => info),
      'bfloat16',
    );
    assert.equal(
      availablePrecision('float32', () => info),
      'float32',
    );
  }
});

it('typeOfPrecision(precision) is the type of what is available', () => {
  assert.equal(typeOfPrecision('float32'), DataType.float);
  const isAvailable = availablePrecision('bfloat16') === 'bfloat16';
  assert.equal(typeOfPrecision('bfloat16'), isAvailable ? DataType.bfloat16 : DataType.float);
});

it('availablePrecision(bfloat16) is float32 on other processors, and says so once', () => {
  // Anew, since another test may have made this process say it already.
  const load = createRequire(__filename);
  const file = load.resolve('../../lib/engine/precision');
  const { [file]: loaded } = load.cache;
  delete load.cache[file];
  const { availablePrecision: available } = load(file) as {
    availablePrecision: typeof availablePrecision;
  };
  load.cache[file] = loaded;
  const lines: unknown[] = [];
  const warn = console.warn;
  console.warn = (...args: unknown[]) => lines.push(args.join(' '));
  try {
    for (const info of ['flags : fpu avx2 avx512f', '']) {
      assert.equal(
        available('bfloat16', () => info),
        'float32',
      );
    }
  } finally {
    console.warn = warn;
  }
  assert.equal(lines.length, 1);
  assert.match(String(lines[0]), /^warning: precision is bfloat16, .*; float32 is used$/);
});

it('availablePrecision(precision) refuses another', () => {
  assert.throws(
    () => availablePrecision('float16' as Precision),
    /RangeError: precision is float16; expected float32 or bfloat16/,
  );
});
