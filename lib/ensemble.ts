import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  MnistClassifier,
  type ClassifierOptions,
  type ClassifierTrainingOptions,
  type Prediction,
} from './classifier';
import type { SavingOptions } from './formats/tfjsLayers';
import { evaluateProbabilities, type Evaluation } from './metrics/evaluation';
import { writeFileWhole } from './platform/files';
import { requireKnown } from './platform/numbers';
import type { LabelledImages, Pixels } from './training/arrays';

const listFile = 'ensemble.json';

/** How to train an ensemble. */
export interface EnsembleOptions {
  /** One member a seed. */
  readonly seeds: readonly number[];
  /** What the members are made of. @default as MnistClassifier */
  readonly classifier?: Omit<ClassifierOptions, 'seed'>;
  /** How each is trained. @default the recipe of the architecture */
  readonly training?: Omit<ClassifierTrainingOptions, 'checkpointFile'>;
}

/**
 * Several classifiers that read together: the probability of a class is the mean of the members' (a
 * soft vote). Members that differ by their seed alone make different mistakes.
 *
 * @example
 * const ensemble = await Ensemble.train(digits, { seeds: [1, 2, 3] });
 * const { accuracy } = await ensemble.evaluate(digits.test);
 * await ensemble.save('my-ensemble');
 */
export class Ensemble {
  /**
   * @throws TypeError when `members` is no array of classifiers.
   * @throws RangeError when there is no member, or the names of their classes differ.
   */
  constructor(readonly members: readonly MnistClassifier[]) {
    if (!Array.isArray(members) || !members.every((it) => it?.classNames)) {
      throw new TypeError('members is no array of classifiers; expected [classifier, ...]');
    }
    if (members.length === 0) {
      throw new RangeError('an ensemble of no members; expected one trained classifier or more');
    }
    const names = members.map(({ classNames }) => JSON.stringify(classNames));
    const other = names.findIndex((it) => it !== names[0]);
    if (other > 0) {
      throw new RangeError(
        `members[${other}] has the classes ${names[other]}, members[0] ${names[0]}; expected the same`,
      );
    }
  }

  /**
   * Trains one classifier a seed, one after the other.
   *
   * @returns The ensemble; after an interrupt, of the members that were finished before it.
   * @throws RangeError when there are no seeds, one stands twice, or an option is out of range.
   * @throws TypeError when there is no such option, or a seed beside `seeds`.
   * @throws Error when an interrupt came before the first member was finished.
   */
  static async train(
    digits: { readonly train: LabelledImages; readonly validation: LabelledImages },
    options: EnsembleOptions,
  ): Promise<Ensemble> {
    requireKnown('Ensemble.train', options, ['seeds', 'classifier', 'training']);
    const { seeds, classifier = {}, training = {} } = options;
    requireSeeds(seeds);
    for (const [name, own] of Object.entries({ classifier, training })) {
      if ('seed' in own) {
        throw new TypeError(`${name} has a seed; expected those of the members in seeds`);
      }
    }
    return Ensemble.gather(async (members) => {
      for (const seed of seeds) {
        const member = new MnistClassifier({ ...classifier, seed });
        const { interrupted } = await member.train(digits, training);
        if (interrupted) {
          member.dispose();
          if (members.length === 0) {
            throw new Error('interrupted before the first member was trained');
          }
          return;
        }
        members.push(member);
      }
    });
  }

  /**
   * Gives the mean of the members' probabilities.
   *
   * @param images - Pixels from 0 (paper) to 1 (ink), or bytes from 0 to 255, of n images of 28 x 28.
   * @returns One prediction an image.
   * @throws Error when a member is not trained.
   * @throws RangeError when the pixels are none, not a whole number of images, or not in their range.
   */
  async predict(images: Pixels): Promise<Prediction[]> {
    const votes: Prediction[][] = [];
    for (const member of this.members) votes.push(await member.predict(images));
    const { classNames } = this.members[0];
    return votes[0].map((_, image) => {
      const probabilities = meanOf(votes.map((predictions) => predictions[image].probabilities));
      const confidence = Math.max(...probabilities);
      const guess = probabilities.indexOf(confidence);
      return { guess, className: classNames[guess], confidence, probabilities };
    });
  }

