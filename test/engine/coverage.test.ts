import assert from 'node:assert/strict';
import { describeCoverage, GraphTraining } from '../../lib/engine';
import { tf } from '../../lib/platform/tensorflow';
import { compiled, images, softmaxLayer } from './fixtures';

const { layers } = tf;

const uncovered: [reason: RegExp, make: () => tf.LayersModel][] = [
  [/conv.* \(Conv2D\) has the activation tanh$/, () => convolved({ activation: 'tanh' })],
  [
    /has a biasRegularizer that is no L2 of a kernel$/,
    () => convolved({ biasRegularizer: 'l1l2' }),
  ],
  [
    /has a kernelRegularizer that is no L2/,
    () => convolved({ kernelRegularizer: tf.regularizers.l1l2() }),
  ],
  [/has the constraint kernelConstraint$/, () => convolved({ kernelConstraint: 'nonNeg' })],
  [
    /has its channels first$/,
    () => withFirst(layers.maxPooling2d({ ...images, dataFormat: 'channelsFirst' })),
  ],
  [/has a dilation$/, () => convolved({ dilationRate: 2 })],
  [/takes more than rows of numbers$/, () => withFirst(layers.dense({ ...images, units: 2 }))],
  [
    /\(BatchNormalization\) normalizes another axis than the last$/,
    () => withFirst(layers.batchNormalization({ ...images, axis: 1 })),
  ],
  [
    /has no scale or no center$/,
    () => withFirst(layers.batchNormalization({ ...images, scale: false })),
  ],
  [
    /has a noise shape$/,
    () => withFirst(layers.dropout({ ...images, rate: 0.5, noiseShape: [1, 12, 12, 1] })),
  ],
  [/\(ReLU\) has an upper bound$/, () => withFirst(layers.reLU({ ...images, maxValue: 6 }))],
  [/\(Softmax\) is a softmax before the end$/, () => withFirst(layers.softmax(images))],
  [
    /layer up.* \(UpSampling2D\) is of a class that the engine does not have$/,
    () => withFirst(layers.upSampling2d(images)),
  ],
  [/its optimizer is Adagrad$/, () => recompiled({ optimizer: 'adagrad' })],
  [/its loss is meanSquaredError$/, () => recompiled({ loss: 'meanSquaredError' })],
  [/its metrics are mse, not accuracy alone$/, () => recompiled({ metrics: ['mse'] })],
  [
    /gives no softmax over classes$/,
    () => compiled([layers.flatten(images), layers.dense({ units: 3 })]),
  ],
  [
    /it is not compiled$/,
    () => tf.sequential({ layers: [layers.flatten(images), softmaxLayer()] }),
  ],
  [/it has 2 inputs and 1 outputs$/, twoInputs],
];

for (const [reason, make] of uncovered) {
  it(`describeCoverage(model) says of a model that ${reason.source.replace(/[\\^$]/g, '')}`, async () => {
    const model = make();
    assert.match(describeCoverage(model), reason);
    assert.match(describeCoverage(model), /^model .* is trained by tfjs: /);
    assert.equal(await GraphTraining.compile(model), undefined);
    model.dispose();
  });
}

it('describeCoverage(model) says that nothing keeps a model from the engine', async () => {
  const model = convolved({ activation: 'relu' });
  assert.match(describeCoverage(model), /^model .* is trained by the engine$/);
  model.dispose();
});

it('describeCoverage(model) says that a backend in JavaScript does', async () => {
  const model = convolved({ activation: 'relu' });
  try {
    await tf.setBackend('cpu');
    assert.match(describeCoverage(model), /is trained by tfjs: the backend is cpu$/);
  } finally {
    await tf.setBackend('tensorflow');
  }
  model.dispose();
});

function convolved(options: object): tf.Sequential {
  return withFirst(layers.conv2d({ ...images, filters: 2, kernelSize: 3, ...options }));
}

function twoInputs(): tf.LayersModel {
  const inputs = [1, 2].map(() => tf.input({ shape: [4] }));
  const sum = layers.add().apply(inputs) as tf.SymbolicTensor;
  const model = tf.model({ inputs, outputs: softmaxLayer().apply(sum) as tf.SymbolicTensor });
  model.compile({
    optimizer: 'adam',
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}
function withFirst(layer: tf.layers.Layer): tf.Sequential {
  return compiled([layer, layers.flatten(), softmaxLayer()]);
}

function recompiled(options: object): tf.Sequential {
  return compiled([layers.flatten(images), softmaxLayer()], options);
}
