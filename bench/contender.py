"""The contenders in Python: `contender.py keras FOLDER [POLICY]` and `contender.py torch FOLDER`.

Answers each line of stdin, `train NETWORK COUNT` or `infer NETWORK COUNT`, by a line of JSON.
"""

import importlib
import json
import platform
import sys
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

print(json.dumps({'python': platform.python_version(), **contender.versions}), flush=True)
for line in sys.stdin:
    task, name, count = line.split()
    count = int(count)
    if name not in models:
        models[name] = contender.build(name)
    if task == 'train':
        seconds = contender.train(models[name], train_images[:count], train_labels[:count])
    else:
        seconds = contender.infer(models[name], test_images[:count])
    print(json.dumps({'seconds': seconds}), flush=True)
