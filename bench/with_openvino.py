"""OpenVINO on the processor: PyTorch's network exported, batches of 64, several under way at once."""

import time

import numpy as np
import openvino
import with_torch

versions = {'openvino': openvino.__version__}
precision = 'f32'


def set_policy(name):
    """Lets networks that are built from now on compute in `bf16` where the processor has it."""
    global precision
    precision = name


def build(name):
    """Loads a network of the two sources, with softmax, once for many images and once for one."""
    core = openvino.Core()
    network = core.read_model(with_torch.export_onnx(name))

    def compiled(hint):
        properties = {'INFERENCE_PRECISION_HINT': precision, 'PERFORMANCE_HINT': hint}
        return core.compile_model(network, 'CPU', properties)

    return compiled('THROUGHPUT'), compiled('LATENCY').create_infer_request()


def infer(network, images):
    """Gives the seconds of the second pass over the images."""
    images = images.reshape(-1, 1, 28, 28)
    parts = [images[i : i + 64] for i in range(0, len(images), 64)]
    rows = [None] * len(parts)
    queue = openvino.AsyncInferQueue(network[0])

    def keep(request, part):
        rows[part] = request.get_output_tensor().data.copy()

    queue.set_callback(keep)
    for _ in range(2):
        start = time.perf_counter()
        for index, part in enumerate(parts):
            queue.start_async({0: part}, index)
        queue.wait_all()
        np.concatenate(rows)
    return time.perf_counter() - start


def read_one(network, image):
    """Reads one image [1, 28, 28, 1]."""
    return network[1].infer({0: image.reshape(1, 1, 28, 28)})[0]
