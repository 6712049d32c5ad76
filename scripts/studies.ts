import type { ArchitectureName, ClassifierTrainingOptions } from 'digit-recognizer';

/** What decides a training of a study, but for its seed: JSON values that its record keeps. */
export interface StudySettings extends Omit<
  ClassifierTrainingOptions,
  'callbacks' | 'checkpointFile' | 'onProgress' | 'signal'
> {
  readonly architecture: ArchitectureName;
  readonly learningRate?: number;
  /** Whether the rate is halved, and the training ended, as in source B's recipe. @default false */
  readonly plateau?: boolean;
  /** Whether digits are taught twice: as written, and varied by `varyHandwriting`. @default false */
  readonly variedHandwriting?: boolean;
}

/** Trainings that are compared with each other. */
export interface Study {
  /** What it is for, in a line. */
  readonly purpose: string;
  /** The folder of results/ whose report tells of it. */
  readonly report: '03-how-far' | '04-other-hands';
  /** The settings by the name of their row. */
  readonly rows: Readonly<Record<string, StudySettings>>;
  readonly seeds: readonly number[];
  /** Whether the trained networks are kept, since the report reads the test digits with them. */
  readonly keepsNetworks: boolean;
}

const threeSeeds = [42, 43, 44];
const augmentation = { rotation: 10, shift: 0.1, zoom: 0.1, shear: 5 };

/** Hands differ more in slant than MNIST's writers do. */
const wideAugmentation = { rotation: 15, shift: 0.1, zoom: 0.15, shear: 15 };

/** Settings of the augmentation's grid, by names such as `rotation 10, shift 0.1, zoom 0.1`. */
function augmentationGrid(): Study['rows'] {
  const ranges = [
    ...[0, 10, 20, 30].flatMap((rotation) =>
      [0, 0.1, 0.2].map((shift) => ({ rotation, shift, zoom: 0.1 })),
    ),
    ...[0, 0.2, 0.3].map((zoom) => ({ rotation: 10, shift: 0.1, zoom })),
  ];
  return Object.fromEntries(
    ranges.map((range) => [
      Object.entries(range).flat().join(' '),
      { architecture: 'fast-cnn', epochs: 8, augmentation: range } as const,
    ]),
  );
}

/** What stands for source B's recipe in the ablation: nothing of the newer ones. */
const plateau: Omit<StudySettings, 'architecture'> = {
  plateau: true,
  learningRate: 0.001,
  schedule: { kind: 'constant' },
  weightDecay: 0,
  averageDecay: 0,
};

/** The residual network's recipe; to ask the library would load TensorFlow, even for --help. */
const oneCycle: Omit<StudySettings, 'architecture'> = {
  learningRate: 0.005,
  schedule: { kind: 'one-cycle' },
  weightDecay: 0.02,
  averageDecay: 0.998,
};

/**
 * The pieces added one at a time, and taken out of the whole one at a time; few epochs and 16 bits,
 * since there are thirty trainings.
 */
function ablation(): Study['rows'] {
  const short = { epochs: 4, precision: 'bfloat16' } as const;
  const deeper: StudySettings = { architecture: 'deeper-cnn', ...short, ...plateau };
  const residual: StudySettings = { architecture: 'residual-cnn', ...short, augmentation };
  const whole: StudySettings = { ...residual, labelSmoothing: 0.1 };
  return {
    'source B': deeper,
    'with augmentation': { ...deeper, augmentation },
    'with residual blocks': { ...residual, ...plateau },
    'with one-cycle': { ...residual, averageDecay: 0 },
    'with averaged weights': residual,
    whole,
    'without augmentation': { ...whole, augmentation: undefined },
    'without residual blocks': { ...whole, ...oneCycle, architecture: 'deeper-cnn' },
    'without one-cycle': { ...whole, ...plateau, averageDecay: oneCycle.averageDecay },
    'without averaged weights': { ...whole, averageDecay: 0 },
  };
}

/** The studies by the name that `npm run study` takes. */
export const studies = {
  augmentation: {
    purpose: 'how far an augmentation may move the digits',
    report: '03-how-far',
    rows: augmentationGrid(),
    seeds: [42, 43],
    keepsNetworks: false,
  },
  ablation: {
    purpose: 'what each piece of the recipe is worth',
    report: '03-how-far',
    rows: ablation(),
    seeds: threeSeeds,
    keepsNetworks: false,
  },
  tiny: {
    purpose: 'the network of fewer than 20,000 parameters',
    report: '03-how-far',
    rows: { 'tiny-cnn': { architecture: 'tiny-cnn', augmentation } },
    seeds: threeSeeds,
    keepsNetworks: true,
  },
  final: {
    purpose: 'the residual network: five seeds, and five more for the ensemble',
    report: '03-how-far',
    rows: { 'residual-cnn': { architecture: 'residual-cnn', augmentation } },
    seeds: [42, 43, 44, 45, 46, 47, 48, 49, 50, 51],
    keepsNetworks: true,
  },
  handwriting: {
    purpose: 'the residual network for the handwriting of strangers',
    report: '04-other-hands',
    rows: {
      'varied handwriting': {
        architecture: 'residual-cnn',
        precision: 'bfloat16',
        augmentation: wideAugmentation,
        variedHandwriting: true,
      },
    },
    seeds: [42],
    keepsNetworks: true,
  },
} satisfies Readonly<Record<string, Study>>;

export type StudyName = keyof typeof studies;
