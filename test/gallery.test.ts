import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { mistakeGallery, sampleDigits } from '../lib/gallery';
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

it('mistakeGallery(digits, mistakes) writes truth, guess and confidence above each digit', () => {
  const mistakes = [
    { index: 4, truth: 5, guess: 3, confidence: 0.987 },
    { index: 0, truth: 0, guess: 7, confidence: 0.5 },
    { index: 1, truth: 1, guess: 7, confidence: 0.25 },
  ];
  const figure = mistakeGallery(drawnSet(1), mistakes, { columns: 2, title: 'Wrong' });
  const captions = figure.layout.annotations?.map(({ text }) => text?.replace(/<[^>]+>/g, ' '));
  assert.match(captions?.[0] as string, /truth 5 +guess 3 \(98\.7 %\)/);
  assert.deepEqual(figure.data[0].x, [0, 1, 0]);
  const tops = figure.layout.annotations?.map(({ y }) => Math.round(y as number));
  assert.deepEqual(tops, [-0, -0, 1]);
  assert.match(figure.description, /Wrong: 3 images, truth 5 guess 3/);
});

it('mistakeGallery(digits, []) shows an empty page, since a network may make no mistake', () => {
  const figure = mistakeGallery(drawnSet(1), []);
  assert.deepEqual(figure.layout.images, []);
  assert.ok((figure.layout.height as number) > 0);
});
