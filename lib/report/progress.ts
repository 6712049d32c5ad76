import { areMarked, thinned } from './epochs';
import { grays, palette } from './figure';
import { logScale } from './logScale';
import { percent, round, thousands } from '../platform/numbers';
import { escapeHtml } from './names';
import type { EpochResult, TrainingProgress } from '../training/train';

/**
 * Writes where a training stands on one line: a bar, epoch, speed, time left, loss and accuracy.
 *
 * @param title - What is trained.
 */
export function progressText(progress: TrainingProgress, title: string): string {
  const share = shareDone(progress);
  const filled = Math.round(20 * share);
  const bar = '█'.repeat(filled) + '░'.repeat(20 - filled);
  return [
    `${title} ${bar} ${Math.floor(100 * share)} %`,
    standing(progress),
    `loss ${progress.loss.toFixed(4)}`,
    `accuracy ${percent(progress.accuracy)}`,
  ].join(', ');
}

/** Writes the result of the last finished epoch on one line, with speed and time left. */
export function epochText(progress: TrainingProgress, title: string): string {
  const result = progress.finished.at(-1);
  if (result === undefined) return `${title}: no epoch finished`;
  return [
    `${title}: epoch ${result.epoch} of ${progress.epochCount} in ${duration(result.seconds)}`,
    `${speed(progress)}, ${duration(progress.secondsLeft)} left`,
    `loss ${result.loss.toFixed(4)}, accuracy ${percent(result.accuracy)}`,
    `validation loss ${result.validationLoss.toFixed(4)}`,
    `validation accuracy ${percent(result.validationAccuracy)}`,
  ].join(', ');
}

/** Writes what a training came to on one line: epochs, time, speed, last validation accuracy. */
export function summaryText(progress: TrainingProgress, title: string): string {
  const { finished, epochCount } = progress;
  const seconds = finished.reduce((sum, result) => sum + result.seconds, 0);
  const epochs =
    finished.length === epochCount
      ? `${epochCount} ${epochCount === 1 ? 'epoch' : 'epochs'} in ${duration(seconds)}`
      : `stopped after ${finished.length} of ${epochCount} epochs and ${duration(seconds)}`;
  const last = finished.at(-1);
  const accuracy = last ? `, validation accuracy ${percent(last.validationAccuracy)}` : '';
  return `${title}: ${epochs}, ${speed(progress)}${accuracy}`;
}

const panelWidth = 250;
const panelHeight = 130;

/**
 * Draws where a training stands as an SVG image: accuracy and loss by epoch so far, on the
 * logarithmic scales of `trainingCurves`, and a bar.
 *
 * Of many epochs only some are drawn, so that a frame has 100 kB at most. It is plain SVG, since a
 * page cannot redraw a Plotly figure while a cell runs.
 */
export function progressSvg(progress: TrainingProgress, title: string): string {
  const done = shareDone(progress);
  const accuracy = panel(progress, {
    title: 'accuracy (%), log scale of error',
    training: (result) => 100 - 100 * result.accuracy,
    validation: (result) => 100 - 100 * result.validationAccuracy,
    lowestOnTop: true,
    write: (error) => String(round(100 - error, 6)),
  });
  const loss = panel(progress, {
    title: 'loss (cross-entropy: nats), log scale',
    training: (result) => result.loss,
    validation: (result) => result.validationLoss,
    lowestOnTop: false,
    write: String,
  });
  const text = (x: number, y: number, content: string, color: string = grays.text) =>
    `<text x="${x}" y="${y}" fill="${color}">${escapeHtml(content)}</text>`;
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" width="660" height="265" viewBox="0 0 660 265"',
    ' font-family="Helvetica, Arial, sans-serif" font-size="12">',
    '<rect width="660" height="265" fill="#ffffff"/>',
    `<text x="20" y="24" font-size="15" font-weight="bold" fill="${grays.text}">${escapeHtml(title)}</text>`,
    text(500, 24, '● training', palette.blue),
    text(570, 24, '■ validation', palette.vermillion),
    `<g transform="translate(60 50)">${accuracy}</g>`,
    `<g transform="translate(385 50)">${loss}</g>`,
    `<rect x="20" y="225" width="620" height="6" rx="3" fill="${grays.grid}"/>`,
    `<rect x="20" y="225" width="${(620 * done).toFixed(0)}" height="6" rx="3" fill="${palette.blue}"/>`,
    text(20, 252, standing(progress)),
    '</svg>',
  ].join('');
}

