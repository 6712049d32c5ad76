import type { Piece } from './pieces';
import { boxOf, gap, longSide, union, type Box } from './plane';

/** Pieces of ink that make one digit. */
export interface Group {
  readonly pixels: readonly number[];
  readonly box: Box;
}

/** What is lower than this share of the digits' height is a mark, such as a comma, and no digit. */
const markShare = 0.45;

/** A digit is at most this many times as wide as high. */
const widest = 4;

/**
 * A slash is at least so many times as high as the highest digit of the row, at least so wide for its
 * height, and in a box of 1 x 1 at most so far beside the diagonal.
 */
const [slashHeight, slashSlant, slashWidth] = [1.2, 0.15, 0.35];

/** More digits than this are no number but a page of writing, or a texture. */
export const mostDigits = 200;

/**
 * Puts together the pieces of each digit, and leaves out commas, points, dashes, slashes and specks.
 *
 * @returns The digits in reading order: row after row, each from left to right.
 */
export function inReadingOrder(pieces: readonly Piece[], width: number): Group[] {
  const height = usualHeight(pieces);
  const tall = joined(
    pieces.filter(({ box }) => longSide(box) >= 0.25 * height),
    (one, other) => areStacked(one, other, height),
    width,
  ).filter(({ box }) => isDigit(box, height));
  const small = pieces.filter(({ box }) => longSide(box) < 0.25 * height);
  const whole = tall.map((group) => {
    const near = small.filter(
      ({ box }) => gap(box, group.box) === 0 && overlap(box, group.box) > 0.5,
    );
    return near.length === 0 ? group : grouped([group, ...near], width);
  });
  return rowsOf(whole).flatMap((row) => withoutSlashes(row, width));
}

/** Leaves out slanted lines between digits that are higher than all, and go beyond both beside them. */
function withoutSlashes(row: readonly Group[], width: number): readonly Group[] {
  const areLines = row.map((group) => isSlanted(group, width));
  // Ones may be slanted lines too, so that they are no measure.
  const heights = row.filter((_, at) => !areLines[at]).map(({ box }) => heightOf(box));
  if (heights.length < 2) return row;
  const least = slashHeight * Math.max(...heights);
  return row.filter(({ box }, at) => {
    const isBetween = at > 0 && at < row.length - 1;
    if (!isBetween || !areLines[at] || heightOf(box) < least) return true;
    const beside = union(row[at - 1].box, row[at + 1].box);
    return box.top >= beside.top || box.bottom <= beside.bottom;
  });
}

/** Whether it is a line from the lower left to the upper right. */
function isSlanted({ pixels, box }: Group, width: number): boolean {
  const [across, down] = [box.right - box.left, heightOf(box)];
  if (across < slashSlant * down) return false;
  return pixels.every((pixel) => {
    const right = ((pixel % width) + 0.5 - box.left) / across;
    const up = (box.bottom - 0.5 - Math.floor(pixel / width)) / down;
    return Math.abs(right - up) <= slashWidth;
  });
}

/** The median height of what is not much lower than the highest. */
function usualHeight(pieces: readonly Piece[]): number {
  const heights = pieces
    .filter(({ box }) => box.right - box.left < widest * heightOf(box))
    .map(({ box }) => heightOf(box))
    .sort((one, other) => other - one);
  const high = heights.filter((height) => height >= markShare * heights[0]);
  return high[high.length >> 1] ?? 0;
}

function isDigit(box: Box, height: number): boolean {
  return (
    heightOf(box) >= markShare * height &&
    heightOf(box) <= 2.5 * height &&
    box.right - box.left <= widest * heightOf(box)
  );
}

/** Whether two pieces are parts of one digit: one over the other, and not higher than a digit. */
function areStacked(one: Box, other: Box, height: number): boolean {
  const both = union(one, other);
  const between = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
  return (
    heightOf(both) <= 1.3 * Math.max(height, heightOf(one), heightOf(other)) &&
    between <= 0.2 * height &&
    overlap(one, other) >= 0.5
  );
}

/** Joins groups as long as two belong together. */
function joined(
  pieces: readonly Piece[],
  belong: (one: Box, other: Box) => boolean,
  width: number,
): Group[] {
  const groups: Group[] = [];
  for (const piece of pieces) {
    let group: Group = piece;
    for (let at = groups.length - 1; at >= 0; at--) {
      if (!belong(group.box, groups[at].box)) continue;
      group = grouped([group, groups[at]], width);
      groups.splice(at, 1);
      at = groups.length;
    }
    groups.push(group);
  }
  return groups;
}

function grouped(groups: readonly Group[], width: number): Group {
  const pixels = groups.flatMap((group) => group.pixels);
  return { pixels, box: boxOf(pixels, width) };
}

/** Chains digits from left to right, each to the nearest before it that is beside it. */
function rowsOf(groups: readonly Group[]): Group[][] {
  const rows: Group[][] = [];
  for (const group of [...groups].sort((one, other) => middle(one) - middle(other))) {
    const row = rows
      .map((candidate) => ({ candidate, last: candidate[candidate.length - 1].box }))
      .filter(({ last }) => beside(last, group.box) >= 0.5)
      .sort((one, other) => other.last.right - one.last.right)[0];
    if (row === undefined) rows.push([group]);
    else row.candidate.push(group);
  }
  const place = (row: Group[]) =>
    row.reduce((total, { box }) => total + box.top + box.bottom, 0) / row.length;
  return rows.sort((one, other) => place(one) - place(other));
}

function middle({ box }: Group): number {
  return box.left + box.right;
}

/** How much of the narrower lies over or under the other, 0 to 1. */
function overlap(one: Box, other: Box): number {
  const shared = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  return shared / Math.min(one.right - one.left, other.right - other.left);
}

/** How much of the lower lies beside the other, 0 to 1. */
function beside(one: Box, other: Box): number {
  const shared = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return shared / Math.min(heightOf(one), heightOf(other));
}

export function heightOf({ top, bottom }: Box): number {
  return bottom - top;
}
