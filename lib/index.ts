/**
 * The front door of `digit-recognizer`: networks, training, metrics, tables and figures for MNIST.
 * Each line leads to the file that answers its question.
 */
export { describeRuntime, tf, type Runtime } from './tensorflow';
export { readImages, readLabels, type IdxImages } from './idx';
export { classCount, imagePixels, imageSize, selectDigits, type DigitSet } from './digits';
export { loadDigits, type DigitData, type LoadOptions } from './mnist';
export {
  buildBaseline,
  buildRegularizedCnn,
  buildSimpleCnn,
  predict,
  type BaselineOptions,
  type CnnOptions,
  type NetworkOptions,
  type RegularizedCnnOptions,
} from './models';
export {
  DivergenceError,
  train,
  type EpochResult,
  type ProgressListener,
  type TrainingHistory,
  type TrainingOptions,
  type TrainingProgress,
} from './training';
export { loadModel, saveModel } from './storage';
export {
  accuracy,
  classificationReport,
  confusionMatrix,
  logLoss,
  mostConfidentErrors,
  mostConfusedPairs,
  mostProbableClasses,
  normalizeRows,
  perClassAccuracy,
  wilsonInterval,
  type ClassificationReport,
  type ClassScores,
  type ConfidentError,
  type ConfusedPair,
  type Interval,
  type Scores,
} from './metrics';
export {
  classTable,
  comparisonTable,
  confusedPairsTable,
  layerTable,
  reportTable,
  tableHtml,
  tableText,
  type ModelResult,
} from './tables';
export { palette, type Figure } from './figure';
export { mistakeGallery, sampleDigits } from './gallery';
export {
  classDistribution,
  compareCurves,
  confusionHeatMap,
  perClassBars,
  trainingCurves,
  type NamedHistory,
} from './charts';
export { layerDiagram } from './diagram';
export { RendererMissingError, renderPng, saveFigure, type PngOptions } from './png';
export { openWindow, show, showProgress, type ShowOptions } from './show';
export { writeFileWhole } from './files';
