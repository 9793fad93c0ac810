"""PyTorch as a contestant: `torch_peer.py THREADS WORKLOAD`. Batches are cut from tensors, which is its fastest way."""

import sys
import time

began = time.perf_counter()
threads = int(sys.argv[1])

from common import absent, matrices, repeats, samples, take_part, timed, warm_up

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as error:
    absent(str(error))
imported = time.perf_counter() - began
torch.set_num_threads(threads)


def network(workload):
    stack = []
    shape = workload["input"]
    if len(shape) > 1:
        height, width, channels = shape
        for filters in workload["convolutions"]:
            stack += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
            height, width, channels = (height - 2) // 2, (width - 2) // 2, filters
        stack.append(nn.Flatten())
        size = height * width * channels
    else:
        size = shape[0]
    for units in workload["dense"]:
        stack += [nn.Linear(size, units), nn.ReLU()]
        size = units
    stack.append(nn.Linear(size, workload["classes"]))
    return nn.Sequential(*stack)


def stepper(workload):
    """One step on a batch: loss, gradients, Adam, accuracy."""
    model = network(workload)
    one = workload["classes"] == 1
    loss_of = nn.BCEWithLogitsLoss() if one else nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())

    def step(x, y):
        optimizer.zero_grad()
        logits = model(x)
        loss = loss_of(logits[:, 0], y.float()) if one else loss_of(logits, y)
        loss.backward()
        optimizer.step()
        right = (logits[:, 0] > 0) == (y > 0) if one else logits.argmax(1) == y
        return loss.item(), right.sum().item()

    return step


def tensors(workload):
    x, y = samples(np, workload)
    x = torch.from_numpy(x)
    return (x.permute(0, 3, 1, 2).contiguous() if x.ndim == 4 else x), torch.from_numpy(y).long()


def training(workload):
    step = stepper(workload)
    x, y = tensors(workload)

    def epoch():
        order = torch.randperm(len(y))
        for rows in order.split(workload["batch"]):
            step(x[rows], y[rows])

    warm_up(epoch)
    return lambda: timed(epoch)


def product(workload):
    size = workload["size"]
    a, b = [torch.from_numpy(m) for m in matrices(np, size)]
    c = torch.empty(size, size)
    times = repeats(size)

    def all():
        for _ in range(times):
            torch.matmul(a, b, out=c)

    warm_up(all)
    return lambda: timed(all) / times


def startup(workload):
    x, y = tensors(workload)
    start = time.perf_counter()
    stepper(workload)(x, y)
    seconds = imported + time.perf_counter() - start
    return lambda: seconds


name = f"PyTorch {torch.__version__.split('+')[0]}, {threads} threads"
take_part(name, {"train": training, "matmul": product, "startup": startup})
