/**
 * The front door of `digit-recognizer`: networks, training, a classifier, metrics, tables and figures.
 * Each line leads to the file that answers its question.
 */
export { describeRuntime, tf, type Runtime } from './tensorflow';
export { type LabelledImages, type Labels, type Pixels } from './arrays';
export { readImages, readLabels, type IdxImages } from './idx';
export { classCount, imagePixels, imageSize, selectDigits, type DigitSet } from './digits';
export { loadDigits, type DigitData, type LoadOptions } from './mnist';
export {
  buildBaseline,
  buildDeeperCnn,
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
export {
  EarlyStopping,
  ReduceLearningRateOnPlateau,
  type CallbackState,
  type EarlyStoppingOptions,
  type PlateauOptions,
  type ReduceLearningRateOptions,
} from './callbacks';
export { CheckpointError, type ResumableCallback } from './checkpoint';
export { loadModel, saveModel } from './storage';
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
export { PictureError, readPicture } from './picture';
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
} from './metrics';
export {
  applyTemperature,
  expectedCalibrationError,
  fitTemperature,
  reliabilityBins,
  type ReliabilityBin,
  type ReliabilityOptions,
} from './calibration';
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
} from './tables';
export { palette, type Figure } from './figure';
export { predictionGallery, randomDigits, sampleDigits, type ShownPrediction } from './gallery';
export { accuracyBars, classDistribution, confusionHeatMap, perClassBars } from './charts';
export { compareCurves, trainingCurves, type NamedHistory } from './curves';
export { reliabilityDiagram, type NamedBins } from './calibrationCharts';
export { layerDiagram } from './diagram';
export { RendererMissingError, renderPng, saveFigure, type PngOptions } from './png';
export { openWindow, show, showProgress, type ShowOptions } from './show';
export { writeFileWhole } from './files';
