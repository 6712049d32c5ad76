/** Which picture of the numbers? What `figures.` offers: each gives a figure for `show`. */
export { accuracyBars, classDistribution, confusionHeatMap, perClassBars } from './charts';
export { compareCurves, trainingCurves } from './curves';
export { layerDiagram } from './diagram';
export { predictionGallery, randomDigits, sampleDigits } from './gallery';
export { reliabilityDiagram } from './calibrationCharts';
