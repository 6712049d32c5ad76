"""The contenders in Python: `contender.py KIND FOLDER [POLICY]`, KIND of a file with_KIND.py.

Answers each line of stdin, `train NETWORK COUNT`, `infer NETWORK COUNT`, `one NETWORK COUNT` or
`clock JSON`, by a line of JSON.
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
test_labels = np.fromfile(folder / 'test-labels', 'uint8')
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


def one_cycle(peak, steps):
    """Gives the learning rate of each step, as PyTorch's OneCycleLR has it."""

    def along_cosine(start, end, share):
        return end + (start - end) / 2 * (1 + np.cos(np.pi * share))

    step, top = np.arange(steps), 0.3 * steps - 1
    rising = along_cosine(peak / 25, peak, step / top)
    falling = along_cosine(peak, peak / 25e4, (step - top) / (steps - 1 - top))
    return np.where(step <= top, rising, falling).astype('float32')


def run_clock(work):
    """Trains the fast network, and scores the test digits at the moments while the clock stands."""
    per_epoch = -(-work['count'] // work['batchSize'])
    rates = one_cycle(work['learningRate'], work['epochs'] * per_epoch)
    images, labels = train_images[: work['count']], train_labels[: work['count']]
    clock = Clock(work['moments'], per_epoch)
    contender.train_by_clock(images, labels, rates, work, clock)
    return {'preparation': clock.preparation, 'curve': clock.curve}


class Clock:
    """Counts the seconds of training, and stands while the test digits are scored."""

    def __init__(self, moments, per_epoch):
        self.moments, self.per_epoch = set(moments), per_epoch
        self.seconds, self.curve = 0.0, []
        self.start = time.perf_counter()

    def begin(self):
        """Ends the preparation."""
        self.preparation = time.perf_counter() - self.start
        self.start = time.perf_counter()

    def after_step(self, step, predict):
        """Scores the test digits by what `predict` gives for them, where the step is a moment."""
        if (step - 1) % self.per_epoch + 1 not in self.moments:
            return
        self.seconds += time.perf_counter() - self.start
        accuracy = float((predict(test_images).argmax(1) == test_labels).mean())
        self.curve.append({'step': step, 'seconds': self.seconds, 'accuracy': accuracy})
        self.start = time.perf_counter()


print(json.dumps({'python': platform.python_version(), **contender.versions}), flush=True)
for line in sys.stdin:
    if line.startswith('clock '):
        print(json.dumps(run_clock(json.loads(line[len('clock ') :]))), flush=True)
        continue
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
