/**
 * Tendril as a contestant: `tendril.mjs BACKEND WORKLOAD`; see contestants.ts for what is said over the pipes. Plain
 * JavaScript, because a loader of TypeScript would be measured with the start.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repeats, samples, takePart, timed, uniform, warmUp } from "./peers/common.mjs";

const began = performance.now();
const backend = process.argv[2];

/** The layers from the input to the last but one, applied one after the other or around the residual block. */
function body(tendril, { input, convolutions, kernel = 3, residual, dense }) {
  const { Add, BatchNormalization, Conv2D, Dense, Flatten, GlobalAveragePooling2D, MaxPooling2D, ReLU } =
    tendril;
  const layers = convolutions.flatMap((filters) => [
    new Conv2D({ filters, kernelSize: kernel, activation: "relu" }),
    new MaxPooling2D(),
  ]);
  if (input.length > 1 && !residual) layers.push(new Flatten());
  layers.push(...dense.map((units) => new Dense({ units, activation: "relu" })));
  const chain = (x, list) => list.reduce((y, layer) => layer.apply(y), x);
  return (x) => {
    if (!residual) return chain(x, layers);
    const convolution = () => new Conv2D({ filters: input[2], kernelSize: 3, padding: "same" });
    const y = chain(x, [
      convolution(),
      new BatchNormalization(),
      new ReLU(),
      convolution(),
      new BatchNormalization(),
    ]);
    return chain(new Add().apply([x, y]), [new ReLU(), new GlobalAveragePooling2D(), ...layers]);
  };
}

async function network(work) {
  const tendril = await import("tendril");
  const { Dense, Input, Model } = tendril;
  const { classes, input, reconstructs } = work;
  const x = Input({ shape: input });
  const binary = classes === 1 || reconstructs;
  const last = new Dense({ units: classes, activation: binary ? "sigmoid" : "softmax" });
  const model = new Model({ inputs: x, outputs: last.apply(body(tendril, work)(x)), seed: 1 });
  const loss = binary ? "binaryCrossentropy" : "sparseCategoricalCrossentropy";
  model.compile({ optimizer: "adam", loss, metrics: reconstructs ? [] : ["accuracy"], backend });
  return model;
}

/** A measured run with what the plan counts for it: `times` calls of the compiled function. */
function counted(seconds, compiled, times = 1) {
  const { flops, bytes } = compiled?.counts() ?? {};
  return compiled === undefined ? seconds : { seconds, flops: flops * times, bytes: bytes * times };
}

/** The plan of a model whose name begins with a word. */
const planOf = (model, word) => [...model.compiled.plans].find(([name]) => name.startsWith(word))?.[1];

async function training(work) {
  const model = await network(work);
  const { x, shape, labels } = samples(work);
  const inputs = { data: x, shape };
  const targets = work.reconstructs ? inputs : labels;
  const { batch, rows, epochs = 1 } = work;
  const all = () => model.fit(inputs, targets, { batchSize: batch, epochs, verbose: 0 });
  await warmUp(all);
  return async () => counted((await timed(all)) / epochs, planOf(model, "train"), rows / batch);
}

async function prediction(work) {
  const model = await network(work);
  const { x, shape } = samples(work);
  const repeat = work.rows === 1 ? 1000 : 5;
  const all = async () => {
    for (let i = 0; i < repeat; i++) await model.predictOnBatch({ data: x, shape });
  };
  await warmUp(all);
  return async () => counted((await timed(all)) / repeat, planOf(model, "predict"));
}

async function product({ size }) {
  const { compile, deviceArray, variable, zeros } = await import("tendril");
  const matrix = (seed) => deviceArray(uniform(size * size, seed), [size, size], { backend });
  const [a, b] = [matrix(1), matrix(2)];
  // The result stays where it is computed, as it does for the others.
  const c = variable(zeros([size, size]));
  const multiply = compile((a, b) => c.assign(a.matmul(b)), { backend });
  const repeat = repeats(size);
  const all = () => {
    for (let i = 0; i < repeat; i++) multiply.runSync(a, b);
  };
  await warmUp(all);
  return async () => counted((await timed(all)) / repeat, multiply);
}

