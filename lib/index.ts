/**
 * The front door of `digit-recognizer`: networks, training, a classifier, metrics, tables and figures.
 * Each line leads to the file that answers its question.
 */
export { describeRuntime, tf, type Runtime } from './platform/tensorflow';
export { type LabelledImages, type Labels, type Pixels } from './training/arrays';
export { readImages, readLabels, type IdxImages } from './data/idx';
export { classCount, imagePixels, imageSize, selectDigits, type DigitSet } from './data/digits';
export { loadDigits, type DigitData, type LoadOptions } from './data/mnist';
export { buildBaseline, type BaselineOptions } from './networks/baseline';
export { buildDeeperCnn } from './networks/deeperCnn';
export { buildRegularizedCnn, type RegularizedCnnOptions } from './networks/regularizedCnn';
export { buildSimpleCnn, type CnnOptions } from './networks/simpleCnn';
export { predict } from './training/predict';
export { type NetworkOptions } from './networks/layerStack';
export {
  DivergenceError,
  train,
  type EpochResult,
  type ProgressListener,
  type TrainingHistory,
  type TrainingOptions,
  type TrainingProgress,
} from './training/train';
export {
  EarlyStopping,
  ReduceLearningRateOnPlateau,
  type CallbackState,
  type EarlyStoppingOptions,
  type PlateauOptions,
  type ReduceLearningRateOptions,
} from './training/callbacks';
export { CheckpointError, type ResumableCallback } from './training/checkpoint';
export { loadModel, saveModel } from './formats/tfjsLayers';
export {
  architectureNames,
  MnistClassifier,
  type ArchitectureName,
  type ClassifierOptions,
  type ClassifierTraining,
  type ClassifierTrainingOptions,
  type Evaluation,
  type NetworkBuilder,
  type Prediction,
} from './classifier';
export { PictureError, readPicture } from './picture/picture';
export {
  accuracy,
  classificationReport,
  confusionMatrix,
  errorSummary,
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
  type ErrorSummary,
  type Interval,
  type Scores,
} from './metrics/metrics';
export {
  applyTemperature,
  expectedCalibrationError,
  fitTemperature,
  reliabilityBins,
  type ReliabilityBin,
  type ReliabilityOptions,
} from './metrics/calibration';
export {
  classTable,
  comparisonTable,
  confusedPairsTable,
  layerTable,
  reportTable,
  tableHtml,
  tableText,
  type ModelResult,
  type Table,
} from './report/tables';
export { palette, type Figure } from './report/figure';
export {
  predictionGallery,
  randomDigits,
  sampleDigits,
  type ShownPrediction,
} from './report/gallery';
export { accuracyBars, classDistribution, confusionHeatMap, perClassBars } from './report/charts';
export { compareCurves, trainingCurves, type NamedHistory } from './report/curves';
export { reliabilityDiagram, type NamedBins } from './report/calibrationCharts';
export { layerDiagram } from './report/diagram';
export { RendererMissingError, renderPng, saveFigure, type PngOptions } from './report/png';
export { openWindow, show, showProgress, type ShowOptions } from './report/show';
export { writeFileWhole } from './platform/files';
