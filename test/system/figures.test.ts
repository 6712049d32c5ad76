import assert from 'node:assert/strict';
import { reliabilityDiagram } from '../../lib/report/reliabilityDiagram';
import {
  accuracyBars,
  classDistribution,
  confusionHeatMap,
  curves,
  meanDots,
  perClassBars,
  valueHeatMap,
} from '../../lib/report/figures';
import { compareCurves, trainingCurves } from '../../lib/report/figures';
import type { Figure } from '../../lib/report/figure';
import { predictionGallery, randomDigits, sampleDigits } from '../../lib/report/gallery';
import { shorten } from '../../lib/report/names';
import { classificationReport } from '../../lib/metrics/metrics';
import { launchBrowser } from '../browser';
import { drawnSet, markupName } from '../fixtures';

// Short enough for a tick, with what Plotly would take for a tag, a link, an entity and a template.
const names = [
  '<b>0</b>',
  '<a href="x">1</a>',
  '&amp; 2',
  '%{y} 3',
  'a<br>4',
  '$x$ 5',
  'six',
  'six',
];
const labels = names.map((_, label) => label);
const history = {
  epochs: [{ epoch: 1, loss: 1, accuracy: 0.9, learningRate: 1, seconds: 1 }].map((epoch) => {
    return { ...epoch, validationLoss: 1, validationAccuracy: 0.9 };
  }),
  ...{ seconds: 1, interrupted: false },
};
const bins = [{ low: 0, high: 1, count: 1, confidence: 1, accuracy: 1 }];
const counts = labels.map(() => labels.map(() => 1));
const set = drawnSet(1);
const named = names.map((name) => ({ name, history, bins }));

const figures: Readonly<Record<string, { figure: Figure; shown: readonly string[] }>> = {
  trainingCurves: { figure: trainingCurves(history, { title: markupName }), shown: [markupName] },
  compareCurves: { figure: compareCurves(named), shown: names },
  reliabilityDiagram: { figure: reliabilityDiagram(named.slice(0, 4)), shown: names.slice(0, 4) },
  confusionHeatMap: {
    figure: confusionHeatMap(counts, { classNames: names, title: markupName }),
    shown: names,
  },
  valueHeatMap: {
    figure: valueHeatMap({
      rows: { title: 'down', names },
      ...{ columns: { title: markupName, names: ['0'] }, values: names.map(() => [0.5]) },
    }),
    shown: [...names, markupName],
  },
  meanDots: {
    figure: meanDots(
      names.map((name) => ({ name, values: [0.5, 0.6] })),
      { reference: { name: markupName, value: 0.5 } },
    ),
    shown: [...names, shorten(markupName, 32)],
  },
  curves: {
    figure: curves(
      names.map((name) => ({ name, x: [1], y: [0.5] })),
      { xTitle: markupName },
    ),
    shown: [...names.map((name) => shorten(name, 28)), markupName],
  },
  accuracyBars: {
    figure: accuracyBars(counts, { classNames: names, title: markupName }),
    shown: names,
  },
  perClassBars: {
    figure: perClassBars(classificationReport(labels, labels, { classNames: names })),
    shown: names,
  },
  classDistribution: {
    figure: classDistribution({
      ...{ train: set, validation: set, test: set, classNames: names },
      ...{ source: 'drawn', isSample: false },
    }),
    shown: names,
  },
  sampleDigits: { figure: sampleDigits(set, { classNames: names }), shown: names },
  randomDigits: { figure: randomDigits(set, { classNames: names }), shown: names.slice(0, 4) },
  predictionGallery: {
    figure: predictionGallery(set, [{ index: 0, truth: 0, guess: 3, confidence: 1 }], {
      ...{ classNames: names, title: markupName },
    }),
    shown: [names[0], names[3], markupName],
  },
};

it('Plotly draws names in all figures letter by letter, and equal ones as often as they come', async function () {
  const browser = await launchBrowser(this);
  try {
    const page = await browser.newPage();
    await page.setContent('<!doctype html><div id="figure"></div>');
    await page.addScriptTag({ path: require.resolve('plotly.js-dist-min/plotly.min.js') });
    for (const [name, { figure, shown }] of Object.entries(figures)) {
      const { data, layout } = figure;
      const texts = (await page.evaluate(
        `Plotly.newPlot('figure', ${JSON.stringify(data)}, ${JSON.stringify(layout)}).then(() =>
          [...document.querySelectorAll('#figure svg text')].map((text) => text.textContent))`,
      )) as string[];
      // Captions stand below each other in one text, and titles may go on after the name.
      for (const each of shown) {
        const times = texts.filter((text) => text.includes(each)).length;
        const expected = shown.filter((other) => other === each).length;
        assert.ok(times >= expected, `${name} shows ${each} ${times} times:\n${texts.join('\n')}`);
      }
      assert.equal(await page.locator('#figure svg a').count(), 0, `${name} has a link`);
    }
  } finally {
    await browser.close();
  }
});