/** The value of a convolution and both gradients, from a given gradient of the value. */
async function convolution({ batch, size, channels, filters, kernel, depthwise }) {
  const { compile, deviceArray, gradient, variable, zeros } = await import("tendril");
  const array = (seed, shape) =>
    deviceArray(
      uniform(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
      shape,
      { backend },
    );
  const x = array(1, [batch, size, size, channels]);
  const w = array(2, [kernel, kernel, depthwise ? 1 : channels, filters]);
  const g = array(3, [batch, size, size, filters]);
  const results = [g, x, w].map(({ shape }) => variable(zeros(shape)));
  const all = compile(
    (x, w, g) => {
      const y = x.conv(w, { padding: "same", ...(depthwise ? { groups: channels } : {}) });
      const made = [y, ...gradient(y, [x, w], { seed: g })];
      for (const [i, v] of made.entries()) results[i].assign(v);
    },
    { backend },
  );
  const repeat = 5;
  const several = () => {
    for (let i = 0; i < repeat; i++) all.runSync(x, w, g);
  };
  await warmUp(several);
  return async () => counted((await timed(several)) / repeat, all);
}

/** What is kept apart is assigned to a variable, or computed by a function of its own. */
async function fusion({ of, apart }) {
  const { compile, deviceArray, maxPool, variable, zeros } = await import("tendril");
  const array = (seed, shape) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return deviceArray(uniform(count, seed), shape, { backend });
  };
  const box = (shape) => variable(zeros(shape));
  let once;
  if (of === "pooling") {
    const [x, w] = [array(1, [200, 28, 28, 1]), array(2, [3, 3, 1, 8])];
    const [whole, pooled] = [box([200, 26, 26, 8]), box([200, 13, 13, 8])];
    const step = compile(
      (x, w) => {
        const h = x.conv(w).relu();
        if (apart) whole.assign(h);
        pooled.assign(maxPool(h, { size: 2, strides: 2 }));
      },
      { backend },
    );
    once = () => step.runSync(x, w);
  } else {
    const shape = [1352, 16];
    const [w, m, v] = [box(shape), box(shape), box(shape)];
    const first = (g) => m.value.mul(0.9).add(g.mul(0.1));
    const second = (g) => v.value.mul(0.999).add(g.square().mul(0.001));
    const next = (m, v) => w.value.sub(m.mul(0.001).div(v.sqrt().add(1e-7)));
    const all = (g) => {
      const [a, b] = [first(g), second(g)];
      w.assign(next(a, b));
      m.assign(a);
      v.assign(b);
    };
    const parts = [
      (g) => m.assign(first(g)),
      (g) => v.assign(second(g)),
      (_g) => w.assign(next(m.value, v.value)),
    ];
    const g = array(1, shape);
    const inputs = [{ shape, dtype: "float32" }];
    const steps = (apart ? parts : [all]).map((f) =>
      compile(f, { backend, ...(f.length ? { inputs } : {}) }),
    );
    once = () => {
      for (const step of steps) step.runSync(g);
    };
  }
  const repeat = 200;
  const all = () => {
    for (let i = 0; i < repeat; i++) once();
  };
  await warmUp(all);
  return async () => (await timed(all)) / repeat;
}

/**
 * What the machine does at most: the better of sums of products that stay in registers and a product whose operands stay in
 * the cache, or a copy of 64 MB. Products and sums are separate instructions in all that is compared.
 */
