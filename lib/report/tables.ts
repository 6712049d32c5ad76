// danfojs loads tfjs-node too, so our TensorFlow, with its settings, has to be loaded first.
import '../platform/tensorflow';
import { DataFrame } from 'danfojs-node';
import { layerShapes } from '../engine';
import type { Evaluation } from '../metrics/evaluation';
import { numberNames } from '../metrics/metrics';
import type {
  ClassificationReport,
  ConfusedPair,
  ErrorSummary,
  Interval,
  Scores,
} from '../metrics/metrics';
import type { TrainingHistory } from '../training/train';
import type { ClassNamesOption } from './figure';
import type { NetworkResult } from './record';
import type { DigitData } from '../data/mnist';
import { requireParts, requireWhole } from '../platform/numbers';
import type { tf } from '../platform/tensorflow';

type Cell = string | number;

const reportSource = 'what classificationReport gives';
const digitSource = 'what loadDigits gives';

function requireEach(name: string, values: object, parts: readonly string[], expected: string) {
  requireParts(name, values, [], 'an object of them by name');
  for (const [key, value] of Object.entries(values)) {
    requireParts(`${name}[${JSON.stringify(key)}]`, value, parts, expected);
  }
}

/**
 * Tabulates precision, recall, F1 and support by class, with the rows of scikit-learn's
 * `classification_report`: the classes, accuracy, macro average, weighted average.
 *
 * @throws TypeError when `report` is none.
 */
export function reportTable(report: ClassificationReport): DataFrame {
  requireParts('report', report, ['classes', 'macroAverage', 'weightedAverage'], reportSource);
  const row = (name: string, { precision, recall, f1, support }: Scores): Cell[] => [
    name,
    100 * precision,
    100 * recall,
    100 * f1,
    support,
  ];
  const { classes, accuracy, macroAverage, weightedAverage } = report;
  return frame(
    ['class', 'precision (%)', 'recall (%)', 'F1 (%)', 'support (images)'],
    [
      ...classes.map((scores) => row(scores.className, scores)),
      ['accuracy', '', '', 100 * accuracy, macroAverage.support],
      row('macro average', macroAverage),
      row('weighted average', weightedAverage),
    ],
  );
}

/**
 * Tabulates the layers of a model with output shapes and parameters, and sums them up.
 *
 * @throws TypeError when `model` is none.
 */
export function layerTable(model: tf.LayersModel): DataFrame {
  requireParts('model', model, ['layers', 'inputs'], 'a model of layers');
  const total = model.countParams();
  const trainable = model.trainableWeights
    .map(({ shape }) => (shape as number[]).reduce((product, size) => product * size, 1))
    .reduce((sum, size) => sum + size, 0);
  return frame(
    ['layer', 'type', 'output shape', 'parameters'],
    [
      ...layerShapes(model).map(({ layer, outputShape }) => [
        layer.name,
        layer.getClassName(),
        outputShape.slice(1).join(' × '),
        layer.countParams(),
      ]),
      ['total', '', '', total],
      ['trainable', '', '', trainable],
      ['not trainable', '', '', total - trainable],
    ],
  );
}

/**
 * Tabulates trained networks side by side, one row for each, by name. The validation accuracy is that
 * of `validation`, or without it that of the last epoch.
 *
 * @throws TypeError when a network has no model, history or test.
 */
export function comparisonTable(networks: Readonly<Record<string, NetworkResult>>): DataFrame {
  requireEach('networks', networks, ['model', 'history', 'test'], 'a model, its history and test');
  return frame(
    [
      'model',
      'parameters',
      'epochs',
      'training (s)',
      'validation accuracy (%)',
      'test accuracy (%)',
      'test, 95 % interval (%)',
    ],
    Object.entries(networks).map(([name, { model, history, validation, test }]) => [
      name,
      model.countParams(),
      history.epochs.length,
      history.seconds,
      100 * (validation?.accuracy ?? history.epochs.at(-1)?.validationAccuracy ?? NaN),
      100 * test.accuracy,
      intervalText(test.interval),
    ]),
  );
}

/**
 * Tabulates how well sets of digits were read, one row for each, by name.
 *
 * @throws TypeError when one of them is no evaluation.
 */
