import assert from 'node:assert/strict';
import {
  accuracyBars,
  classDistribution,
  confusionHeatMap,
  perClassBars,
  trainingCurves,
} from '../../lib/report/figures';
import { classificationReport } from '../../lib/metrics/metrics';
import { assertReadable, classNames, markupName, sixtyLetters } from '../fixtures';
import type { Figure } from '../../lib/report/figure';

it('all charts draw names letter by letter, and keep equal ones apart', () => {
  const names = [markupName, 'same', 'same'];
  const labels = [0, 1, 2, 2];
  const set = { images: new Float32Array(), labels: Uint8Array.from(labels), count: 4 };
  const figures = [
    confusionHeatMap(diagonal(3, 4), { classNames: names, title: markupName }),
    accuracyBars(diagonal(3, 4), { classNames: names, title: markupName }),
    perClassBars(classificationReport(labels, labels, { classNames: names }), {
      title: markupName,
    }),
    classDistribution({
      ...{ train: set, validation: set, test: set, classNames: names },
      ...{ source: 'made up', isSample: false },
    }),
  ];
  for (const { data, layout } of figures) {
    assert.doesNotMatch(
      JSON.stringify([data, layout.xaxis, layout.yaxis]),
      /<b>zero|<a |\$x|%\{y\}/,
    );
    assert.equal(layout.xaxis?.tickvals?.length, 3);
    assert.ok((layout.title as { text: string }).text.startsWith('<b>'));
    assert.doesNotMatch((layout.title as { text: string }).text, /<b>zero|\$x/);
  }
});

it('bars keep their height with long names, and answer with whole ones on hovering', () => {
  const long = Array.from({ length: 10 }, (_, index) => `${sixtyLetters} ${index}`);
  const inner = ({ layout: { height, margin } }: Figure) =>
    (height as number) - (margin?.t as number) - (margin?.b as number);
  const labels = classNames.map(Number);
  const report = (names: string[]) =>
    perClassBars(classificationReport(labels, labels, { classNames: names }));
  assert.equal(inner(report(long)), inner(report(classNames)));
  assert.equal(
    inner(accuracyBars(diagonal(10, 5), { classNames: long })),
    inner(report(classNames)),
  );
  const hovers = JSON.stringify(report(long).data);
  for (const index of [0, 9]) assert.ok(hovers.replaceAll('<br>', ' ').includes(long[index]));
});

it('bars of many classes become dots', () => {
  const names = namesOf(200);
  const labels = names.map((_, index) => index);
  for (const figure of [
    perClassBars(classificationReport(labels, labels, { classNames: names })),
    accuracyBars(diagonal(200, 5), { classNames: names }),
  ]) {
    assert.deepEqual([figure.data[0].type, figure.data[0].mode], ['scatter', 'markers']);
    assert.equal(figure.data[0].x?.length, 200);
    assertReadable(figure);
  }
});

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `class ${index}`);
}

/** A confusion matrix without errors. */
function diagonal(classes: number, images: number): number[][] {
  return Array.from({ length: classes }, (_, row) =>
    Array.from({ length: classes }, (_, column) => (row === column ? images : 0)),
  );
}

it('figures refuse what they cannot draw, by its name', () => {
  const nothing = null as never;
  for (const [draw, message] of [
    [() => confusionHeatMap(nothing), /TypeError: counts is null; expected an array/],
    [() => accuracyBars(nothing), /TypeError: counts is null/],
    [() => trainingCurves(nothing), /TypeError: history is null; expected a history/],
    [
      () => trainingCurves({} as never),
      /TypeError: history is \[object Object\]; expected a history/,
    ],
    [
      () => accuracyBars(diagonal(10, 5), { title: nothing }),
      /TypeError: a title or name in the figure is null; expected a text/,
    ],
  ] as const) {
    assert.throws(draw, message);
  }
});
