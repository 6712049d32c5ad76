export { augment, type Augmentation } from './augmentation';
export { graphOnlyOptions, type GraphTrainingOptions } from './options';
export { learningRateAt, type Schedule } from './schedule';
export { describeCoverage, isCovered } from './coverage';
export { availablePrecision, type Precision } from './precision';
export { predictInGraph } from './prediction';
export { layerShapes, type LayerShape } from './shapes';
export { GraphTraining, trainedWeights, type LossAndAccuracy } from './training';
export type { Batch } from './data';
