"""ONNX Runtime on the processor: PyTorch's network exported, in batches of 64."""

import time

import numpy as np
import onnxruntime
import with_torch

versions = {'onnxruntime': onnxruntime.__version__}


def build(name):
    """Loads a network of the two sources, with softmax."""
    return onnxruntime.InferenceSession(
        with_torch.export_onnx(name), providers=['CPUExecutionProvider']
    )


def infer(session, images):
    """Gives the seconds of the second pass over the images."""
    images = images.reshape(-1, 1, 28, 28)
    for _ in range(2):
        start = time.perf_counter()
        np.concatenate(
            [session.run(None, {'images': images[i : i + 64]})[0] for i in range(0, len(images), 64)]
        )
    return time.perf_counter() - start


def read_one(session, image):
    """Reads one image [1, 28, 28, 1]."""
    return session.run(None, {'images': image.reshape(1, 1, 28, 28)})[0]
