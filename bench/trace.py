"""Runs a recorded training step with TensorFlow's tracing: `trace.py RECORDING` (see profile.ts)."""

import collections
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from tensorflow import compat

warm_up_steps, steps = 5, 20
tf = compat.v1
recording = Path(sys.argv[1])
runs = json.loads((recording / 'runs.json').read_text())


def read(given):
    values = np.fromfile(recording / given['file'], given['dtype'])
    return values.reshape(given['shape'])


with tf.Session(graph=tf.Graph()) as session:
    tf.saved_model.loader.load(session, ['train'], str(recording / 'graph'))
    for inputs, outputs in runs:
        feed = {given['name']: read(given) for given in inputs}
        session.run(outputs, feed)
    for _ in range(warm_up_steps):
        session.run(outputs, feed)

    untraced = []
    for _ in range(steps):
        start = time.perf_counter()
        session.run(outputs, feed)
        untraced.append(1000 * (time.perf_counter() - start))

    milliseconds = collections.defaultdict(lambda: [0.0] * steps)
    calls = collections.Counter()
    for step in range(steps):
        metadata = tf.RunMetadata()
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        session.run(outputs, feed, options, metadata)
        for device in metadata.step_stats.dev_stats:
            for node in device.node_stats:
                # A label is `name = Operation(inputs)`.
                operation = node.timeline_label.split(' = ')[-1].split('(')[0]
                nanoseconds = node.op_end_rel_nanos - node.op_start_rel_nanos
                milliseconds[operation][step] += nanoseconds / 1e6
                calls[operation] += 1 / steps

operations = {
    name: {'milliseconds': statistics.median(times), 'calls': calls[name]}
    for name, times in milliseconds.items()
}
print(json.dumps({'milliseconds': statistics.median(untraced), 'operations': operations}))
