/** How good is it? What `metrics.` offers: all of it takes plain or typed arrays. */
export { evaluateProbabilities, readingsOf, type Evaluation, type Reading } from './evaluation';
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
} from './metrics';
export {
  applyTemperature,
  expectedCalibrationError,
  fitTemperature,
  reliabilityBins,
} from './calibration';
export { meanInterval } from './meanInterval';
export { answersAbove } from './answers';
export { nearestRows } from './rows';