export function scoreTable(evaluations: Readonly<Record<string, Evaluation>>): DataFrame {
  requireEach('evaluations', evaluations, ['guesses', 'interval'], 'what evaluate gives');
  return frame(
    ['digits', 'images', 'accuracy (%)', '95 % interval (%)', 'loss (nats)', 'errors'],
    Object.entries(evaluations).map(([name, { accuracy, interval, loss, errors, guesses }]) => [
      name,
      guesses.length,
      100 * accuracy,
      intervalText(interval),
      loss,
      errors,
    ]),
  );
}

/**
 * Tabulates what wrong guesses have in common.
 *
 * @throws TypeError when `summary` is none.
 */
export function errorTable(summary: ErrorSummary): DataFrame {
  requireParts('summary', summary, ['errors', 'confidentErrors'], 'what errorSummary gives');
  return frame(
    [
      'mistakes',
      'median confidence of mistakes (%)',
      'of right answers (%)',
      'mistakes above 90 %',
      'second choice right',
    ],
    [
      [
        summary.errors,
        100 * summary.medianErrorConfidence,
        100 * summary.medianRightConfidence,
        summary.confidentErrors,
        summary.secondChoiceRight,
      ],
    ],
  );
}

/**
 * Tabulates a training epoch by epoch.
 *
 * @param options.keptEpoch - Number of the epoch whose weights the network has. @default not shown
 * @throws TypeError when `history` is none.
 */
export function epochTable(
  history: TrainingHistory,
  { keptEpoch }: { readonly keptEpoch?: number } = {},
): DataFrame {
  requireParts('history', history, ['epochs'], 'what train gives');
  const isShown = keptEpoch !== undefined;
  return frame(
    [
      'epoch',
      'learning rate',
      'loss (nats)',
      'validation loss (nats)',
      'validation accuracy (%)',
      'time (s)',
      ...(isShown ? ['kept'] : []),
    ],
    history.epochs.map((result) => [
      result.epoch,
      result.learningRate.toExponential(1),
      result.loss,
      result.validationLoss,
      100 * result.validationAccuracy,
      result.seconds,
      ...(isShown ? [result.epoch === keptEpoch ? 'yes' : ''] : []),
    ]),
  );
}

function intervalText({ low, high }: Interval): string {
  return [low, high].map((share) => (100 * share).toFixed(2)).join(' to ');
}

/**
 * Tabulates how many images of every class each set holds, with the sums.
 *
 * @throws TypeError when `digits` are not what `loadDigits` gives.
 */
export function classTable(digits: DigitData): DataFrame {
  requireParts('digits', digits, ['train', 'validation', 'test', 'classNames'], digitSource);
  const { train, validation, test, classNames } = digits;
  const sets = [train, validation, test];
  return frame(
    ['class', 'training (images)', 'validation (images)', 'test (images)'],
    [
      ...classNames.map((name, index) => [
        name,
        ...sets.map((set) => set.labels.filter((label) => label === index).length),
      ]),
      ['all', ...sets.map((set) => set.count)],
    ],
  );
}

/**
 * Tabulates which classes are taken for which.
 *
 * @throws TypeError when `pairs` is no array.
 */
export function confusedPairsTable(
  pairs: readonly ConfusedPair[],
  options: ClassNamesOption = {},
): DataFrame {
  requireParts('pairs', pairs, ['flatMap'], 'an array, as mostConfusedPairs gives');
  const most = Math.max(-1, ...pairs.flatMap((pair) => [pair.truth, pair.guess]));
  const { classNames = numberNames(1 + most) } = options;
  pairs.forEach(({ truth, guess }, index) => {
    const last = classNames.length - 1;
    requireWhole(`pairs[${index}].truth`, truth, 0, last);
    requireWhole(`pairs[${index}].guess`, guess, 0, last);
  });
  return frame(
    ['truth', 'guess', 'count (images)', 'share of the true class (%)'],
    pairs.map(({ truth, guess, count, share }) => [
      classNames[truth],
      classNames[guess],
      count,
      100 * share,
    ]),
  );
}

function frame(columns: string[], rows: Cell[][]): DataFrame {
  return new DataFrame(rows, { columns });
}
