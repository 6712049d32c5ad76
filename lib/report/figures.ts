/** Which picture of the numbers? What `figures.` offers: each gives a figure for `show`. */
export { accuracyBars, perClassBars } from './classBars';
export { classDistribution } from './classDistribution';
export { classMap } from './classMap';
export { compareDots } from './compareDots';
export { compareCurves } from './compareCurves';
export { confusionHeatMap } from './confusionHeatMap';
export { curves } from './curves';
export { augmentedDigits, predictionGallery, randomDigits, sampleDigits } from './gallery';
export { layerDiagram } from './layerDiagram';
export { meanDots } from './meanDots';
export { reliabilityDiagram } from './reliabilityDiagram';
export { trainingCurves } from './trainingCurves';
export { valueHeatMap } from './valueHeatMap';
