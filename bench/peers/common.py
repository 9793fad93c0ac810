"""What the contestants in Python share: the conversation over the pipes (see ../contestants.ts), data, the clock."""

import json
import resource
import sys
import time


def take_part(name, makers):
    """Prepares the workload given on the command line, then measures one run for each line read."""
    workload = json.loads(sys.argv[-1])
    answer = {"ready": name}
    if workload["kind"] not in makers:
        absent(f"no {workload['kind']} with {name}")
    run = makers[workload["kind"]](workload)
    print(json.dumps(answer), flush=True)
    for _ in sys.stdin:
        seconds = run()
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "megabytes": megabytes}), flush=True)


def absent(why):
    print(json.dumps({"absent": why}), flush=True)
    sys.exit(0)


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def warm_up(work):
    """At least twice, and for a second."""
    start = time.perf_counter()
    while True:
        work()
        if time.perf_counter() - start > 1:
            break
    work()


def samples(np, workload):
    """Uniform inputs in [0, 1) and class numbers."""
    random = np.random.default_rng(1)
    rows, classes = workload["rows"], max(2, workload["classes"])
    x = random.random((rows, *workload["input"]), dtype=np.float32)
    return x, random.integers(0, classes, rows).astype(np.int32)


def convolution(np, workload):
    """Images, a kernel (height, width, channels, filters) and the gradient of the result, channels last."""
    random = np.random.default_rng(1)
    side, channels, filters = workload["size"], workload["channels"], workload["filters"]
    images = (workload["batch"], side, side)
    inner = 1 if workload.get("depthwise") else channels
    shapes = [(*images, channels), (workload["kernel"],) * 2 + (inner, filters), (*images, filters)]
    return [random.random(shape, dtype=np.float32) for shape in shapes]


def repeated(work, times):
    """Seconds that `work` takes, from so many in a row."""

    def all():
        for _ in range(times):
            work()

    warm_up(all)
    return lambda: timed(all) / times


def matrices(np, size):
    random = np.random.default_rng(1)
    return [random.random((size, size), dtype=np.float32) for _ in range(2)]


def repeats(size):
    """So often that one measurement takes some milliseconds."""
    return max(1, round(4e9 / size**3))
