"""Keras on TensorFlow as a contestant: `keras_peer.py THREADS WORKLOAD`."""

import sys
import time

began = time.perf_counter()
threads = int(sys.argv[1])

from common import absent, convolution, matrices, repeated, repeats, samples, take_part, timed, warm_up

try:
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    import keras
except ImportError as error:
    absent(str(error))
imported = time.perf_counter() - began


def residual(x):
    layers = keras.layers
    filters = x.shape[-1]
    y = layers.Conv2D(filters, 3, padding="same")(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(filters, 3, padding="same")(y)
    y = layers.BatchNormalization()(y)
    return layers.GlobalAveragePooling2D()(layers.ReLU()(layers.Add()([x, y])))


def network(workload):
    layers = keras.layers
    x = inputs = keras.Input(workload["input"])
    for filters in workload["convolutions"]:
        x = layers.Conv2D(filters, workload.get("kernel", 3), activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    if workload.get("residual"):
        x = residual(x)
    elif len(workload["input"]) > 1:
        x = layers.Flatten()(x)
    for units in workload["dense"]:
        x = layers.Dense(units, activation="relu")(x)
    reconstructs = workload.get("reconstructs")
    binary = workload["classes"] == 1 or reconstructs
    x = layers.Dense(workload["classes"], activation="sigmoid" if binary else "softmax")(x)
    model = keras.Model(inputs, x)
    loss = "binary_crossentropy" if binary else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss, metrics=[] if reconstructs else ["accuracy"])
    return model


def training(workload):
    model = network(workload)
    x, y = samples(np, workload)
    targets = x if workload.get("reconstructs") else y
    epochs = workload.get("epochs", 1)
    all = lambda: model.fit(x, targets, batch_size=workload["batch"], epochs=epochs, verbose=0)
    warm_up(all)
    return lambda: timed(all) / epochs


def prediction(workload):
    model = network(workload)
    x, _ = samples(np, workload)
    return repeated(lambda: model.predict_on_batch(x), 50 if workload["rows"] == 1 else 2)


def convolving(workload):
    x, w, g = [tf.constant(a) for a in convolution(np, workload)]
    if workload.get("depthwise"):
        w = tf.transpose(w, [0, 1, 3, 2])
        apply = lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME")
    else:
        apply = lambda x, w: tf.nn.conv2d(x, w, 1, "SAME")

    @tf.function
    def all():
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = apply(x, w)
        return y, *tape.gradient(y, [x, w], g)

    return repeated(lambda: all()[2].numpy(), 5)


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
