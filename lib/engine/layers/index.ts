import { activation, reluLayer, softmaxLayer, unchanged } from './activation';
import { batchNormalization } from './batchNormalization';
import { convolution, depthwiseConvolution, separableConvolution } from './convolution';
import { dense } from './dense';
import { dropout } from './dropout';
import { flatten } from './flatten';
import type { LayerKind } from './kind';
import { add, concatenate } from './merge';
import { averagePooling, globalAveragePooling, maxPooling } from './pooling';
import { zeroPadding } from './zeroPadding';

/** The layers that the engine covers, by tfjs's class names. */
export const layerKinds: Readonly<Record<string, LayerKind>> = {
  Activation: activation,
  Add: add,
  AveragePooling2D: averagePooling,
  BatchNormalization: batchNormalization,
  Concatenate: concatenate,
  Conv2D: convolution,
  Dense: dense,
  DepthwiseConv2D: depthwiseConvolution,
  Dropout: dropout,
  Flatten: flatten,
  GlobalAveragePooling2D: globalAveragePooling,
  InputLayer: () => unchanged,
  MaxPooling2D: maxPooling,
  ReLU: reluLayer,
  SeparableConv2D: separableConvolution,
  Softmax: softmaxLayer,
  ZeroPadding2D: zeroPadding,
};
