"""PyTorch, eager: channels-last, images resident as one tensor, the fused Adam."""

import contextlib
import io
import math
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


def fast_stack(work):
    first, second = work['filters']
    return [
        *(nn.Conv2d(1, first, 5, stride=2), nn.ReLU()),
        *(nn.Conv2d(first, second, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(25 * second, work['denseUnits']), nn.ReLU()),
        nn.Linear(work['denseUnits'], 10),
    ]


def move(images, rotation=0, shift=0, zoom=0):
    """Moves each image by a map of its own, as lib/engine/augmentation.ts does."""
    drawn = 2 * torch.rand(5, len(images)) - 1
    angle, zooms = drawn[0] * (rotation * math.pi / 180), 1 + zoom * drawn[1:3]
    cos, sin = torch.cos(angle), torch.sin(angle)
    # From the middle of the image to its border are 13.5 pixels, which is 1 here.
    shifts = drawn[3:] * (shift * 28 / 13.5)
    rows = [cos * zooms[0], -sin * zooms[1], shifts[0], sin * zooms[0], cos * zooms[1], shifts[1]]
    maps = torch.stack(rows, 1).view(-1, 2, 3)
    grid = nn.functional.affine_grid(maps, images.shape, align_corners=True)
    return nn.functional.grid_sample(images, grid, align_corners=True)


def train_by_clock(images, labels, rates, work, clock):
    """Trains by the usual loop, whose first call has made all that is made once."""
    torch.manual_seed(work['seed'])
    images, labels = as_tensor(images), torch.from_numpy(labels)
    train_fast(images[: 2 * work['batchSize']], labels, rates[:2], work, None)
    clock.begin()
    train_fast(images, labels, rates, work, clock)


def train_fast(images, labels, rates, work, clock):
    """Builds the fast network with Keras's initial weights and trains it, a step for each rate."""
    network = nn.Sequential(*fast_stack(work)).to(memory_format=torch.channels_last)
    for layer in network:
        if hasattr(layer, 'weight'):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-7, fused=True)
    loss_of = nn.CrossEntropyLoss(label_smoothing=work['labelSmoothing'])

    @torch.inference_mode()
    def predict(test_images):
        batches = as_tensor(test_images).split(1000)
        with precision():
            return torch.cat([network(batch).float() for batch in batches]).numpy()

    rows = iter(())
    for step, rate in enumerate(rates):
        batch = next(rows, None)
        if batch is None:
            rows = iter(torch.randperm(len(images)).split(work['batchSize']))
            batch = next(rows)
        optimizer.param_groups[0]['lr'] = float(rate)
        optimizer.zero_grad()
        shown = images[batch]
        if 'augmentation' in work:
            shown = move(shown, **work['augmentation'])
        with precision():
            loss = loss_of(network(shown), labels[batch])
        loss.backward()
        optimizer.step()
        if clock is not None:
            clock.after_step(step + 1, predict)
