"""PyTorch, eager: channels-last, images resident as one tensor, the fused Adam."""

import contextlib
import io
import os
import time

import torch
from torch import nn

versions = {'torch': torch.__version__}
torch.set_num_threads(os.cpu_count())
precision = contextlib.nullcontext


def set_policy(name):
    """Lets the forward passes compute as `autocast` does in that type."""
    global precision

    def precision():
        return torch.autocast('cpu', dtype=getattr(torch, name))


def build(name):
    """Builds a network of the two sources, with the optimizer that trains it."""
    network = nn.Sequential(*stack(name)).to(memory_format=torch.channels_last)
    return network, torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7, fused=True)


def stack(name):
    if name == 'baseline':
        return [nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)]
    stacked, channels = [], 1
    for filters in (32, 64):
        padding = 1 if name == 'sourceB' else 0
        stacked += [nn.Conv2d(channels, filters, 3, padding=padding), nn.ReLU()]
        if name != 'simple':
            stacked += [nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)]
        if name == 'sourceB':
            stacked += [nn.Conv2d(filters, filters, 3, padding=padding), nn.ReLU()]
        stacked += [nn.MaxPool2d(2)] + ([] if name == 'simple' else [nn.Dropout(0.25)])
        channels = filters
    stacked += [nn.Flatten(), nn.Linear(3136 if name == 'sourceB' else 1600, 128), nn.ReLU()]
    if name != 'simple':
        stacked += [nn.BatchNorm1d(128, eps=1e-3, momentum=0.01), nn.Dropout(0.5)]
    return [*stacked, nn.Linear(128, 10)]


def train(model, images, labels):
    """Gives the seconds of the second of two epochs of the usual loop."""
    network, optimizer = model
    network.train()
    images, labels = as_tensor(images), torch.from_numpy(labels)
    for _ in range(2):
        start = time.perf_counter()
        total = 0.0
        for rows in torch.randperm(len(images)).split(128):
            optimizer.zero_grad()
            with precision():
                loss = nn.functional.cross_entropy(network(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
    return time.perf_counter() - start


@torch.inference_mode()
def infer(model, images):
    """Gives the seconds of the second pass over the images."""
    network = model[0].eval()
    images = as_tensor(images)
    for _ in range(2):
        start = time.perf_counter()
        with precision():
            rows = [network(batch).float().softmax(1) for batch in images.split(1000)]
        torch.cat(rows).numpy()
    return time.perf_counter() - start


def export_onnx(name):
    """Gives a network, with softmax, as bytes in the ONNX format; its weights are the initial ones."""
    network = nn.Sequential(nn.Sequential(*stack(name)), nn.Softmax(1)).eval()
    file = io.BytesIO()
    torch.onnx.export(
        network,
        torch.zeros(64, 1, 28, 28),
        file,
        input_names=['images'],
        output_names=['probabilities'],
        dynamic_axes={'images': {0: 'count'}, 'probabilities': {0: 'count'}},
        # The other exporter needs more packages.
        dynamo=False,
    )
    return file.getvalue()


def as_tensor(images):
    # One channel: the bytes are the same in both layouts, so only the strides change.
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    return tensor.contiguous(memory_format=torch.channels_last)
