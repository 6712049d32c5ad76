import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import type { Figure } from '../lib/figure';
import { predictionGallery, randomDigits, sampleDigits } from '../lib/gallery';
import { assertReadable, classNames, drawnDigits, drawnSet } from './fixtures';

it('sampleDigits(digits, classNames) puts each class in its own row', () => {
  const figure = sampleDigits(drawnSet(3), classNames, { samplesPerClass: 2 });
  const rows = drawnDigits.flatMap(({ label }) => [label, label]);
  assert.deepEqual(figure.data[0].y, rows);
  assert.equal(figure.layout.images?.length, rows.length);
  assert.deepEqual(figure.layout.yaxis?.ticktext, classNames);
  assertReadable(figure);
});

it('sampleDigits(digits, classNames) is repeatable, and another seed chooses others', () => {
  const digits = drawnSet(20);
  const chosen = (seed: number) => sampleDigits(digits, classNames, { seed }).data[0].hovertext;
  assert.deepEqual(chosen(1), chosen(1));
  assert.notDeepEqual(chosen(1), chosen(2));
});

it('sampleDigits(digits, classNames) draws the very pixels, dark ink on white', () => {
  const figure = sampleDigits(drawnSet(1), classNames);
  const source = figure.layout.images?.[0].source as string;
  const png = PNG.sync.read(Buffer.from(source.split(',')[1], 'base64'));
  const enlargement = png.width / 28;
  for (const [index, ink] of drawnDigits[0].pixels.entries()) {
    const [x, y] = [(index % 28) * enlargement, Math.floor(index / 28) * enlargement];
    assert.equal(png.data[4 * (y * png.width + x)], 255 - ink);
    const opposite = 4 * ((y + enlargement - 1) * png.width + x + enlargement - 1);
    assert.equal(png.data[opposite], 255 - ink);
  }
});

it('randomDigits(digits, classNames) writes the label alone above each digit', () => {
  const digits = drawnSet(4);
  const figure = randomDigits(digits, classNames, { count: 5, columns: 3 });
  const labels = (figure.data[0].hovertext as string[]).map(
    (hover) => classNames[digits.labels[Number(hover.replace('image ', ''))]],
  );
  assert.deepEqual(captionsOf(figure), labels);
  assert.deepEqual(figure.data[0].x, [0, 1, 2, 0, 1]);
  assert.equal(figure.description, `Random digits: 5 images, ${labels.join('; ')}`);
});

it('randomDigits(digits, classNames) shows no digit twice, and twelve by default', () => {
  const shown = (times: number, seed?: number) =>
    randomDigits(drawnSet(times), classNames, { seed }).data[0].hovertext as string[];
  assert.equal(new Set(shown(9)).size, 12);
  assert.equal(new Set(shown(1)).size, 6);
  assert.deepEqual(shown(9), shown(9, 42));
  assert.notDeepEqual(shown(9), shown(9, 1));
});

it('predictionGallery(digits, predictions) writes truth, guess and confidence above each', () => {
  const figure = predictionGallery(drawnSet(1), predictions, { columns: 2, title: 'Some' });
  assert.deepEqual(captionsOf(figure), [
    'truth 5 guess 3 (98.7 %)',
    'truth 0 guess 0 (50.0 %)',
    'truth 1 guess 7 (25.0 %) seen as 7',
  ]);
  assert.deepEqual(figure.data[0].x, [0, 1, 0]);
  assert.match(figure.description, /Some: 3 images, truth 5 guess 3 \(98\.7 %\); truth 0 guess 0/);
});

it('predictionGallery(digits, predictions) keeps captions between their digits and the row above', () => {
  const { annotations, images } = predictionGallery(drawnSet(1), predictions, {
    columns: 2,
  }).layout;
  const bottoms = annotations?.map(({ y }) => y as number) ?? [];
  const [first, , third] = (images ?? []).map(({ y, sizey = 0 }) => {
    return { top: (y as number) - sizey / 2, bottom: (y as number) + sizey / 2 };
  });
  assert.ok(Math.abs(bottoms[0] - first.top) < 1e-9);
  assert.ok(Math.abs(bottoms[2] - third.top) < 1e-9);
  assert.ok(-0.5 < first.top && first.bottom < 0.5);
});

it('predictionGallery(digits, predictions) tells right from wrong by colors that read on white', () => {
  const figure = predictionGallery(drawnSet(1), predictions);
  const colors = figure.layout.annotations?.map(({ text }) => text?.match(/#[0-9a-f]{6}/g)?.[1]);
  const [wrong, right, alsoWrong] = colors as string[];
  assert.equal(wrong, alsoWrong);
  assert.notEqual(wrong, right);
  for (const color of [wrong, right]) {
    const contrast = 1.05 / (luminance(color) + 0.05);
    assert.ok(contrast >= 4.5, `${color} has contrast ${contrast}`);
  }
});

it('predictionGallery(digits, predictions) names classes, in cells as wide as their names', () => {
  const names = classNames.map((name) => `a class with the name ${name}`);
  const figure = predictionGallery(drawnSet(1), predictions, { classNames: names, columns: 1 });
  assert.match(
    captionsOf(figure)[0],
    /^truth a class with the name 5 guess a class with the name 3/,
  );
  assert.ok((figure.layout.width as number) > 200);
});

it('predictionGallery(digits, []) shows an empty page, since a network may make no mistake', () => {
  const figure = predictionGallery(drawnSet(1), []);
  assert.deepEqual(figure.layout.images, []);
  assert.ok((figure.layout.height as number) > 0);
});

it('predictionGallery(digits, predictions) and randomDigits(digits, classNames) reject counts', () => {
  assert.throws(() => predictionGallery(drawnSet(1), predictions, { columns: 0 }), {
    name: 'RangeError',
    message: 'columns is 0; expected a whole number from 1',
  });
  assert.throws(() => randomDigits(drawnSet(1), classNames, { count: 2.5 }), {
    name: 'RangeError',
    message: 'count is 2.5; expected a whole number from 1',
  });
});

const predictions = [
  { index: 4, truth: 5, guess: 3, confidence: 0.987 },
  { index: 0, truth: 0, guess: 0, confidence: 0.5 },
  { index: 1, truth: 1, guess: 7, confidence: 0.25, note: 'seen as 7' },
];

/** The captions without their tags. */
function captionsOf({ layout }: Figure): string[] {
  return (layout.annotations ?? []).map(({ text = '' }) =>
    text.replace(/<br>/g, ' ').replace(/<[^>]+>/g, ''),
  );
}

/** Relative luminance by WCAG 2.2. */
function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
