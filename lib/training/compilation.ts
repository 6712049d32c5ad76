import { learningRateOf } from './learningRate';
import type { tf } from '../platform/tensorflow';

/** How a network's loss takes the labels; the rows of a single output are the labels 0 and 1. */
export type LabelForm = 'whole numbers' | 'one-hot rows' | 'rows of one';

/** What tfjs keeps of a model and has no public type for. */
interface LayerOutput {
  readonly sourceLayer: tf.layers.Layer & { readonly outputs?: readonly LayerOutput[] };
}

const compileCall =
  "model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })";

/** Losses on probabilities, which give wrong numbers on anything else. */
const crossEntropies: unknown[] = [
  'sparseCategoricalCrossentropy',
  'categoricalCrossentropy',
  'binaryCrossentropy',
  'kullbackLeiblerDivergence',
];

/** Losses that tfjs has, but that take labels of -1 and 1. */
const signedLosses: unknown[] = ['hinge', 'squaredHinge'];

/**
 * Refuses a network that cannot read images: not built, disposed, or of several inputs or outputs.
 *
 * @throws Error that says what is wrong with it and what to do.
 */
export function requireUsable(model: tf.LayersModel): void {
  if (!Array.isArray((model as Partial<tf.LayersModel> | null)?.inputs)) {
    throw new TypeError(
      `model is ${String(model)}; expected a network, such as tf.sequential gives`,
    );
  }
  const { inputs, outputs } = model;
  if (inputs.length !== 1 || outputs.length !== 1) {
    throw new Error(
      `model ${model.name} has ${inputs.length} inputs and ${outputs.length} outputs; expected one of ` +
        'each, from images to class probabilities. Give its first layer an inputShape, or make a ' +
        'tf.model of the one input and output that count here',
    );
  }
  try {
    model.weights.forEach((weight) => weight.read());
  } catch {
    throw new Error(`model ${model.name} is disposed; build or load it again`);
  }
}

/**
 * Refuses a network that `train` would train with wrong numbers, or not at all.
 *
 * @throws Error that says which part of the network or its compilation does not fit, and what to do.
 */
export function requireTrainable(model: tf.LayersModel): void {
  requireUsable(model);
  const { name, outputs, optimizer } = model;
  if (optimizer == null) {
    throw new Error(`model ${name} is not compiled; call ${compileCall} before it is trained`);
  }
  learningRateOf(optimizer);
  const { shape } = outputs[0];
  if (shape.length !== 2) {
    throw new Error(
      `model ${name} gives outputs of shape [${shape.slice(1).join(', ')}]; expected one probability a ` +
        'class: end it in a dense layer with softmax, after tf.layers.flatten()',
    );
  }
  if (model.trainableWeights.length === 0) {
    throw new Error(
      `model ${name} has nothing to train: it has no weights, or all its layers are frozen. Set ` +
        'trainable = true on those that are to learn',
    );
  }
  const bare = model.layers.find((layer) => {
    const { scale, center } = layer.getConfig();
    return layer.getClassName() === 'BatchNormalization' && !(scale && center);
  });
  if (bare !== undefined) {
    throw new Error(
      `layer ${bare.name} of model ${name} normalizes without scale or center, which tfjs cannot ` +
        'train; expected both. Leave out scale: false and center: false',
    );
  }
  requireFittingLoss(model);
}

/** Refuses a loss or a metric that does not fit the network's outputs. */
function requireFittingLoss(model: tf.LayersModel): void {
  const { name, outputs } = model;
  const { shape } = outputs[0];
  const loss = lossOf(model);
  const activation = lastActivation(outputs[0] as unknown as LayerOutput);
  if (shape[1] === 1 && activation === 'linear') {
    throw new Error(
      `model ${name} gives one number without bounds, as for a regression; expected class ` +
        'probabilities, which train is for. Train it by model.fit',
    );
  }
  if (shape[1] === 1 && crossEntropies.slice(0, 2).includes(loss)) {
    throw new Error(
      `model ${name} has one output, but its loss ${loss} takes one a class; expected an output for ` +
        "each class, or the loss binaryCrossentropy after activation: 'sigmoid'",
    );
  }
  if (signedLosses.includes(loss)) {
    throw new Error(
      `model ${name} is compiled with the loss ${loss}, which takes labels of -1 and 1; expected a ` +
        `loss on classes, such as categoricalHinge: call ${compileCall}`,
    );
  }
  if (crossEntropies.includes(loss) && activation !== undefined && !isProbability(activation)) {
    throw new Error(
      `model ${name} ends in the activation ${activation}, but its loss ${loss} takes probabilities; ` +
        "expected softmax: give the last layer activation: 'softmax'",
    );
  }
  if (accuracyPlace(model) < 0) {
    const metric =
      shape[1] !== 1 && loss === 'binaryCrossentropy' ? 'categoricalAccuracy' : 'accuracy';
    const found = model.metricsNames.slice(1).join(', ') || 'none';
    throw new Error(
      `model ${name} is compiled with the metrics ${found}; expected ${metric} among them: call ` +
        `model.compile with metrics: ['${metric}']`,
    );
  }
}

