import type { Plot } from 'nodeplotlib';
import {
  baseLayout,
  hoverName,
  letterWidth,
  palette,
  type Figure,
  type TitleOption,
} from './figure';
import { logScale } from './logScale';
import { escapeMarkup, shorten, widthOf } from './names';
import { percent } from '../platform/numbers';
import type { EpochResult, TrainingHistory } from '../training/train';
import { epochAxis, errorAxis, errorOf, modeOf, requireShares, thinned } from './epochs';

/** A training with the name under which it is compared. */
export interface NamedHistory {
  readonly name: string;
  readonly history: TrainingHistory;
}

/**
 * Shows the validation accuracy of several trainings by epoch, one line for each, on the
 * logarithmic scale of `trainingCurves`.
 *
 * @param runs - The trainings, in the order of the legend, 32 at most.
 * @param options.title - What is compared. @default 'Validation accuracy by epoch'
 * @throws RangeError when there are more runs than colors and symbols tell apart, or an accuracy is
 *   not from 0 to 1.
 */
export function compareCurves(
  runs: readonly NamedHistory[],
  { title = 'Validation accuracy by epoch' }: TitleOption = {},
): Figure {
  const colors = Object.values(palette);
  const symbols = ['circle', 'square', 'diamond', 'triangle-up'] as const;
  const most = colors.length * symbols.length;
  if (runs.length > most) {
    throw new RangeError(
      `runs has ${runs.length} entries; expected at most ${most}, which colors and symbols tell ` +
        'apart. Compare fewer at once',
    );
  }
  runs.forEach(({ history }, run) => requireShares(`runs[${run}].history`, history));
  const shown = runs.map(({ history }) =>
    thinned(history.epochs, [({ validationAccuracy }) => validationAccuracy]),
  );
  const scale = logScale(
    shown.flatMap((epochs) => epochs.map((result) => errorOf(result.validationAccuracy))),
    8,
  );
  const labels = runs.map(({ name }) => shorten(name, 28));
  // An entry of the legend has 45 pixels of line and gap beside its name.
  const widths = labels.map((label) => 45 + letterWidth * widthOf(label));
  const isLegendAbove = widths.reduce((sum, width) => sum + width, 0) <= 660;
  return {
    data: runs.map(({ name }, run): Plot => ({
      type: 'scatter',
      mode: modeOf(shown[run]),
      name: escapeMarkup(labels[run]),
      x: shown[run].map((result) => result.epoch),
      y: shown[run].map((result) => scale.place(errorOf(result.validationAccuracy))),
      hovertext: shown[run].map((result) => percent(result.validationAccuracy)),
      hovertemplate: `${hoverName(name)}: %{hovertext}<extra></extra>`,
      line: { color: colors[run % colors.length], width: 2 },
      // Another symbol for the same color.
      marker: {
        size: 7,
        symbol: symbols[(run + Math.floor(run / colors.length)) % symbols.length],
      },
    })),
    layout: baseLayout(
      title,
      isLegendAbove ? 760 : 900,
      isLegendAbove ? 420 : Math.max(420, 160 + 20 * runs.length),
      {
        xaxis: epochAxis(Math.max(1, ...runs.map(({ history }) => lastOf(history)?.epoch ?? 1))),
        yaxis: errorAxis('validation accuracy (%)', scale),
        hovermode: 'x unified',
        ...(isLegendAbove ? {} : { legend: { x: 1.02, y: 1, xanchor: 'left', yanchor: 'top' } }),
        showlegend: true,
      },
    ),
    description:
      `${title}, on a logarithmic scale of the error. ` +
      runs
        .map(({ name, history }) => {
          const last = lastOf(history);
          if (!last) return `${name}: no epoch was finished`;
          return Number.isFinite(last.validationAccuracy)
            ? `${name} ends at ${percent(last.validationAccuracy)}`
            : `${name} has no validation in its last epoch`;
        })
        .join('; '),
  };
}

function lastOf({ epochs }: TrainingHistory): EpochResult | undefined {
  return epochs.at(-1);
}
