/*
 * What does a search look like?
 */
import type { Layout, Plot } from 'nodeplotlib';
import type { Figure } from 'digit-recognizer';
import { judgedEpoch, type SearchRecord, type Trial } from './record';
import type { Domain, Value } from './space';

/** From the lowest accuracy to the highest (viridis, which readers with any color vision order). */
const scale: [number, string][] = [
  [0, '#440154'],
  [0.25, '#3b528b'],
  [0.5, '#21918c'],
  [0.75, '#5ec962'],
  [1, '#fde725'],
];
const quarters = [0, 0.25, 0.5, 0.75, 1];
/** In per cent; those that are on the axis get a tick. */
const errorTicks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 20, 50, 90];
const gray = { text: '#333333', line: '#999999', grid: '#e5e5e5' };
const blue = '#0072B2';
const font = { family: 'Open Sans, Helvetica, Arial, sans-serif', size: 13, color: gray.text };

/** Draws what a search has to show; what there are too few trials for is left out. */
export function searchFigures(record: SearchRecord): Record<string, Figure> {
  const { trials, importance } = record;
  const scored = trials.filter((trial) => judgedEpoch(trial) !== undefined);
  return {
    ...(scored.length > 0 && {
      parallel_coordinates: parallelCoordinates(record, scored),
      accuracy_by_epoch: accuracyByEpoch(record, scored),
    }),
    ...(importance !== null && { importance: importanceBars(record, importance) }),
  };
}

/**
 * A line for each trial through its settings, colored by its validation accuracy, the best on top.
 * Accuracies are placed by the logarithm of the error, which one that fails does not squeeze.
 */
function parallelCoordinates({ space }: SearchRecord, trials: readonly Trial[]): Figure {
  const names = Object.keys(space.domains);
  const accuracies = trials.map(accuracyOf);
  const [low, high] = [Math.min(...accuracies), Math.max(...accuracies)];
  const [most, least] = [errorOf(low), errorOf(high)];
  const depthOf = (accuracy: number) =>
    most > least ? Math.log(most / errorOf(accuracy)) / Math.log(most / least) : 1;
  const accuracyAt = (depth: number) => 1 - most * (least / most) ** depth;
  const lines = trials
    .map((trial, index) => ({ trial, accuracy: accuracies[index] }))
    .sort((one, other) => one.accuracy - other.accuracy)
    .map(({ trial, accuracy }): Plot => {
      return {
        ...{ type: 'scatter', mode: 'lines', showlegend: false },
        x: [...names.keys(), names.length],
        y: [
          ...names.map((name) => placeOf(trial.settings[name], space.domains[name])),
          depthOf(accuracy),
        ],
        line: { color: colorAt(depthOf(accuracy)), width: 2 },
        opacity: trial.ended === 'finished' ? 1 : 0.45,
        hoverinfo: 'text',
        hovertext: `${trial.id}: ${percent(accuracy)}`,
      };
    });
  // Typed loosely, since nodeplotlib's types know plotly 1 only, where a title was a string.
  const colorbar: object = {
    title: { text: 'validation accuracy', side: 'right' },
    tickvals: most > least ? quarters : [1],
    ticktext: most > least ? quarters.map((depth) => percent(accuracyAt(depth))) : [percent(high)],
  };
  const bar: Plot = {
    ...{ type: 'scatter', mode: 'markers', x: [names.length], y: [0], showlegend: false },
    hoverinfo: 'skip',
    marker: {
      ...{ size: 0.1, color: [0], colorscale: scale, cmin: 0, cmax: 1, colorbar },
    },
  };
  const ticks = names.flatMap((name, x) =>
    ticksOf(space.domains[name]).map((value) =>
      note(x, placeOf(value, space.domains[name]), value),
    ),
  );
  const ends = [low, ...(high > low ? [high] : [])].map((accuracy) =>
    note(names.length, depthOf(accuracy), percent(accuracy)),
  );
  const title = `${space.name}: the settings of each trial`;
  const layout = layoutOf(title, 220 + 130 * (names.length + 1), 460, {
    xaxis: {
      tickvals: [...names.keys(), names.length],
      ticktext: [...names, 'validation accuracy'],
      range: [-0.5, names.length + 0.3],
      ...{ side: 'top', showgrid: true, gridcolor: gray.line, zeroline: false },
    },
    yaxis: { visible: false, range: [-0.05, 1.05] },
    annotations: [...ticks, ...ends],
    margin: { l: 40, r: 20, t: 110, b: 30 },
  });
  const best = trials[0];
  const described = names.map((name) => `${name} ${best.settings[name]}`).join(', ');
  return {
    data: [...lines, bar],
    layout,
    description:
      `${title}. Trials that did not finish are faint. The best is ${described}, at ` +
      `${percent(accuracyOf(best))}; the lowest accuracy is ${percent(low)}.`,
  };
}

/**
 * The validation accuracy of every trial after each epoch, on a logarithmic scale of the error; those
 * that were stopped are faint.
 */
