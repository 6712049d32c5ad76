"""Keras on TensorFlow: a compiled `fit`, its train step one traced graph."""

import time

import keras
import tensorflow as tf
from keras import layers

versions = {'keras': keras.__version__, 'tensorflow of Keras': tf.__version__}


def set_policy(name):
    """Lets networks that are built from now on compute as Keras's policy of that name says."""
    keras.config.set_dtype_policy(name)


def build(name):
    """Builds a network of the two sources, compiled as they do it."""
    network = keras.Sequential([keras.Input((28, 28, 1)), *stack(name)])
    # Ten steps a call are Keras's advice for small networks; XLA is off, as it is by default here.
    network.compile(
        'adam',
        'sparse_categorical_crossentropy',
        metrics=['accuracy'],
        steps_per_execution=10,
        jit_compile=False,
    )
    return network


def stack(name):
    if name == 'baseline':
        return [layers.Flatten(), dense(128), probabilities()]
    stacked = []
    for filters in (32, 64):
        stacked += {
            'simple': lambda: [convolution(filters)],
            'regularized': lambda: [convolution(filters), layers.BatchNormalization()],
            'sourceB': lambda: [
                convolution(filters, 'same'),
                layers.BatchNormalization(),
                convolution(filters, 'same'),
            ],
        }[name]()
        stacked += [layers.MaxPooling2D(2)] + ([] if name == 'simple' else [layers.Dropout(0.25)])
    stacked += [layers.Flatten(), dense(128)]
    if name != 'simple':
        stacked += [layers.BatchNormalization(), layers.Dropout(0.5)]
    return [*stacked, probabilities()]


def convolution(filters, padding='valid'):
    return layers.Conv2D(filters, 3, padding=padding, activation='relu')


def dense(units):
    return layers.Dense(units, 'relu')


def probabilities():
    # As Keras advises, a softmax keeps its 32 bits whatever the policy.
    return layers.Dense(10, 'softmax', dtype='float32')


class EpochTimer(keras.callbacks.Callback):
    """Keeps the seconds of the last epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds = time.perf_counter() - self.start


def train(network, images, labels):
    """Gives the seconds of the second epoch of a `fit`."""
    timer = EpochTimer()
    network.fit(images, labels, batch_size=128, epochs=2, verbose=0, callbacks=[timer])
    return timer.seconds


def infer(network, images):
    """Gives the seconds of the second `predict`."""
    for _ in range(2):
        start = time.perf_counter()
        network.predict(images, batch_size=1000, verbose=0)
    return time.perf_counter() - start
