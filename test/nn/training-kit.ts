/** What the tests of training share: small data, small models, the recorded runs of Keras. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { BackendName } from "../../src/core/index.ts";
import { Dense, loadModel, type Model, Sequential } from "../../src/nn/index.ts";

/** A file of the repository's neighbour with data and recorded cases. */
export function shared(path: string): string {
  return fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
}

export function hasShared(path: string): boolean {
  return existsSync(shared(path));
}

/** A recorded case of this repository. */
export function recorded<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../reference/${name}`, import.meta.url), "utf8")) as T;
}

/** The first `n` training images of MNIST (bytes) and their labels. */
export function mnist(n: number): { images: Uint8Array; labels: Uint8Array } {
  const read = (name: string) => new Uint8Array(gunzipSync(readFileSync(shared(`data/mnist/${name}`))));
  return {
    images: read("train-images-idx3-ubyte.gz").slice(16, 16 + n * 784),
    labels: read("train-labels-idx1-ubyte.gz").slice(8, 8 + n),
  };
}

/** The whole runs of Keras that lie beside the repository. */
export const recordedRuns = ["lecture_adam", "lecture_sgd_momentum"] as const;

/** Whether the recorded runs and their data are there. */
export const hasRecordedRuns = hasShared("reference/training") && hasShared("data/mnist");

export interface RecordedRun {
  readonly n: number;
  readonly batch_size: number;
  readonly epochs: number;
  readonly validation_split: number;
  readonly shuffle: boolean;
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/** A file of a recorded run. */
export function recordedFile(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(shared(`reference/training/${name}`)));
}

/** Trains the model of a recorded run as Keras did: the trained model, what was logged, and what Keras logged. */
export async function repeatRun(name: (typeof recordedRuns)[number], backend?: BackendName) {
  const wanted = JSON.parse(new TextDecoder().decode(recordedFile(`${name}.json`))) as RecordedRun;
  const model: Model = await loadModel(recordedFile(`${name}.initial.h5`));
  if (backend !== undefined) {
    const { optimizer } = model.compiled!;
    model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"], backend });
  }
  const { images, labels } = mnist(wanted.n);
  const x = { data: Float32Array.from(images, (v) => v / 255), shape: [wanted.n, 28, 28, 1] };
  const { history } = await model.fit(x, labels, {
    batchSize: wanted.batch_size,
    epochs: wanted.epochs,
    validationSplit: wanted.validation_split,
    shuffle: wanted.shuffle,
    verbose: 0,
  });
  return { model, history, wanted };
}

/** Reproducible numbers in (-1, 1): a linear congruential generator. */
export function noise(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Two classes of points in the plane, far apart: rows of x, labels 0 and 1. */
export function blobs(n: number, seed = 1): { x: number[][]; y: number[] } {
  const next = noise(seed);
  const y = Array.from({ length: n }, (_, i) => i % 2);
  return { x: y.map((c) => [next() + 3 * c, next() - 2 * c]), y };
}

/** A classifier of two numbers into `classes` classes. */
export function classifier(classes = 2, seed = 1): Sequential {
  return new Sequential(
    [
      new Dense({ units: 8, activation: "tanh", inputShape: [2] }),
      new Dense({ units: classes, activation: "softmax" }),
    ],
    { seed },
  );
}

/** All weights in one array. */
export function flatWeights(model: Sequential): number[] {
  return model.getWeights().flatMap((w) => [...w]);
}