async function limit({ of }) {
  const { compile, deviceArray, variable, zeros } = await import("tendril");
  const array = (shape) => deviceArray(uniform(shape[0] * shape[1], 1), shape, { backend });
  const best = async (compute, shapes, to, counts) => {
    const y = variable(zeros(to));
    const work = compile((...xs) => y.assign(compute(...xs)), { backend });
    const arrays = shapes.map(array);
    const once = () => work.runSync(...arrays);
    await warmUp(once);
    const seconds = [];
    for (let i = 0; i < 50; i++) seconds.push(await timed(once));
    return { seconds: Math.min(...seconds), ...counts };
  };
  const [rows, depth] = [2304, 64];
  // Chains that do not wait for each other, short enough that a processor has several of them under way.
  const [chains, steps] = [16, 4];
  const registers = (x) => {
    let all = Array.from({ length: chains }, (_, i) => x.add(i));
    for (let i = 0; i < steps; i++) all = all.map((v) => v.mul(0.99).add(0.01));
    return all.reduce((a, b) => a.add(b));
  };
  const [wide, long] = [
    [2 ** 9, 2 ** 9],
    [2 ** 12, 2 ** 12],
  ];
  const found =
    of === "memory"
      ? [await best((x) => x.mul(2), [long], long, { flops: 0, bytes: 8 * 2 ** 24 })]
      : [
          await best(registers, [wide], wide, { flops: 2 ** 18 * (chains * (2 + 2 * steps) - 1), bytes: 0 }),
          await best(
            (a, b) => a.matmul(b),
            [
              [rows, depth],
              [depth, depth],
            ],
            [rows, depth],
            { flops: 2 * rows * depth ** 2, bytes: 0 },
          ),
        ];
  const rate = ({ seconds, flops, bytes }) => (flops + bytes) / seconds;
  const fastest = found.reduce((a, b) => (rate(b) > rate(a) ? b : a));
  return async () => fastest;
}

/** Undirected edges between random nodes; binary features of the given density whose rows sum to 1, or uniform ones. */
function randomGraph({ nodes, pairs, features, density, classes }, seed) {
  const ends = uniform(2 * pairs, seed).map((v) => Math.floor(v * nodes));
  const [from, to] = [ends.subarray(0, pairs), ends.subarray(pairs)];
  const x = uniform(nodes * features, seed + 1);
  for (let node = 0; density !== undefined && node < nodes; node++) {
    const row = x.subarray(node * features, (node + 1) * features);
    const ones = row.reduce((n, v) => n + (v < density), 0);
    row.forEach((v, i) => {
      row[i] = v < density ? 1 / ones : 0;
    });
  }
  return {
    x: { data: x, shape: [nodes, features], dtype: "float32" },
    edgeIndex: [
      [from, to],
      [to, from],
    ].map(([a, b]) => {
      const both = new Int32Array(2 * pairs);
      both.set(a);
      both.set(b, pairs);
      return both;
    }),
    y: Int32Array.from(uniform(nodes, seed + 2), (v) => Math.floor(v * classes)),
  };
}

function graphs({ Data, KarateClub }, work) {
  if (work.graph === "karate") return KarateClub().at(0);
  if (work.graphs === undefined) {
    const trainMask = {
      data: Uint8Array.from({ length: work.nodes }, (_, i) => Number(i < work.labelled)),
      shape: [work.nodes],
      dtype: "bool",
    };
    return new Data({ ...randomGraph(work, 1), trainMask });
  }
  const sizes = uniform(work.graphs, 1).map((v) => Math.floor(work.nodes * (0.5 + v)));
  return Array.from(sizes, (nodes, i) => {
    const pairs = Math.round((work.pairs * nodes) / work.nodes);
    return new Data({ ...randomGraph({ ...work, nodes, pairs }, 3 * i), y: Int32Array.of(i % 2) });
  });
}