function accuracyByEpoch({ space }: SearchRecord, trials: readonly Trial[]): Figure {
  const groups = [
    { name: 'stopped early, cut off or failed', color: gray.line, opacity: 0.5 },
    { name: 'finished', color: blue, opacity: 0.9 },
  ];
  const isFinished = ({ ended }: Trial) => ended === 'finished';
  const data = groups.flatMap(({ name, color, opacity }, group) =>
    trials
      .filter((trial) => Number(isFinished(trial)) === group)
      .map((trial, index): Plot => {
        const { curve, id } = trial;
        return {
          ...{ type: 'scatter', mode: 'lines+markers', name, legendgroup: name, opacity },
          showlegend: index === 0,
          x: curve.map(({ epoch }) => epoch),
          y: curve.map(({ validationAccuracy }) => 100 * errorOf(validationAccuracy)),
          line: { color, width: 1.5 },
          marker: { color, size: 4 },
          hovertext: curve.map(({ validationAccuracy: it }) => `${id}: ${percent(it)}`),
          hoverinfo: 'text',
        };
      }),
  );
  const title = `${space.name}: accuracy of each trial by epoch`;
  const finished = trials.filter(isFinished).length;
  return {
    data,
    layout: layoutOf(title, 760, 460, {
      xaxis: axis('epoch', trials.every(({ curve }) => curve.length < 10) ? { dtick: 1 } : {}),
      yaxis: axis('validation accuracy (%)', {
        ...{ type: 'log', autorange: 'reversed', tickvals: errorTicks },
        ticktext: errorTicks.map((error) => String(Number((100 - error).toFixed(2)))),
      }),
      legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' },
      margin: { l: 70, r: 25, t: 90, b: 60 },
    }),
    description:
      `${title}, on a logarithmic scale of the error. ${finished} of ${trials.length} trials ` +
      'finished, the others are faint. The best ' +
      `reached ${percent(accuracyOf(trials[0]))}.`,
  };
}

/** How much each setting decides whether a trial is among the best quarter. */
function importanceBars(
  { space }: SearchRecord,
  importance: Readonly<Record<string, number>>,
): Figure {
  const rows = Object.entries(importance).sort(([, one], [, other]) => one - other);
  const title = `${space.name}: importance of each setting`;
  return {
    data: [
      {
        ...{ type: 'bar', orientation: 'h', marker: { color: blue } },
        x: rows.map(([, share]) => 100 * share),
        y: rows.map(([name]) => name),
      },
    ],
    layout: layoutOf(title, 760, 180 + 40 * rows.length, {
      xaxis: axis('importance by PED-ANOVA (%)', { rangemode: 'tozero' }),
      yaxis: { automargin: true },
      margin: { l: 70, r: 25, t: 60, b: 60 },
    }),
    description:
      `${title}, for being among the best quarter of the trials, by Optuna's PED-ANOVA: ` +
      `${rows
        .map(([name, share]) => `${name} ${percent(share)}`)
        .reverse()
        .join(', ')}.`,
  };
}

function layoutOf(title: string, width: number, height: number, details: Layout): Layout {
  return {
    ...{ font, width, height, paper_bgcolor: '#ffffff', plot_bgcolor: '#ffffff' },
    title: { text: `<b>${title}</b>`, font: { size: 16 }, x: 0.02, xanchor: 'left', y: 0.96 },
    ...details,
  };
}

function axis(title: string, details: Layout['xaxis'] = {}): Layout['xaxis'] {
  const text = { text: title, font: { size: 14 }, standoff: 10 };
  return { title: text, gridcolor: gray.grid, zeroline: false, ...details };
}

function accuracyOf(trial: Trial): number {
  return judgedEpoch(trial)!.validationAccuracy;
}

/** For a logarithmic scale, which has no place for 0: no error is drawn as one in 10,000. */
function errorOf(accuracy: number): number {
  return Math.max(1 - accuracy, 1e-4);
}

/** Where a value stands on its axis, from 0 to 1. */
function placeOf(value: Value, domain: Domain): number {
  if ('oneOf' in domain) return (domain.oneOf.indexOf(value) + 0.5) / domain.oneOf.length;
  const along = domain.scale === 'log' ? Math.log : (it: number) => it;
  const [from, to] = [along(domain.from), along(domain.to)];
  return (along(value as number) - from) / (to - from);
}

/** The values that an axis names: all of a few, every so many of many, or both ends and the middle. */
function ticksOf(domain: Domain): readonly Value[] {
  if ('oneOf' in domain) {
    const every = Math.ceil(domain.oneOf.length / 12);
    return domain.oneOf.filter((_, index) => index % every === 0);
  }
  const { from, to, scale: kind } = domain;
  const middle = kind === 'log' ? Math.sqrt(from * to) : (from + to) / 2;
  return [from, Number(middle.toPrecision(2)), to];
}

function note(x: number, y: number, value: Value): NonNullable<Layout['annotations']>[number] {
  return {
    x,
    y,
    text: String(value),
    showarrow: false,
    xanchor: 'right',
    xshift: -6,
    bgcolor: '#ffffffcc',
  };
}

function colorAt(depth: number): string {
  const above = Math.max(
    1,
    scale.findIndex(([end]) => depth <= end),
  );
  const [[start, from], [end, to]] = [scale[above - 1], scale[above]];
  const channels = [1, 3, 5].map((at) => {
    const [one, other] = [from, to].map((color) => parseInt(color.slice(at, at + 2), 16));
    return Math.round(one + ((other - one) * (depth - start)) / (end - start));
  });
  return `rgb(${channels.join(', ')})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
