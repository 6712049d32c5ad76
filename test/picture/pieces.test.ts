import assert from 'node:assert/strict';
import {
  findPieces,
  withoutFrames,
  withoutMarks,
  withoutSpecks,
  withoutTexture,
  type Piece,
} from '../../lib/picture/pieces';

/** A piece that fills its box. */
function piece(left: number, top: number, right: number, bottom: number): Piece {
  const pixels: number[] = [];
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) pixels.push(1000 * y + x);
  return { pixels, box: { left, top, right, bottom } };
}

it('findPieces(plane, least) parts what touches by no side or corner', () => {
  const values = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0.4, 0, 0, 1);
  const pieces = findPieces({ width: 4, height: 3, values }, 0.5);
  assert.deepEqual(
    pieces.map(({ pixels }) => pixels),
    [[0, 4], [8], [11]].filter(([first]) => first !== 8),
  );
  assert.deepEqual(pieces[0].box, { left: 0, top: 0, right: 1, bottom: 2 });
});

it('withoutMarks(pieces) leaves out a box around a digit, and a line under it', () => {
  const digit = piece(40, 30, 60, 80);
  assert.deepEqual(withoutMarks([piece(20, 20, 90, 95), digit], 1000), [digit]);
  assert.deepEqual(withoutMarks([digit, piece(20, 90, 90, 94)], 1000), [digit]);
});

it('withoutMarks(pieces) keeps the bar over a five, and a foot close under a one', () => {
  const digit = piece(40, 30, 60, 80);
  for (const part of [piece(38, 24, 68, 28), piece(35, 81, 65, 85)]) {
    assert.deepEqual(withoutMarks([digit, part], 1000), [digit, part]);
  }
});

/** The lines around and between cells of 40 x 60 pixels in a row. */
function cells(count: number): Piece {
  const [right, bottom] = [40 * count + 3, 63];
  const { pixels, box } = piece(0, 0, right, bottom);
  const isLine = (pixel: number) =>
    (pixel % 1000) % 40 < 3 || Math.floor(pixel / 1000) < 3 || Math.floor(pixel / 1000) >= 60;
  return { pixels: pixels.filter(isLine), box };
}

it('withoutFrames(pieces) leaves out boxes in a row, empty or not, and what is around a row', () => {
  assert.deepEqual(withoutFrames([cells(6)], 1000), []);
  const digits = [piece(12, 20, 30, 50), piece(52, 20, 70, 50)];
  assert.deepEqual(withoutFrames([cells(6), ...digits], 1000), digits);
});

it('withoutFrames(pieces) leaves out empty boxes beside one with a digit, and no digit of their size', () => {
  const at = ({ pixels }: Piece, left: number): Piece => ({
    pixels: pixels.map((pixel) => pixel + left),
    box: { left, top: 0, right: left + 43, bottom: 63 },
  });
  const boxes = [0, 60, 120].map((left) => at(cells(1), left));
  const [inside, beside] = [piece(12, 20, 30, 50), piece(180, 0, 223, 63)];
  assert.deepEqual(withoutFrames([...boxes, inside, beside], 1000), [inside, beside]);
  // Where none has a digit, they may be zeros.
  assert.deepEqual(withoutFrames(boxes, 1000), boxes);
});

it('withoutFrames(pieces) keeps what has two holes, as an 8 has', () => {
  const eight = cells(2);
  assert.deepEqual(withoutFrames([eight], 1000), [eight]);
});

it('withoutSpecks(pieces) keeps a small part near the digit, and no speck far away', () => {
  const [digit, near, far] = [
    piece(40, 30, 60, 80),
    piece(61, 30, 66, 35),
    piece(140, 90, 145, 95),
  ];
  assert.deepEqual(withoutSpecks([far, near, digit]), [digit, near]);
});

it('withoutTexture(pieces) leaves out a pattern, and keeps a digit beside a few specks', () => {
  const at = (left: number, top: number, size: number) => piece(left, top, left + size, top + size);
  const pattern = Array.from({ length: 40 }, (_, index) =>
    at(12 * (index % 10), 12 * Math.floor(index / 10), 9),
  );
  const digit = at(40, 150, 40);
  const specks = [at(90, 150, 6), at(30, 170, 6)];
  const kept = withoutTexture([...pattern, digit, ...specks]);
  assert.ok(kept.includes(digit) && specks.every((speck) => kept.includes(speck)));
  // But for the four corners, which have few beside them.
  assert.equal(pattern.filter((it) => kept.includes(it)).length, 4);
});
