import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import type { Figure } from '../../lib/report/figure';
import { augment } from '../../lib/engine/augmentation';
import {
  augmentedDigits,
  predictionGallery,
  randomDigits,
  sampleDigits,
} from '../../lib/report/gallery';
import {
  assertReadable,
  classNames,
  drawnDigits,
  drawnSet,
  escapedMarkupName,
  markupName,
  sixtyLetters,
} from '../fixtures';

it('sampleDigits(digits, { classNames }) puts each class in its own row', () => {
  const figure = sampleDigits(drawnSet(3), { classNames, samplesPerClass: 2 });
  const rows = drawnDigits.flatMap(({ label }) => [label, label]);
  assert.deepEqual(figure.data[0].y, rows);
  assert.equal(figure.layout.images?.length, rows.length);
  assert.deepEqual(figure.layout.yaxis?.ticktext, classNames);
  assertReadable(figure);
});

it('sampleDigits(digits, { classNames }) is repeatable, and another seed chooses others', () => {
  const digits = drawnSet(20);
  const chosen = (seed: number) => sampleDigits(digits, { classNames, seed }).data[0].hovertext;
  assert.deepEqual(chosen(1), chosen(1));
  assert.notDeepEqual(chosen(1), chosen(2));
});

it('sampleDigits(digits, { classNames }) draws the very pixels, dark ink on white', () => {
  const figure = sampleDigits(drawnSet(1), { classNames });
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

it('augmentedDigits(digits, { augmentation }) shows the images that augment gives', () => {
  const digits = drawnSet(1);
  const augmentation = { rotation: 20, shift: 0.1 };
  const figure = augmentedDigits(digits, { augmentation, index: 2, count: 4, columns: 2, seed: 7 });
  assert.equal(figure.layout.images?.length, 4);
  assert.match(
    figure.description,
    /^One digit in 4 guises: turned by up to 20°, shifted by 10 %, .* by 0°\. Image 2/,
  );
  const image = digits.images.subarray(2 * 784, 3 * 784);
  const copies = Float32Array.from({ length: 4 * 784 }, (_, at) => image[at % 784]);
  const expected = augment(copies, { shape: [28, 28, 1], augmentation, seed: 7 });
  figure.layout.images?.forEach(({ source }, place) => {
    const png = PNG.sync.read(Buffer.from((source as string).split(',')[1], 'base64'));
    const enlargement = png.width / 28;
    for (let at = 0; at < 784; at++) {
      const [x, y] = [(at % 28) * enlargement, Math.floor(at / 28) * enlargement];
      const ink = Math.min(1, Math.max(0, expected[place * 784 + at]));
      assert.equal(png.data[4 * (y * png.width + x)], Math.round(255 * (1 - ink)));
    }
  });
});

it('augmentedDigits(digits, { augmentation }) takes bytes, and refuses what is out of range', () => {
  const { images, labels, count } = drawnSet(1);
  const bytes = Uint8Array.from(images, (ink) => Math.round(255 * ink));
  const digits = { images: bytes as unknown as Float32Array, labels, count };
  const sourcesOf = (set: typeof digits) =>
    augmentedDigits(set, { augmentation: {}, count: 1 }).layout.images?.map((it) => it.source);
  assert.deepEqual(sourcesOf(digits), sourcesOf(drawnSet(1)));
  const wrong: [object, RegExp][] = [
    [{ augmentation: { rotation: -1 } }, /augmentation\.rotation is -1; expected/],
    [{ augmentation: {}, index: 6 }, /index is 6; expected a whole number from 0 to 5/],
    [{ augmentation: {}, count: 0 }, /count is 0; expected a whole number from 1/],
    [{ augmentation: {}, seed: -1 }, /seed is -1; expected a whole number from 0/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => augmentedDigits(drawnSet(1), options as never), message);
  }
});

it('randomDigits(digits, { classNames }) writes the label alone above each digit', () => {
  const digits = drawnSet(4);
  const figure = randomDigits(digits, { classNames, count: 5, columns: 3 });
  const labels = (figure.data[0].hovertext as string[]).map(
    (hover) => classNames[digits.labels[Number(/^image (\d+)<br>/.exec(hover)?.[1])]],
  );
  assert.deepEqual(captionsOf(figure), labels);
  assert.deepEqual(figure.data[0].x, [0, 1, 2, 0, 1]);
  assert.equal(figure.description, `Random digits: 5 images, ${labels.join('; ')}`);
});

it('randomDigits(digits, { classNames }) shows no digit twice, and twelve by default', () => {
  const shown = (times: number, seed?: number) =>
    randomDigits(drawnSet(times), { classNames, seed }).data[0].hovertext as string[];
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

it('predictionGallery(digits, predictions) keeps pictures large beside long names', () => {
  const names = classNames.map((name) => `${sixtyLetters} ${name}`);
  const [plain, long] = [classNames, names].map((each) =>
    predictionGallery(drawnSet(1), predictions, { classNames: each }),
  );
  const side = ({ layout }: Figure) => {
    const inner =
      (layout.width as number) - (layout.margin?.l as number) - (layout.margin?.r as number);
    return ((layout.images?.[0].sizex as number) * inner) / 6;
  };
  assert.ok(Math.abs(side(plain) - 112) < 1e-9 && Math.abs(side(long) - 112) < 1e-9);
  assert.ok((long.layout.width as number) <= 900);
  const [caption] = captionsOf(long);
  assert.match(caption, /^truth a class.*….*5 guess a class.*….*3 \(98\.7 %\)$/);
  const [hover] = long.data[0].hovertext as string[];
  assert.ok(hover.replaceAll('<br>', ' ').includes(`truth ${names[5]} guess ${names[3]} (98.7 %)`));
  assert.ok(long.description.includes(`truth ${names[5]} guess ${names[3]} (98.7 %)`));
});

it('predictionGallery(digits, predictions) draws names, notes and titles letter by letter', () => {
  const figure = predictionGallery(drawnSet(1), [{ ...predictions[0], note: markupName }], {
    ...{ classNames: classNames.map(() => markupName), title: markupName, columns: 1 },
  });
  const { title, annotations } = figure.layout;
  const [text = ''] = annotations?.map((annotation) => annotation.text) ?? [];
  assert.match(text, /truth &#60;b&#62;zero&#60;\/b&#62;/);
  assert.ok((figure.data[0].hovertext as string[])[0].includes(`truth ${escapedMarkupName}<br>`));
  const all = JSON.stringify([figure.data, annotations, title]);
  assert.doesNotMatch(all, /<b>zero|<a |\$x|%\{y\}/);
});

it('predictionGallery(digits, predictions) leaves a long title room above one picture', () => {
  const { layout } = predictionGallery(drawnSet(1), predictions.slice(0, 1), {
    ...{ columns: 1, title: 'The picture, prepared as MNIST is' },
  });
  assert.doesNotMatch((layout.title as { text: string }).text, /<br>/);
  const inner =
    (layout.width as number) - (layout.margin?.l as number) - (layout.margin?.r as number);
  assert.ok(Math.abs((layout.images?.[0].sizex as number) * inner - 112) < 1e-9);
});

it('predictionGallery(digits, predictions) and randomDigits(digits, names) reject what has no name', () => {
  const few = classNames.slice(0, 5);
  assert.throws(() => predictionGallery(drawnSet(1), predictions, { classNames: few }), {
    name: 'RangeError',
    message: /^predictions\[0\]\.truth is 5, but classNames has 5 names/,
  });
  assert.throws(
    () => randomDigits(drawnSet(1), { classNames: few }),
    /^RangeError: labels\[4\] is 5, but/,
  );
  assert.throws(
    () => sampleDigits(drawnSet(1), { classNames: few }),
    /^RangeError: labels\[4\] is 5, but/,
  );
  assert.throws(() => predictionGallery(drawnSet(1), [{ ...predictions[0], index: 6 }]), {
    name: 'RangeError',
    message: 'predictions[0].index is 6; expected a whole number from 0 to 5',
  });
});

it('sampleDigits(digits, { classNames }) has lower rows for many classes, and a hundred at most', () => {
  const names = Array.from({ length: 200 }, (_, index) => `class ${index}`);
  const rows = (count: number) => {
    const figure = sampleDigits(drawnSet(1), { classNames: names.slice(0, count) });
    return {
      ...figure,
      shown: figure.layout.yaxis?.range?.[0],
      height: figure.layout.height as number,
    };
  };
  assert.ok(rows(60).height < 1800);
  assert.equal(rows(60).shown, 59.5);
  assert.equal(rows(200).shown, 99.5);
  assert.match(rows(200).description, /^Samples of the first 100 of 200 classes/);
  assert.match(JSON.stringify(rows(200).layout.title), /first 100 of 200 classes/);
});

it('sampleDigits(digits, { classNames }) takes a set without images, and one class', () => {
  const none = { images: new Float32Array(), labels: new Uint8Array(), count: 0 };
  assertReadable(sampleDigits(none, { classNames: ['only'] }));
  assert.deepEqual(randomDigits(none, { classNames: ['only'] }).layout.images, []);
});

it('galleries draw color images in their colors, without being told', () => {
  // 2 x 2 pixels: red, green, blue and white.
  const images = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1);
  const figure = randomDigits(
    { images, labels: Uint8Array.of(0), count: 1 },
    { classNames: ['flag'] },
  );
  const png = pictureOf(figure);
  const at = (x: number, y: number) => [
    ...png.data.subarray(4 * (y * png.width + x)).subarray(0, 3),
  ];
  const last = png.width - 1;
  assert.deepEqual(
    [at(0, 0), at(last, 0), at(0, last), at(last, last)],
    [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [255, 255, 255],
    ],
  );
});

it('galleries draw images that are not square, when told their shape', () => {
  // 2 x 4 pixels, ink only in the last one.
  const images = Float32Array.of(0, 0, 0, 0, 0, 0, 0, 1);
  const digits = { images, labels: Uint8Array.of(0), count: 1 };
  const figure = randomDigits(digits, { classNames: ['wide'], imageShape: [2, 4, 1] });
  const png = pictureOf(figure);
  assert.equal(png.width, 2 * png.height);
  assert.equal(png.data[4 * (png.width * png.height - 1)], 0);
  assert.equal(png.data[4 * (png.width - 1)], 255);
  const { layout } = figure;
  const height = (layout.height as number) - (layout.margin?.t as number);
  assert.ok(Math.abs((layout.images?.[0].sizey as number) * height - 56) < 1e-9);
  assert.throws(() => randomDigits(digits, { classNames: ['wide'] }), {
    name: 'RangeError',
    message: /^the images have 8 numbers each, which make no square, .*; give imageShape/,
  });
  assert.throws(() => randomDigits(digits, { classNames: ['wide'], imageShape: [2, 2, 2] }), {
    name: 'RangeError',
    message: /^imageShape is \[2, 2, 2\]; expected .* 1 or 3 channels/,
  });
});

it('galleries make large images smaller', () => {
  const images = new Float32Array(1000 * 1000);
  const figure = randomDigits(
    { images, labels: Uint8Array.of(0), count: 1 },
    { classNames: ['large'] },
  );
  assert.equal(pictureOf(figure).width, 224);
});

it('galleries take bytes from 0 to 255, as networks do', () => {
  const images = Uint8Array.of(0, 51, 102, 255) as unknown as Float32Array;
  const png = pictureOf(
    randomDigits({ images, labels: Uint8Array.of(0), count: 1 }, { classNames: ['cat'] }),
  );
  const last = png.width - 1;
  assert.deepEqual([png.data[0], png.data[4 * last]], [255, 204]);
  assert.equal(png.data[4 * (png.width * png.height - 1)], 0);
});

it('galleries reject a count that does not fit the images', () => {
  const digits = { images: new Float32Array(8), labels: Uint8Array.of(0, 1), count: 3 };
  for (const draw of [sampleDigits, randomDigits]) {
    assert.throws(() => draw(digits, { classNames }), {
      name: 'RangeError',
      message: /^count is 3, but there are 2 labels and 8 pixels/,
    });
  }
});

it('galleries reject pixels that are not from 0 to 1', () => {
  const digits = (pixel: number) => {
    return { images: Float32Array.of(0, 0, 0, pixel), labels: Uint8Array.of(0), count: 1 };
  };
  assert.throws(() => randomDigits(digits(200), { classNames: ['cat'] }), {
    name: 'RangeError',
    message:
      'images[3], a pixel of image 0, is 200; expected a number from 0 to 1. Divide pixels from 0 ' +
      'to 255 by 255',
  });
  assert.throws(
    () => randomDigits(digits(NaN), { classNames: ['cat'] }),
    /is NaN; expected a number from 0 to 1/,
  );
});

it('predictionGallery(digits, []) shows an empty page, since a network may make no mistake', () => {
  const figure = predictionGallery(drawnSet(1), []);
  assert.deepEqual(figure.layout.images, []);
  assert.ok((figure.layout.height as number) > 0);
});

it('predictionGallery(digits, predictions) and randomDigits(digits, { classNames }) reject counts', () => {
  assert.throws(() => predictionGallery(drawnSet(1), predictions, { columns: 0 }), {
    name: 'RangeError',
    message: 'columns is 0; expected a whole number from 1',
  });
  assert.throws(() => randomDigits(drawnSet(1), { classNames, count: 2.5 }), {
    name: 'RangeError',
    message: 'count is 2.5; expected a whole number from 1',
  });
});

const predictions = [
  { index: 4, truth: 5, guess: 3, confidence: 0.987 },
  { index: 0, truth: 0, guess: 0, confidence: 0.5 },
  { index: 1, truth: 1, guess: 7, confidence: 0.25, note: 'seen as 7' },
];

/** The first picture. */
function pictureOf({ layout }: Figure): PNG {
  const source = layout.images?.[0].source as string;
  return PNG.sync.read(Buffer.from(source.split(',')[1], 'base64'));
}

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
