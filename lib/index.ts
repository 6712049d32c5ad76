/**
 * The door of `digit-recognizer`: what a notebook imports. Each line leads to the room that answers
 * its question; `figures.`, `tables.` and `metrics.` list what is in theirs.
 */
export { loadDigits, type DigitData } from './data/mnist';
export { drawDigits, joinDigits, selectDigits, type DigitSet } from './data/digits';
export { varyHandwriting } from './data/handwriting';
export { corruptDigits, corruptions } from './data/corruptions';
export { buildBaseline } from './networks/baseline';
export { buildSimpleCnn } from './networks/simpleCnn';
export { buildRegularizedCnn } from './networks/regularizedCnn';
export { buildDeeperCnn } from './networks/deeperCnn';
export { buildResidualCnn } from './networks/residualCnn';
export { buildTinyCnn } from './networks/tinyCnn';
export { buildFastCnn } from './networks/fastCnn';
export { type ArchitectureName } from './networks/architectures';
export { type LabelledImages } from './training/arrays';
export { DivergenceError } from './training/epochMeans';
export {
  train,
  type ProgressListener,
  type TrainingHistory,
  type TrainingOptions,
} from './training/train';
export { EarlyStopping, ReduceLearningRateOnPlateau } from './training/callbacks';
export { CheckpointError } from './training/checkpoint';
export { predict } from './training/predict';
export { evaluate } from './training/evaluate';
export { gradientNorms } from './training/gradientNorms';
export * as metrics from './metrics/index';
export { type Evaluation } from './metrics/evaluation';
export {
  MnistClassifier,
  type ClassifierOptions,
  type ClassifierTrainingOptions,
  type Prediction,
} from './classifier';
export { Ensemble } from './ensemble';
export { digitAugmentation, recipeOf } from './recipes';
export { PictureError } from './picture/prepare';
export { readDigits, readPicture } from './picture/readFile';
export { loadModel, saveModel } from './formats/tfjsLayers';
export * as figures from './report/figures';
export { type Figure } from './report/figure';
export * as tables from './report/tables';
export { RendererMissingError, saveFigure } from './report/png';
export { show, showProgress } from './report/show';
export { openWindow } from './report/window';
export { saveRecord } from './report/record';
export { describeRuntime, tf } from './platform/tensorflow';
export { removePartialFiles, writeFileWhole } from './platform/files';