/**
 * Tells whether the loss of a network needs probabilities, and its last layer does not say whether it
 * gives them, so that only its outputs can.
 *
 * @param model - Compiled, with one output.
 */
export function mustShowProbabilities(model: tf.LayersModel): boolean {
  const [output] = model.outputs as unknown as LayerOutput[];
  const isOpen = lastActivation(output) === undefined;
  return isOpen && crossEntropies.slice(0, 2).includes(lossOf(model));
}

/**
 * Tells how the loss of a network takes its labels; a custom loss function takes rows.
 *
 * @param model - Compiled.
 */
export function labelForm(model: tf.LayersModel): LabelForm {
  if (model.outputs[0].shape[1] === 1) return 'rows of one';
  return lossOf(model) === 'sparseCategoricalCrossentropy' ? 'whole numbers' : 'one-hot rows';
}

/**
 * Gives the place of the share of images read rightly among what tfjs's `trainOnBatch` and `evaluate`
 * give, where the loss is at 0; below 0 when it is not there.
 *
 * @param model - Compiled, with one output.
 */
export function accuracyPlace(model: tf.LayersModel): number {
  const { metricsNames } = model;
  const form = labelForm(model);
  if (form === 'rows of one')
    return metricsNames.findIndex((it) => /^(acc|binaryAccuracy)$/.test(it));
  // Of binary cross-entropy tfjs's accuracy counts every output by itself.
  const accuracy = lossOf(model) === 'binaryCrossentropy' ? -1 : metricsNames.indexOf('acc');
  if (accuracy >= 0) return accuracy;
  const kind = form === 'whole numbers' ? 'sparseCategorical' : 'categorical';
  return metricsNames.indexOf(`${kind}Accuracy`);
}

/**
 * Gives the loss of a network that guesses all its classes alike, in nats; nothing, where the loss
 * is no categorical cross-entropy and has another scale.
 *
 * @param model - Compiled, with one output.
 */
export function guessingLoss(model: tf.LayersModel): number | undefined {
  const isCategorical = crossEntropies.slice(0, 2).includes(lossOf(model));
  return isCategorical ? Math.log(model.outputs[0].shape.at(-1) as number) : undefined;
}

/**
 * Gives what decides the steps of a training in how a model is compiled, except for the learning
 * rate, as a JSON value; a custom loss function is given by its source.
 *
 * @param model - Compiled.
 */
export function compilationOf(model: tf.LayersModel): { loss: string; optimizer: string } {
  const { optimizer } = model;
  const settings = { ...optimizer.getConfig() };
  delete settings.learningRate;
  return {
    loss: String(lossOf(model)),
    optimizer: `${optimizer.getClassName()} ${JSON.stringify(settings)}`,
  };
}

/** The loss of the one output, by name or as a function. */
function lossOf({ loss }: tf.LayersModel): unknown {
  return typeof loss === 'object' ? Object.values(loss)[0] : loss;
}

/** The activation of the layer that gives an output; nothing, where it has none to be known by. */
function lastActivation({ sourceLayer }: LayerOutput): string | undefined {
  if (sourceLayer.outputs !== undefined) return lastActivation(sourceLayer.outputs[0]);
  const known = ['Dense', 'Activation'].includes(sourceLayer.getClassName());
  return known ? (sourceLayer.getConfig().activation as string) : undefined;
}

function isProbability(activation: string): boolean {
  return activation === 'softmax' || activation === 'sigmoid';
}
