"""Writes a network of TensorFlow.js layers in another format, by Keras and what Keras exports to.

`convert.py FORMAT WEIGHTS FOLDER` reads network.json, weights and digits from FOLDER, writes the
format into FOLDER/out and, where Keras or TensorFlow can read it, what it gives for the digits into
FOLDER/probabilities. What cannot be done ends with a line `error: ...` and exit code 1.
"""

import json
import os
import re
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL='3', CUDA_VISIBLE_DEVICES='', KERAS_BACKEND='tensorflow')

import keras
import numpy as np
import onnx
import tensorflow as tf


def build(topology, weights, values):
    """Gives the Keras network of a topology of tfjs, with its weights."""
    kind = keras.Sequential if topology['class_name'] == 'Sequential' else keras.Model
    try:
        network = kind.from_config(as_keras_3(topology)['config'])
    except Exception as error:
        raise SystemExit(f'error: Keras cannot build this network: {reason(error)}')
    given = {}
    at = 0
    for weight in weights:
        size = int(np.prod(weight['shape']))
        value = values[at : at + size].reshape(weight['shape'])
        given.setdefault(weight['layer'], []).append((weight['name'], value))
        at += size
    for place, layer in leaves(network):
        set_weights(place, layer, given.pop(place, []))
    if given:
        raise SystemExit(f'error: Keras builds this network without the layers {", ".join(given)}')
    return network


def as_keras_3(config):
    """Says the same as a config of tfjs, which is one of Keras 2, in words of Keras 3."""
    if isinstance(config, list):
        return [as_keras_3(it) for it in config]
    if not isinstance(config, dict):
        return config
    config = {name: as_keras_3(value) for name, value in config.items()}
    kind, inner = config.get('class_name'), config.get('config')
    if kind == 'Sequential':
        first = inner['layers'][0]
        shape = first['config'].pop('batch_input_shape', None)
        if first['class_name'] == 'InputLayer':
            first['config']['batch_shape'] = shape
        elif shape is not None:
            images = {'name': 'images', 'batch_shape': shape, 'dtype': 'float32'}
            inner['layers'].insert(0, {'class_name': 'InputLayer', 'config': images})
    if kind in ('Model', 'Functional'):
        networks = [it['name'] for it in inner['layers'] if 'layers' in it['config']]
        for layer in inner['layers']:
            # To tfjs the first call of a network in a network is its own making; Keras has none such.
            layer['inbound_nodes'] = [
                [[name, call - (name in networks), *rest] for name, call, *rest in node]
                for node in layer['inbound_nodes']
            ]
        # A list of one would make every format take and give lists.
        for end in ('input_layers', 'output_layers'):
            if len(inner[end]) == 1:
                inner[end] = inner[end][0]
    return config


def leaves(network, place=''):
    """Gives all layers with weights of their own, by their names in their networks' names."""
    for layer in network.layers:
        if hasattr(layer, 'layers'):
            yield from leaves(layer, f'{place}{layer.name}/')
        else:
            yield place + layer.name, layer


def set_weights(place, layer, given):
    """Sets the weights of a layer, which have to be those that Keras expects, by name and shape."""
    # tfjs numbers the names of layers that share one; depthwise_kernel is kernel to Keras.
    names = [re.sub(r'_\d+$', '', name.split('/')[-1]) for name, _ in given]
    found = [f'{name} {list(value.shape)}' for name, (_, value) in zip(names, given)]
    expected = [f'{it.path.split("/")[-1]} {list(it.shape)}' for it in layer.weights]
    if len(found) != len(expected) or any(
        not one.endswith(other) for one, other in zip(found, expected)
    ):
        raise SystemExit(
            f'error: the layer {place} has the weights {", ".join(found) or "none"}; '
            f'Keras expects {", ".join(expected) or "none"}'
        )
    layer.set_weights([value for _, value in given])


def write_keras(network, out, **_):
    file = os.path.join(out, 'model.keras')
    network.save(file)
    read = keras.models.load_model(file)
    return lambda images: read.predict(images, verbose=0)


def write_savedmodel(network, out, **_):
    network.export(out, format='tf_saved_model', verbose=False)
    return keras.layers.TFSMLayer(out, call_endpoint='serve')


def write_onnx(network, out, description, **_):
    file = os.path.join(out, 'model.onnx')
    # Keras exports what it has seen called.
    network(np.zeros((1, *network.input_shape[1:]), 'float32'))
    network.export(file, format='onnx', verbose=False)
    model = onnx.load(file)
    onnx.helper.set_model_props(model, description)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, file)
    # onnxruntime-node reads it, on the other side.


def write_tflite(network, out, weights, calibration, **_):
    if weights == 'int8':
        settle_constant_units(network)
    # Through a SavedModel, since the converter knows networks of Keras 2 only.
    saved = os.path.join(os.path.dirname(out), 'saved')
    network.export(saved, format='tf_saved_model', verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(saved)
    if weights != 'float32':
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if weights == 'float16':
        converter.target_spec.supported_types = [tf.float16]
    if weights == 'int8':
        converter.representative_dataset = lambda: ([image[None]] for image in calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    model = converter.convert()
    with open(os.path.join(out, 'model.tflite'), 'wb') as file:
        file.write(model)
    return lambda images: interpret(model, images)


def settle_constant_units(network):
    """Makes constants of the units that hardly varied in training before a batch normalization.

    Their factor is up to 1 / sqrt(0.001). Folded into numbers of 8 bits beside those of other units, it
    takes up the whole range. With a variance below 0.0001, a tenth of the 0.001 that the layer adds to
    it, such a unit tells next to nothing of a digit.
    """
    for _, layer in leaves(network):
        if isinstance(layer, keras.layers.BatchNormalization) and layer.scale:
            is_constant = layer.moving_variance.numpy() < 1e-4
            layer.gamma.assign(np.where(is_constant, 0, layer.gamma.numpy()))


def interpret(model, images):
    interpreter = tf.lite.Interpreter(model_content=model)
    [images_in], [out] = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(images_in['index'], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(images_in['index'], images)
    interpreter.invoke()
    return interpreter.get_tensor(out['index'])


def reason(error):
    """The sentence of an error, of which Keras and TensorFlow print pages."""
    text = re.sub(r'\x1b\[\d+m', '', str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ' '.join(lines[:2])[:300] or type(error).__name__


def main():
    kind, weights, folder = sys.argv[1:]
    with open(os.path.join(folder, 'network.json'), encoding='utf8') as file:
        given = json.load(file)

    def floats(name, shape=(-1,)):
        return np.fromfile(os.path.join(folder, name), '<f4').reshape(shape)

    shape = [-1, *given['imageShape']]
    network = build(given['topology'], given['weights'], floats('weights'))
    out = os.path.join(folder, 'out')
    os.mkdir(out)
    write = {
        'keras': write_keras,
        'savedmodel': write_savedmodel,
        'onnx': write_onnx,
        'tflite': write_tflite,
    }[kind]
    try:
        calibration = floats('calibration', shape) if weights == 'int8' else None
        read = write(
            network,
            out,
            weights=weights,
            calibration=calibration,
            description=given['description'],
        )
        if read:
            probabilities = np.asarray(read(floats('digits', shape)), '<f4')
            probabilities.tofile(os.path.join(folder, 'probabilities'))
    except Exception as error:
        raise SystemExit(f'error: {kind} cannot hold this network: {reason(error)}')


main()
