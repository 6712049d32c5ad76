import type { DigitData } from '../data/mnist';
import type { Evaluation } from '../metrics/evaluation';
import { errorSummary, mostConfusedPairs } from '../metrics/metrics';
import { writeFileWhole } from '../platform/files';
import { requireParts } from '../platform/numbers';
import { describeRuntime, type tf } from '../platform/tensorflow';
import type { TrainingHistory } from '../training/train';

/** A trained network and how well it reads. */
export interface NetworkResult {
  readonly model: tf.LayersModel;
  readonly history: TrainingHistory;
  /** How it reads the validation digits. @default only the history's last epoch tells it */
  readonly validation?: Evaluation;
  /** How it reads the test digits. */
  readonly test: Evaluation;
}

/** A trained network as a record has it: of one that nothing is final of, no test digits were read. */
export type RecordedNetwork = Omit<NetworkResult, 'test'> & { readonly test?: Evaluation };

/** What a run leaves in numbers. */
export interface RunResult {
  /** What decides the run, such as seed and batch size: JSON values. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly digits: DigitData;
  /** The networks by name. */
  readonly networks: Readonly<Record<string, RecordedNetwork>>;
  /** Time of the whole run, in seconds. @default not kept */
  readonly seconds?: number;
  /** What else the run has found: JSON values. @default nothing */
  readonly analysis?: Readonly<Record<string, unknown>>;
}

/**
 * Writes the record of a run, `metrics.json`: settings, versions and device, data, and for each
 * network its parameters, training history, validation and test scores, confusions and errors. NaN
 * and infinite numbers become null there, since JSON has neither.
 *
 * @param file - Path of the file; an older one is replaced whole.
 * @returns What was written.
 * @throws TypeError when settings, digits or networks are missing.
 * @throws Error when the file cannot be written; an older one stays.
 */
export async function saveRecord(file: string, result: RunResult) {
  requireParts('the result', result, ['settings', 'digits', 'networks'], 'what there is to save');
  const { settings, digits, seconds, analysis } = result;
  const { source, isSample, train, validation, test } = digits;
  const counts = { train: train.count, validation: validation.count, test: test.count };
  const networks = Object.entries(result.networks).map(([name, network]) => {
    return [name, networkRecord(network)] as const;
  });
  const record = {
    settings,
    runtime: describeRuntime(),
    seconds,
    data: { source, isSample, ...counts },
    networks: Object.fromEntries(networks),
    analysis,
  };
  await writeFileWhole(file, `${JSON.stringify(record, null, 1)}\n`);
  return record;
}

function networkRecord({ model, history, validation, test }: RecordedNetwork) {
  return {
    parameters: model.countParams(),
    training: history,
    validation: validation && scoresOf(validation),
    test: test && { ...scoresOf(test), ...mistakesOf(test) },
  };
}

function mistakesOf({ confusionMatrix, report, labels, probabilities }: Evaluation) {
  const classCount = confusionMatrix.length;
  return {
    confusionMatrix,
    mostConfusedPairs: mostConfusedPairs(confusionMatrix, { count: 6 }),
    report,
    errorSummary: errorSummary(labels, probabilities, { classCount }),
  };
}

function scoresOf({ accuracy, interval, loss, errors }: Evaluation) {
  return { accuracy, interval, loss, errors };
}