interface PanelContent {
  readonly title: string;
  readonly training: (result: Pick<EpochResult, 'loss' | 'accuracy'>) => number;
  readonly validation: (result: EpochResult) => number;
  readonly lowestOnTop: boolean;
  readonly write: (value: number) => string;
}

type Point = readonly [epoch: number, value: number];

function panel(progress: TrainingProgress, content: PanelContent): string {
  const { title, training, validation, lowestOnTop, write } = content;
  const { epoch, epochCount, batch, batchCount } = progress;
  const finished = thinned(progress.finished, [training, validation]);
  const trainingPoints: Point[] = finished.map((result) => [result.epoch, training(result)]);
  if (epoch > progress.finished.length && batch > 0) {
    trainingPoints.push([epoch - 1 + batch / batchCount, training(progress)]);
  }
  const validationPoints: Point[] = finished.map((result) => [result.epoch, validation(result)]);
  const scale = logScale(
    [...trainingPoints, ...validationPoints].map(([, value]) => value),
    6,
  );
  const x = (value: number) => (value / epochCount) * panelWidth;
  const y = (place: number) => {
    const share = Math.log(place / scale.low) / Math.log(scale.high / scale.low);
    return panelHeight * (lowestOnTop ? share : 1 - share);
  };
  const curve = (color: string, mark: string, curvePoints: readonly Point[]) => {
    const points = curvePoints.flatMap(([at, value]) => {
      const place = scale.place(value);
      return place === null ? [] : [`${x(at).toFixed(1)},${y(place).toFixed(1)}`];
    });
    return [
      `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
      ...(areMarked(points) ? points : []).map(
        (point) => `<${mark} fill="${color}" transform="translate(${point})"/>`,
      ),
    ].join('');
  };
  const label = (px: number, py: number, anchor: string, content: string) =>
    `<text x="${px}" y="${Number(py.toFixed(1))}" text-anchor="${anchor}" fill="${grays.text}">${content}</text>`;
  return [
    `<path d="M0,0V${panelHeight}H${panelWidth}" fill="none" stroke="${grays.line}"/>`,
    label(0, -8, 'start', title),
    ...scale.ticks.map((value) =>
      label(-6, y(scale.place(value) as number) + 4, 'end', write(value)),
    ),
    label(0, panelHeight + 16, 'middle', '0'),
    label(panelWidth / 2, panelHeight + 16, 'middle', 'epoch'),
    label(panelWidth, panelHeight + 16, 'middle', String(epochCount)),
    curve(palette.blue, 'circle r="3"', trainingPoints),
    curve(palette.vermillion, 'rect width="6" height="6" x="-3" y="-3"', validationPoints),
  ].join('');
}

function shareDone({ epoch, epochCount, batch, batchCount, done }: TrainingProgress): number {
  return done ? 1 : Math.min(1, (epoch - 1 + batch / batchCount) / epochCount);
}

function standing(progress: TrainingProgress): string {
  const epoch = Math.min(progress.epoch, progress.epochCount);
  return [
    `epoch ${epoch} of ${progress.epochCount}`,
    speed(progress),
    `${duration(progress.secondsLeft)} left`,
  ].join(', ');
}

function speed({ imagesPerSecond }: TrainingProgress): string {
  return `${thousands(imagesPerSecond)} images/s`;
}

function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
