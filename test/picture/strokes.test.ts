import assert from 'node:assert/strict';
import { findPieces } from '../../lib/picture/pieces';
import { onlyStrokes } from '../../lib/picture/strokes';

const side = 100;

/** What is kept of the pieces of ink or shadow in a picture, by their first pixel. */
function kept(
  toneAt: (x: number, y: number) => number,
  isPiece: (x: number, y: number) => boolean,
  paperAt: (x: number, y: number) => number = () => 200,
) {
  const plane = (valueAt: (x: number, y: number) => number) => {
    const values = new Float32Array(side * side);
    values.forEach((_, pixel) => {
      values[pixel] = valueAt(pixel % side, Math.floor(pixel / side));
    });
    return { width: side, height: side, values };
  };
  const tones = plane(toneAt);
  const contrast = plane((x, y) => (isPiece(x, y) ? 1 - toneAt(x, y) / paperAt(x, y) : 0));
  return onlyStrokes(findPieces(contrast, 0.1), contrast, tones).map(({ pixels }) => pixels[0]);
}

it('onlyStrokes(pieces) keeps a bar and a ring, inside and at the border', () => {
  for (const [left, top] of [
    [40, 30],
    [0, 30],
    [40, 0],
  ]) {
    const isBar = (x: number, y: number) => x >= left && x < left + 8 && y >= top && y < top + 50;
    assert.deepEqual(
      kept((x, y) => (isBar(x, y) ? 60 : 200), isBar),
      [top * side + left],
    );
  }
  const isRing = (x: number, y: number) => Math.abs(Math.hypot(x - 50, y - 50) - 30) < 4;
  assert.equal(kept((x, y) => (isRing(x, y) ? 60 : 200), isRing).length, 1);
});

it('onlyStrokes(pieces) keeps a bar that is half in a shadow', () => {
  const isBar = (x: number, y: number) => x >= 20 && x < 80 && y >= 45 && y < 53;
  const paperAt = (x: number) => (x < 50 ? 200 : 100);
  const toneAt = (x: number, y: number) => (isBar(x, y) ? 0.3 : 1) * paperAt(x);
  assert.equal(kept(toneAt, isBar, paperAt).length, 1);
});

it('onlyStrokes(pieces) drops the edge of a shadow, beyond which it is as dark', () => {
  const isEdge = (x: number, y: number) => x >= 40 && x < 48 && y >= 20 && y < 80;
  assert.deepEqual(
    kept((x) => (x < 40 ? 200 : 120), isEdge),
    [],
  );
});

it('onlyStrokes(pieces) tells each of several pieces apart', () => {
  const isBar = (x: number, y: number) => x >= 10 && x < 16 && y >= 20 && y < 80;
  const isEdge = (x: number, y: number) => x >= 60 && x < 68 && y >= 20 && y < 80;
  const toneAt = (x: number, y: number) => (isBar(x, y) ? 60 : x < 60 ? 200 : 120);
  assert.deepEqual(
    kept(toneAt, (x, y) => isBar(x, y) || isEdge(x, y)),
    [20 * side + 10],
  );
});
