"""The contenders in Python: `contender.py KIND FOLDER [POLICY]`, KIND of a file with_KIND.py.

Answers each line of stdin, `train NETWORK COUNT`, `infer NETWORK COUNT` or `one NETWORK COUNT`, by a
line of JSON.
"""

import importlib
import json
import platform
import sys
import time
from pathlib import Path

import numpy as np

kind, folder = sys.argv[1], Path(sys.argv[2])
train_images = np.fromfile(folder / 'train-images', 'float32').reshape(-1, 28, 28, 1)
train_labels = np.fromfile(folder / 'train-labels', 'uint8').astype('int64')
test_images = np.fromfile(folder / 'test-images', 'float32').reshape(-1, 28, 28, 1)
contender = importlib.import_module(f'with_{kind}')
if len(sys.argv) > 3:
    contender.set_policy(sys.argv[3])
models = {}


def read_one_by_one(model, images):
    """Gives the median time of reading one image, and the 99th percentile, in seconds."""
    seconds = []
    for index in range(len(images)):
        start = time.perf_counter()
        contender.read_one(model, images[index : index + 1])
        seconds.append(time.perf_counter() - start)
    return {'seconds': float(np.median(seconds)), 'slow': float(np.quantile(seconds, 0.99))}


print(json.dumps({'python': platform.python_version(), **contender.versions}), flush=True)
for line in sys.stdin:
    task, name, count = line.split()
    count = int(count)
    if name not in models:
        models[name] = contender.build(name)
    if task == 'train':
        answer = {'seconds': contender.train(models[name], train_images[:count], train_labels[:count])}
    elif task == 'infer':
        answer = {'seconds': contender.infer(models[name], test_images[:count])}
    else:
        answer = read_one_by_one(models[name], test_images[:count])
    print(json.dumps(answer), flush=True)
