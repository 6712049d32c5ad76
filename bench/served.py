"""FastAPI before ONNX Runtime or Keras: `served.py MODEL PORT WORKERS`, MODEL a .onnx or .keras file.

It takes and gives what the service does for prepared images, and writes a line of JSON when it
listens. Each worker is a process; several share the cores, and one has them all.
"""

import json
import os
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, conlist, confloat

file, port, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
threads = max(1, os.cpu_count() // workers)


def load_onnx():
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file, options, providers=['CPUExecutionProvider'])
    given = session.get_inputs()[0]
    # PyTorch's networks take the channel before the rows.
    shape = (-1, 1, 28, 28) if given.shape[1] == 1 else (-1, 28, 28, 1)
    return lambda images: session.run(None, {given.name: images.reshape(shape)})[0]


def load_keras():
    import tensorflow as tf
    import keras

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    network = keras.models.load_model(file)
    # One traced function for any number of images: `predict` is slower for a few.
    signature = tf.TensorSpec((None, 28, 28, 1), 'float32')
    read = tf.function(lambda images: network(images, training=False), [signature])
    return lambda images: read(images.reshape(-1, 28, 28, 1)).numpy()


class Images(BaseModel):
    images: conlist(conlist(confloat(ge=0, le=1), min_length=784, max_length=784), min_length=1)


app = FastAPI()
predict = None


@app.on_event('startup')
def load():
    global predict
    predict = load_onnx() if file.suffix == '.onnx' else load_keras()
    predict(np.zeros((1, 784), 'float32'))
    names = ['fastapi', 'uvicorn', 'onnxruntime' if file.suffix == '.onnx' else 'keras']
    # In one write: the lines of two workers must not run into each other.
    line = json.dumps({name: metadata.version(name) for name in names}) + '\n'
    os.write(1, line.encode())


@app.post('/v1/predictions')
async def read(body: Images):
    rows = predict(np.asarray(body.images, 'float32'))
    return {
        'predictions': [
            {'digit': int(row.argmax()), 'confidence': float(row.max()), 'probabilities': row.tolist()}
            for row in rows
        ]
    }


if __name__ == '__main__':
    # The path of this file, from which each worker imports it again.
    sys.path.insert(0, str(Path(__file__).parent))
    uvicorn.run('served:app', port=port, workers=workers, log_level='warning', access_log=False)
