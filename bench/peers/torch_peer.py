"""PyTorch as a contestant: `torch_peer.py THREADS WORKLOAD`. Batches are cut from tensors, which is its fastest way."""

import sys
import time

began = time.perf_counter()
threads = int(sys.argv[1])

from common import absent, convolution, matrices, repeated, repeats, samples, take_part, timed, warm_up

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as error:
    absent(str(error))
imported = time.perf_counter() - began
torch.set_num_threads(threads)


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return torch.relu(x + self.block(x)).mean((2, 3))


def network(workload):
    stack = []
    shape = workload["input"]
    if workload.get("residual"):
        size = shape[-1]
        stack.append(Residual(size))
    elif len(shape) > 1:
        height, width, channels = shape
        kernel = workload.get("kernel", 3)
        for filters in workload["convolutions"]:
            stack += [nn.Conv2d(channels, filters, kernel), nn.ReLU(), nn.MaxPool2d(2)]
            height, width, channels = (height - kernel + 1) // 2, (width - kernel + 1) // 2, filters
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
    binary = one or workload.get("reconstructs")
    loss_of = nn.BCEWithLogitsLoss() if binary else nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())

    def step(x, y):
        optimizer.zero_grad()
        logits = model(x)
        loss = loss_of(logits[:, 0], y.float()) if one else loss_of(logits, y)
        loss.backward()
        optimizer.step()
        if workload.get("reconstructs"):
            return loss.item()
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
            batch = x[rows]
            step(batch, batch if workload.get("reconstructs") else y[rows])

    return repeated(epoch, workload.get("epochs", 1))


def prediction(workload):
    model = network(workload).eval()
    x, _ = tensors(workload)
    classify = lambda: torch.softmax(model(x), 1)

    def work():
        with torch.inference_mode():
            classify()

    return repeated(work, 1000 if workload["rows"] == 1 else 5)


def convolving(workload):
    x, w, g = [torch.from_numpy(a) for a in convolution(np, workload)]
    x, g = [a.permute(0, 3, 1, 2).contiguous() for a in (x, g)]
    w = w.permute(3, 2, 0, 1).contiguous()
    x.requires_grad_(), w.requires_grad_()
    groups = workload["channels"] if workload.get("depthwise") else 1

    def work():
        y = nn.functional.conv2d(x, w, padding="same", groups=groups)
        torch.autograd.grad(y, (x, w), g)

    return repeated(work, 5)


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
take_part(
    name,
    {
        "train": training,
        "predict": prediction,
        "matmul": product,
        "conv": convolving,
        "startup": startup,
    },
)
