/** How the learning rate goes from step to step, up to a peak that is the optimizer's own rate. */
export interface Schedule {
  /**
   * - `constant`: stays at the peak.
   * - `cosine`: falls from the peak to 0 along half a cosine (Loshchilov and Hutter, 2017).
   * - `one-cycle`: rises from 1/25 of the peak in the first 30 % of the steps, then falls to
   *   1/250,000 of it, both along half a cosine (Smith and Topin, 2019; as PyTorch has it).
   */
  readonly kind: 'constant' | 'cosine' | 'one-cycle';
  /** Steps of the whole training, a whole number from 1; later ones keep the last rate. */
  readonly steps: number;
  /** Steps in which the rate first rises evenly from 0; none for `one-cycle`. @default 0 */
  readonly warmUpSteps?: number;
}

const kinds = ['constant', 'cosine', 'one-cycle'];

/**
 * Refuses what is no schedule.
 *
 * @throws RangeError when the kind is unknown, or the numbers of steps do not fit.
 */
export function requireSchedule({ kind, steps, warmUpSteps = 0 }: Schedule): void {
  if (!kinds.includes(kind)) {
    throw new RangeError(`schedule.kind is ${kind}; expected ${kinds.join(', ')}`);
  }
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`schedule.steps is ${steps}; expected a whole number from 1`);
  }
  const most = kind === 'one-cycle' ? 0 : steps;
  if (!Number.isInteger(warmUpSteps) || warmUpSteps < 0 || warmUpSteps > most) {
    throw new RangeError(
      `schedule.warmUpSteps is ${warmUpSteps}; expected a whole number from 0 to ${most}`,
    );
  }
}

/**
 * Gives the learning rate of a step.
 *
 * @param schedule - One that `requireSchedule` lets pass.
 * @param options.step - How many steps came before, a whole number from 0.
 * @param options.peak - The highest rate.
 * @example learningRateAt({ kind: 'cosine', steps: 10 }, { step: 5, peak: 0.1 }) // 0.05
 */
export function learningRateAt(
  { kind, steps, warmUpSteps = 0 }: Schedule,
  { step, peak }: { readonly step: number; readonly peak: number },
): number {
  if (kind === 'one-cycle') {
    const [start, end] = [peak / 25, peak / 25 / 1e4];
    const top = 0.3 * steps - 1;
    if (step <= top) return alongCosine(start, peak, step / top);
    return alongCosine(peak, end, (step - top) / (steps - 1 - top));
  }
  if (step < warmUpSteps) return (peak * step) / warmUpSteps;
  if (kind === 'constant') return peak;
  return alongCosine(peak, 0, (step - warmUpSteps) / (steps - warmUpSteps));
}

/** Goes from one number to another along half a cosine, by a share of the way of at most 1. */
function alongCosine(from: number, to: number, share: number): number {
  // Of no steps, all the way is done.
  const done = Number.isNaN(share) ? 1 : Math.min(share, 1);
  return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * done));
}
