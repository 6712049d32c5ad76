import assert from 'node:assert/strict';
import { faintStrokes } from '../../lib/picture/faint';

/** A plane of digits: each character is a contrast in tenths, a point none. */
function plane(rows: readonly string[]) {
  const values = Float32Array.from(rows.join(''), (tone) => (tone === '.' ? 0 : Number(tone) / 10));
  return { width: rows[0].length, height: rows.length, values };
}

/** Draws what was found as crosses. */
function found(rows: readonly string[], least = 0.1): string[] {
  const contrast = plane(rows);
  const pixels = new Set(faintStrokes(contrast, (pixel) => contrast.values[pixel] >= 0.5, least));
  return rows.map((row, y) =>
    [...row].map((tone, x) => (pixels.has(y * row.length + x) ? 'x' : tone)).join(''),
  );
}

const ring = [
  '.........',
  '...999...',
  '..9...9..',
  '..9...3..',
  '..9...2..',
  '..9...1..',
  '..9...3..',
  '..9...9..',
  '...999...',
  '.........',
];

it('faintStrokes(contrast, isInk, least) finds the faint side of a ring', () => {
  const closed = ring.map((row, y) => (y > 2 && y < 7 ? '..9...x..' : row));
  assert.deepEqual(found(ring), closed);
});

it('faintStrokes(contrast, isInk, least) goes on over one pixel that is lost', () => {
  const broken = ring.map((row, y) => (y === 5 ? '..9......' : row));
  const closed = broken.map((row, y) => (y > 2 && y < 7 && y !== 5 ? '..9...x..' : row));
  assert.deepEqual(found(broken), closed);
});

it('faintStrokes(contrast, isInk, least) leaves edges, specks, what is apart, and noise', () => {
  const edges = ['.......', '..393..', '..393..', '..393..', '..393..', '..393..', '.......'];
  assert.deepEqual(found(edges), edges);
  const specks = ['.......', '.9..3..', '.9.....', '.9.....', '.9..3..', '.9.....', '.......'];
  assert.deepEqual(found(specks), specks);
  const apart = [
    '........',
    '.9....3.',
    '.9....3.',
    '.9....3.',
    '.9....3.',
    '.9....3.',
    '........',
  ];
  assert.deepEqual(found(apart), apart);
  assert.deepEqual(found(ring, 0.4), ring);
});

it('faintStrokes(contrast, isInk, least) finds nothing where there would be too much of it', () => {
  const hatched = [
    '..........',
    '.9.3.3.3..',
    '.9.3.3.3..',
    '.9.3.3.3..',
    '.9.3.3.3..',
    '..........',
  ];
  assert.deepEqual(found(hatched), hatched);
});
