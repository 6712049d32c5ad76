"""Keras on TensorFlow: a compiled `fit`, its train step one traced graph."""

import time

import keras
import numpy as np
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


class RatesByStep(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate for each step."""

    def __init__(self, rates):
        self.rates = tf.constant(rates)

    def __call__(self, step):
        return tf.gather(self.rates, tf.minimum(tf.cast(step, 'int32'), len(self.rates) - 1))


class RandomMaps(layers.Layer):
    """Moves each image by a map of its own, in training, as lib/engine/augmentation.ts does."""

    def __init__(self, rotation=0, shift=0, zoom=0):
        super().__init__()
        self.most = np.array([rotation * np.pi / 180, zoom, zoom, shift * 28, shift * 28], 'float32')

    def call(self, images, training=False):
        if not training:
            return images
        drawn = tf.random.uniform([tf.shape(images)[0], 5], -1, 1) * self.most
        angle, zoom_x, zoom_y, shift_x, shift_y = tf.unstack(drawn, axis=1)
        cos, sin = tf.cos(angle), tf.sin(angle)
        x_by_x, x_by_y = cos * (1 + zoom_x), -sin * (1 + zoom_y)
        y_by_x, y_by_y = sin * (1 + zoom_x), cos * (1 + zoom_y)
        rest_x = 13.5 + shift_x - 13.5 * (x_by_x + x_by_y)
        rest_y = 13.5 + shift_y - 13.5 * (y_by_x + y_by_y)
        zero = tf.zeros_like(angle)
        maps = tf.stack([x_by_x, x_by_y, rest_x, y_by_x, y_by_y, rest_y, zero, zero], 1)
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=maps,
            output_shape=[28, 28],
            fill_value=0.0,
            interpolation='BILINEAR',
            fill_mode='CONSTANT',
        )


class Moments(keras.callbacks.Callback):
    """Tells the clock how many steps were taken."""

    def __init__(self, clock, predict):
        super().__init__()
        self.clock, self.predict, self.before = clock, predict, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.clock.per_epoch

    def on_train_batch_end(self, batch, logs=None):
        # Of the last steps of an epoch, fewer than ten, Keras tells as if they were ten.
        done = min(batch + 1, self.clock.per_epoch)
        self.clock.after_step(self.before + done, self.predict)


def build_fast(rates, work):
    """Builds the fast network, compiled with Adam at a learning rate for each step."""
    maps = [RandomMaps(**work['augmentation'])] if 'augmentation' in work else []
    network = keras.Sequential([keras.Input((28, 28, 1)), *maps, *fast_stack(work)])
    network.compile(
        keras.optimizers.Adam(RatesByStep(rates)),
        keras.losses.CategoricalCrossentropy(label_smoothing=work['labelSmoothing']),
        metrics=['accuracy'],
        steps_per_execution=10,
        jit_compile=False,
    )
    return network


def fast_stack(work):
    first, second = work['filters']
    return [
        layers.Conv2D(first, 5, strides=2, activation='relu'),
        layers.Conv2D(second, 3, activation='relu'),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        dense(work['denseUnits']),
        probabilities(),
    ]


def train_by_clock(images, labels, rates, work, clock):
    """Trains by `fit`; its tracing comes before the clock runs, and leaves no trace in the weights."""
    keras.utils.set_random_seed(work['seed'])
    network = build_fast(rates, work)
    weights, size = network.get_weights(), work['batchSize']
    # Smoothed labels have to be rows in Keras.
    labels = keras.utils.to_categorical(labels, 10)

    def predict(test_images):
        return network.predict(test_images, batch_size=1000, verbose=0)

    network.fit(images[: 12 * size], labels[: 12 * size], batch_size=size, verbose=0)
    network.set_weights(weights)
    for state in network.optimizer.variables:
        state.assign(keras.ops.zeros_like(state))
    clock.begin()
    callbacks = [Moments(clock, predict)]
    network.fit(
        images, labels, batch_size=size, epochs=work['epochs'], verbose=0, callbacks=callbacks
    )