  /**
   * Reads digits and compares with their labels.
   *
   * @throws Error when a member is not trained.
   * @throws RangeError when there are none, or images, pixels or labels do not fit.
   */
  async evaluate(digits: LabelledImages): Promise<Evaluation> {
    const evaluations: Evaluation[] = [];
    for (const member of this.members) evaluations.push(await member.evaluate(digits));
    const probabilities = meanOf(evaluations.map((it) => it.probabilities));
    const { classNames } = this.members[0];
    return evaluateProbabilities(evaluations[0].labels, probabilities, { classNames });
  }

  /**
   * Saves every member in a folder of its own, and last the list of them.
   *
   * @throws Error when the folder has an ensemble already, or cannot be written, or a member is not
   *   trained.
   */
  async save(folder: string, options: SavingOptions = {}): Promise<void> {
    const list = path.join(folder, listFile);
    if (existsSync(list)) {
      throw new Error(`${folder} has an ensemble already; give another folder, or delete it`);
    }
    const names = this.members.map((_, index) => `member-${index + 1}`);
    for (const [index, member] of this.members.entries()) {
      await member.save(path.join(folder, names[index]), options);
    }
    await writeFileWhole(list, `${JSON.stringify({ members: names }, null, 1)}\n`);
  }

  /**
   * Loads an ensemble that {@link save} wrote.
   *
   * @throws Error that names the file or the member that is missing or damaged.
   */
  static async load(folder: string): Promise<Ensemble> {
    const names = await readList(path.join(folder, listFile));
    return Ensemble.gather(async (members) => {
      for (const name of names) {
        members.push(await MnistClassifier.load(path.join(folder, name)));
      }
    });
  }

  /** Makes an ensemble of members that are added one by one; of half of them nothing stays. */
  private static async gather(
    add: (members: MnistClassifier[]) => Promise<void>,
  ): Promise<Ensemble> {
    const members: MnistClassifier[] = [];
    try {
      await add(members);
      return new Ensemble(members);
    } catch (error) {
      members.forEach((member) => member.dispose());
      throw error;
    }
  }

  /** Frees the networks of all members. */
  dispose(): void {
    this.members.forEach((member) => member.dispose());
  }
}

/** Refuses them before the first member is trained, which may take hours. */
function requireSeeds(seeds: readonly number[]): void {
  const areNumbers = Array.isArray(seeds) && seeds.every(Number.isFinite);
  if (areNumbers && seeds.length > 0 && new Set(seeds).size === seeds.length) return;
  throw new RangeError(
    `seeds is ${JSON.stringify(seeds)}; expected one or more different numbers in an array`,
  );
}

function meanOf(rows: readonly ArrayLike<number>[]): Float32Array {
  return Float32Array.from(rows[0], (_, place) => {
    return rows.reduce((sum, row) => sum + row[place], 0) / rows.length;
  });
}

/** Gives the names of the members' folders. */
async function readList(file: string): Promise<string[]> {
  try {
    const { members } = JSON.parse(await readFile(file, 'utf8'));
    // A name that leads out of the folder is nothing that save wrote.
    const isName = (it: unknown) => typeof it === 'string' && path.basename(it) === it;
    if (Array.isArray(members) && members.length > 0 && members.every(isName)) return members;
  } catch (error) {
    throw new Error(
      `cannot read ${file}, which an ensemble needs: ${(error as Error).message}. Expected a folder ` +
        'that Ensemble.save wrote',
      { cause: error },
    );
  }
  throw new Error(`${file} names no members; expected a folder that Ensemble.save wrote`);
}
