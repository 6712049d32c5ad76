import assert from 'node:assert/strict';
import type { Piece } from '../../lib/picture/pieces';
import { inReadingOrder } from '../../lib/picture/rows';

const width = 1000;

/** A piece that fills its box. */
function piece(left: number, top: number, across: number, down: number): Piece {
  const pixels: number[] = [];
  for (let y = top; y < top + down; y++) {
    for (let x = left; x < left + across; x++) pixels.push(y * width + x);
  }
  return { pixels, box: { left, top, right: left + across, bottom: top + down } };
}

const placesOf = (pieces: readonly Piece[]) =>
  inReadingOrder(pieces, width).map(({ box }) => [box.left, box.top]);

it('inReadingOrder(pieces) goes row by row, from left to right, also aslant', () => {
  const rows = [0, 1].flatMap((row) =>
    [0, 1, 2, 3, 4].map((place) => piece(20 + 60 * place, 20 + 90 * row + 5 * place, 30, 50)),
  );
  const expected = rows.map(({ box }) => [box.left, box.top]);
  assert.deepEqual(placesOf([...rows].reverse()), expected);
});

it('inReadingOrder(pieces) joins the bar of a five, and leaves out comma, point, dash and speck', () => {
  const pieces = [
    piece(20, 30, 30, 50),
    piece(24, 20, 34, 6),
    piece(56, 76, 6, 14),
    piece(80, 74, 6, 6),
    piece(100, 48, 24, 6),
    piece(140, 22, 30, 58),
    piece(300, 10, 2, 2),
  ];
  const digits = inReadingOrder(pieces, width);
  assert.deepEqual(
    digits.map(({ box }) => box),
    [
      { left: 20, top: 20, right: 58, bottom: 80 },
      { left: 140, top: 22, right: 170, bottom: 80 },
    ],
  );
});

/** A stroke from the upper right down to the lower left. */
function slanted(left: number, top: number, across: number, down: number): Piece {
  const { pixels, box } = piece(left, top, across, down);
  const isStroke = (pixel: number) => {
    const right = left + across - 6 - ((across - 6) * (Math.floor(pixel / width) - top)) / down;
    return pixel % width >= right && pixel % width < right + 6;
  };
  return { pixels: pixels.filter(isStroke), box };
}

it('inReadingOrder(pieces) leaves out a slash between digits, and no slanted one', () => {
  const [before, after] = [piece(20, 30, 30, 50), piece(130, 30, 30, 50)];
  const placesBetween = (between: Piece) =>
    placesOf([before, between, after]).map(([left]) => left);
  assert.deepEqual(placesBetween(slanted(70, 22, 30, 66)), [20, 130]);
  // On the line that the others stand on, as high as they are, upright, or at the end.
  assert.deepEqual(placesBetween(slanted(70, 14, 30, 66)), [20, 70, 130]);
  assert.deepEqual(placesBetween(slanted(70, 30, 30, 50)), [20, 70, 130]);
  assert.deepEqual(placesBetween(piece(80, 22, 6, 66)), [20, 80, 130]);
  assert.deepEqual(placesOf([before, slanted(70, 22, 30, 66)]).length, 2);
  // Higher than its neighbors, but not than a digit further on, as a large one among small digits.
  const row = [before, slanted(70, 22, 30, 66), after, piece(190, 20, 30, 60)];
  assert.equal(placesOf(row).length, 4);
  // Among ones that are such lines, where nothing tells how high digits are.
  assert.equal(
    placesOf([20, 60, 100].map((left) => slanted(left, 22, 30, left === 60 ? 66 : 50))).length,
    3,
  );
  // A seven that goes below, with its bar.
  const seven = slanted(70, 22, 30, 66);
  const bar = piece(70, 22, 30, 6);
  assert.equal(placesBetween({ ...seven, pixels: [...seven.pixels, ...bar.pixels] }).length, 3);
});

it('inReadingOrder(pieces) gives nothing of nothing', () => {
  assert.deepEqual(inReadingOrder([], width), []);
});
