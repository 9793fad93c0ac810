"""Keras on TensorFlow as a contestant: `keras_peer.py THREADS WORKLOAD`."""

import sys
import time

began = time.perf_counter()
threads = int(sys.argv[1])

from common import absent, matrices, repeats, samples, take_part, timed, warm_up

try:
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    import keras
except ImportError as error:
    absent(str(error))
imported = time.perf_counter() - began


def network(workload):
    layers = keras.layers
    stack = [keras.Input(workload["input"])]
    for filters in workload["convolutions"]:
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]
    if len(workload["input"]) > 1:
        stack.append(layers.Flatten())
    stack += [layers.Dense(units, activation="relu") for units in workload["dense"]]
    one = workload["classes"] == 1
    stack.append(layers.Dense(workload["classes"], activation="sigmoid" if one else "softmax"))
    model = keras.Sequential(stack)
    loss = "binary_crossentropy" if one else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


def training(workload):
    model = network(workload)
    x, y = samples(np, workload)
    epoch = lambda: model.fit(x, y, batch_size=workload["batch"], epochs=1, verbose=0)
    warm_up(epoch)
    return lambda: timed(epoch)


def product(workload):
    size = workload["size"]
    a, b = [tf.constant(m) for m in matrices(np, size)]
    times = repeats(size)

    def all():
        for _ in range(times):
            c = tf.matmul(a, b)
        c.numpy()

    warm_up(all)
    return lambda: timed(all) / times


def startup(workload):
    x, y = samples(np, workload)
    start = time.perf_counter()
    network(workload).train_on_batch(x, y)
    seconds = imported + time.perf_counter() - start
    return lambda: seconds


name = f"Keras {keras.__version__} on TensorFlow {tf.__version__}, {threads} threads"
take_part(name, {"train": training, "matmul": product, "startup": startup})