/** Graph convolutions with an activation behind each but the last of them, or behind all where a layer follows. */
function graphNetwork({ GATConv, GCNConv, GraphModel, Linear, dropout, globalMeanPool }, activations, work) {
  const { activation, classes, classifier, dropout: rate = 0, features, heads, hidden } = work;
  const sizes = [features, ...hidden];
  const width = sizes.at(-1) * (heads ?? 1);
  const convolution = (from, to, options) =>
    heads ? new GATConv(from, to, { dropout: rate, ...options }) : new GCNConv(from, to);
  return new (class extends GraphModel {
    convs = [
      ...hidden.map((size, i) => convolution(sizes[i], size, { heads })),
      ...(classifier ? [] : [convolution(width, classes, { heads: 1, concat: false })]),
    ];
    lin = classifier ? new Linear(width, classes) : undefined;

    call(graph, ctx) {
      let x = graph.x;
      for (const [i, conv] of this.convs.entries()) {
        x = dropout(x, rate, ctx);
        x = heads ? conv.call(x, graph.edgeIndex, undefined, ctx) : conv.call(x, graph.edgeIndex);
        if (this.lin || i + 1 < this.convs.length) x = activations[activation](x);
      }
      if (work.graphs !== undefined) x = globalMeanPool(x, graph.batch);
      return this.lin ? this.lin.call(x) : x;
    }
  })();
}

async function graphTraining(work) {
  const [{ losses, where }, graph] = await Promise.all([import("tendril"), import("tendril/graph")]);
  const activations = {
    tanh: (x) => x.tanh(),
    relu: (x) => x.relu(),
    elu: (x) => where(x.greater(0), x, x.minimum(0).exp().sub(1)),
  };
  const model = graphNetwork(graph, activations, work);
  const loss = new losses.SparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: new graph.TorchAdam({ learningRate: 0.01 }), loss, backend });
  const data = graphs(graph, work);
  const many = work.graphs !== undefined;
  const options = { ...(many ? { batchSize: work.batch } : { mask: "trainMask" }), verbose: 0 };
  const all = () => model.fit(data, { ...options, epochs: work.epochs });
  await warmUp(all);
  // The last batch of many graphs is the shorter one: the others are like it, graph by graph.
  const steps = many ? work.graphs / (work.graphs % work.batch || work.batch) : 1;
  return async () => counted((await timed(all)) / work.epochs, planOf(model, "train"), steps);
}

/** The whole work is one cold step; importing is part of it. */
async function startup(work) {
  const { x, shape, labels } = samples(work);
  const prepared = performance.now() - began;
  await (await network(work)).trainOnBatch({ data: x, shape }, labels);
  const seconds = (performance.now() - began - prepared) / 1000;
  return async () => seconds;
}

/**
 * What a first training step takes more than later ones, the weights there, in a process that has done nothing else (but start
 * its backend, where that is `running`): its cache is `empty`, or `filled` by another process.
 */
async function compiling(work) {
  const folder = work.folder ?? mkdtempSync(join(tmpdir(), "tendril-bench-"));
  process.env.TENDRIL_CACHE = folder;
  try {
    if (work.cache === "filled") {
      const before = JSON.stringify({ ...work, cache: "empty", folder });
      execFileSync(process.execPath, [process.argv[1], backend, before], { input: "" });
    }
    const model = await network(work);
    model.getWeights();
    if (work.running) await startBackend(model);
    const { x, shape, labels } = samples(work);
    const step = () => timed(() => model.trainOnBatch({ data: x, shape }, labels));
    const first = await step();
    const later = [await step(), await step(), await step()];
    const seconds = first - Math.min(...later);
    return async () => seconds;
  } finally {
    if (work.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** Sums of all weights: they are on the backend then. */
async function startBackend(model) {
  const { compile } = await import("tendril");
  compile(() => model.weights().map((w) => w.value.sum()), { backend }).runSync();
}

const [name, threads] = backend.split(":");
await takePart(`Tendril ${name}, ${threads} thread${threads === "1" ? "" : "s"}`, {
  train: training,
  predict: prediction,
  matmul: product,
  conv: convolution,
  graph: graphTraining,
  startup,
  compile: compiling,
  fusion,
  limit,
});
