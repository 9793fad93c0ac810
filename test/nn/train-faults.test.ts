/** Over 400 lines: a table of bad calls and their messages. */
import { describe, expect, test } from "vitest";
import { TendrilError } from "../../src/ir/errors.ts";
import {
  Adam,
  Dense,
  type FitOptions,
  Input,
  LambdaCallback,
  Model,
  RMSprop,
  Sequential,
  SGD,
  TerminateOnNaN,
} from "../../src/nn/index.ts";
import { blobs, classifier, flatWeights } from "./training-kit.ts";

const { x, y } = blobs(24);
const quiet = { verbose: 0 } as const;

function compiled(optimizer: "sgd" | SGD = "sgd"): Sequential {
  const model = classifier(2);
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

/** A model of one number, for labels that may be anything. */
function regression(learningRate = 0.01): Sequential {
  const model = new Sequential(
    [new Dense({ units: 4, activation: "tanh", inputShape: [2] }), new Dense({ units: 1 })],
    { seed: 1 },
  );
  model.compile({ optimizer: new SGD({ learningRate }), loss: "mse" });
  return model;
}

async function failure(work: Promise<unknown>): Promise<TendrilError> {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(TendrilError);
  return error as TendrilError;
}

function replaced(rows: readonly number[][], row: number, column: number, value: number): number[][] {
  return rows.map((r, i) => (i === row ? r.map((v, j) => (j === column ? value : v)) : r));
}

describe("a value that is not finite stops the step that meets it (TR-1)", () => {
  const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e39];

  test.each(bad)("%f in a feature", async (value) => {
    const model = compiled();
    let last = flatWeights(model);
    const watch = new LambdaCallback({ onTrainBatchEnd: () => void (last = flatWeights(model)) });
    const options: FitOptions = { ...quiet, batchSize: 4, shuffle: false, epochs: 2, callbacks: watch };
    const error = await failure(model.fit(replaced(x, 13, 1, value), y, options));
    expect(error).toMatchObject({ code: "numeric", where: "fit: epoch 1, step 4" });
    expect(error.message).toMatch(/row 13, column 1 of x/);
    expect(error.details).toMatchObject({ epoch: 1, step: 4, row: 13, column: 1, place: "x" });
    expect(flatWeights(model)).toEqual(last);
    expect(last.every(Number.isFinite)).toBe(true);
    expect(model.compiled!.optimizer.iterations).toBe(3);
    await expect(model.fit(x, y, quiet)).resolves.toBeDefined();
  });

  test("the row is that of the data set, however it was shuffled", async () => {
    for (const seed of [0, 1, 2]) {
      const error = await failure(
        compiled().fit(replaced(x, 7, 0, Number.NaN), y, { ...quiet, batchSize: 5, seed }),
      );
      expect(error.details).toMatchObject({ row: 7, column: 0 });
    }
  });

  test("in an image the place is told too", async () => {
    const model = new Sequential([new Dense({ units: 2, inputShape: [2, 3] }), new Dense({ units: 1 })]);
    model.compile({ loss: "mse" });
    const images = new Float32Array(24).fill(1);
    images[6 * 2 + 5] = Number.NaN;
    const labels = { data: new Float32Array(8), shape: [4, 2, 1] };
    const error = await failure(model.fit({ data: images, shape: [4, 2, 3] }, labels, quiet));
    expect(error.message).toMatch(/row 2, column 5 \(position \[1, 2\]\) of x/);
  });

  test.each(bad)("%f in a label of a regression", async (value) => {
    const labels = y.map((v, i) => (i === 5 ? value : v));
    const error = await failure(regression().fit(x, labels, { ...quiet, batchSize: 4, shuffle: false }));
    expect(error).toMatchObject({ code: "numeric", where: "fit: epoch 1, step 2" });
    expect(error.message).toMatch(/row 5 of y/);
  });

  test("NaN among class numbers is found before the first step", async () => {
    const error = await failure(
      compiled().fit(
        x,
        y.map((v, i) => (i === 5 ? Number.NaN : v)),
        quiet,
      ),
    );
    expect(error).toMatchObject({ code: "numeric" });
    expect(error.message).toMatch(/before epoch 1, step 1[\s\S]*row 5/);
  });

  test("in a sample weight", async () => {
    const weight = y.map((_, i) => (i === 20 ? Number.POSITIVE_INFINITY : 1));
    const error = await failure(compiled().fit(x, y, { ...quiet, sampleWeight: weight }));
    expect(error.message).toMatch(/row 20 of sampleWeight/);
  });

  test("in a weight", async () => {
    const model = compiled();
    const weights = model.getWeights();
    weights[2]![3] = Number.NaN;
    model.setWeights(weights);
    const error = await failure(model.fit(x, y, quiet));
    expect(error.message).toMatch(/layers\.1\.kernel holds nan[\s\S]*position 3/);
  });

  test("in validation data and in evaluate", async () => {
    const bad = replaced(x, 3, 0, Number.NaN);
    const inFit = await failure(compiled().fit(x, y, { ...quiet, validationData: [bad, y] }));
    expect(inFit.where).toBe("fit: validation: epoch 1, step 1");
    expect(inFit.message).toMatch(/row 3, column 0 of x/);
    const evaluated = await failure(compiled().evaluate(bad, y, quiet));
    expect(evaluated.message).toMatch(/evaluate: step 1[\s\S]*row 3, column 0/);
    const batch = await failure(compiled().trainOnBatch(bad, y));
    expect(batch.message).toMatch(/trainOnBatch: step 1[\s\S]*row 3, column 0/);
  });

  test("in a stream the row is that of the batch", async () => {
    const batches = () =>
      [
        [x, y],
        [replaced(x, 2, 1, Number.NaN), y],
      ] as never;
    const error = await failure(compiled().fit(batches, undefined, quiet));
    expect(error.message).toMatch(/step 2[\s\S]*row 2, column 1 of x \(of batch 2\)/);
  });

  test("TerminateOnNaN ends quietly instead, as Keras does", async () => {
    const model = compiled();
    let text = "";
    const { history } = await model.fit(replaced(x, 13, 1, Number.NaN), y, {
      verbose: 2,
      batchSize: 4,
      shuffle: false,
      epochs: 5,
      callbacks: new TerminateOnNaN(),
      print: (t) => void (text += t),
    });
    expect(text).toMatch(/Batch 3: Invalid loss, terminating training\n/);
    expect(history.loss).toHaveLength(1);
    expect(flatWeights(model).every(Number.isFinite)).toBe(true);
    const strict = new TerminateOnNaN({ raiseError: true });
    const error = await failure(
      compiled().fit(replaced(x, 1, 1, Number.NaN), y, { ...quiet, callbacks: strict }),
    );
    expect(error.code).toBe("numeric");
  });
});

describe("numbers that run away (TR-2)", () => {
  test.each([
    ["SGD", new SGD({ learningRate: 1e30 })],
    ["SGD with momentum", new SGD({ learningRate: 1e30, momentum: 0.9 })],
    ["RMSprop", new RMSprop({ learningRate: 1e38 })],
    ["Adam", new Adam({ learningRate: 3e38 })],
  ])("a learning rate far too large: %s", async (_, optimizer) => {
    const model = regression();
    model.compile({ optimizer, loss: "mse" });
    const error = await failure(model.fit(x, y, { ...quiet, epochs: 50 }));
    expect(error).toMatchObject({ code: "numeric" });
    expect(error.message).toMatch(/epoch \d+, step 1[\s\S]*try/);
    expect(flatWeights(model).every(Number.isFinite)).toBe(true);
  });

  test("the logarithm of 0 in a loss of the user's own", async () => {
    const model = regression();
    model.compile({ optimizer: "sgd", loss: (t, p) => p.mul(0).log().mul(t).sum(-1) });
    const error = await failure(
      model.fit(
        x,
        y.map(() => 1),
        quiet,
      ),
    );
    expect(error.message).toMatch(/the loss is -inf/);
  });

  test("the root of 0: the gradient is named", async () => {
    const model = regression();
    model.compile({ optimizer: "sgd", loss: (_, p) => p.sub(p).sqrt().sum(-1).add(p.square().sum(-1)) });
    const error = await failure(model.fit(x, y, quiet));
    expect(error.message).toMatch(/the gradient of layers\.0\.kernel is not finite/);
  });
});

describe("what cannot be trained is refused before the first step (TR-7)", () => {
  const labels = (change: (v: number, i: number) => number) => y.map(change);
  const oneHot = y.map((v) => [1 - v, v]);
  const calls: [what: string, code: string, message: RegExp, work: () => Promise<unknown>][] = [
    ["not compiled", "usage", /must call compile\(\) before/, () => classifier().fit(x, y, quiet)],
    [
      "a mistyped option",
      "usage",
      /no option `epoch`[\s\S]*did you mean `epochs`/,
      () => compiled().fit(x, y, { ...quiet, epoch: 3 } as never),
    ],
    ["one of predict", "usage", /no option `batch`/, () => compiled().predict(x, { batch: 3 } as never)],
    ["one of evaluate", "usage", /no option `step`/, () => compiled().evaluate(x, y, { step: 3 } as never)],
    [
      "label too large",
      "data",
      /out of range[\s\S]*0 to 1[\s\S]*7 at row 4/,
      () =>
        compiled().fit(
          x,
          labels((v, i) => (i === 4 ? 7 : v)),
          quiet,
        ),
    ],
    [
      "label negative",
      "data",
      /out of range[\s\S]*-1 at row 0/,
      () =>
        compiled().fit(
          x,
          labels((v, i) => (i === 0 ? -1 : v)),
          quiet,
        ),
    ],
    [
      "label not whole",
      "data",
      /not a whole number[\s\S]*0.5 at row 9/,
      () =>
        compiled().fit(
          x,
          labels((v, i) => (i === 9 ? 0.5 : v)),
          quiet,
        ),
    ],
    [
      "one-hot for class numbers",
      "data",
      /belong to categoricalCrossentropy/,
      () => compiled().fit(x, oneHot, quiet),
    ],
    [
      "class numbers for one-hot",
      "data",
      /use sparseCategoricalCrossentropy/,
      () => {
        const model = classifier();
        model.compile({ loss: "categoricalCrossentropy" });
        return model.fit(x, y, quiet);
      },
    ],
    [
      "binary label 2",
      "data",
      /labels 0 or 1[\s\S]*2 at row 3/,
      () => {
        const model = regression();
        model.compile({ loss: "binaryCrossentropy" });
        return model.fit(
          x,
          labels((v, i) => (i === 3 ? 2 : v)),
          quiet,
        );
      },
    ],
    ["targets of another width", "data", /one target per output/, () => regression().fit(x, oneHot, quiet)],
    ["no rows", "data", /there are no rows/, () => compiled().fit([], [], quiet)],
    ["no labels", "data", /labels are needed/, () => compiled().fit(x, undefined, quiet)],
    [
      "fewer labels",
      "data",
      /different numbers of rows[\s\S]*x 24, y 20/,
      () => compiled().fit(x, y.slice(0, 20), quiet),
    ],
    [
      "fewer weights",
      "data",
      /sampleWeight 3/,
      () => compiled().fit(x, y, { ...quiet, sampleWeight: [1, 1, 1] }),
    ],
    [
      "one row and a split",
      "data",
      /Training data contains 1 samples, which is not sufficient to split/,
      () => compiled().fit([[1, 2]], [0], { ...quiet, validationSplit: 0.5 }),
    ],
    [
      "a split of 1.5",
      "data",
      /validationSplit=1.5/,
      () => compiled().fit(x, y, { ...quiet, validationSplit: 1.5 }),
    ],
    [
      "features missing",
      "shape",
      /rows of shape \[2\][\s\S]*rows of shape \[1\]/,
      () =>
        compiled().fit(
          x.map((r) => [r[0]!]),
          y,
          quiet,
        ),
    ],
    [
      "features changed at predict",
      "shape",
      /predict: x[\s\S]*\[3\]/,
      () =>
        compiled().predict(
          x.map((r) => [...r, 0]),
          quiet,
        ),
    ],
    [
      "wrong rank",
      "shape",
      /rows of shape \[2\][\s\S]*\[24, 2\]/,
      () => compiled().fit([x, x], [0, 1], quiet),
    ],
    [
      "a column of text",
      "dtype",
      /not a number[\s\S]*"red" at \[2\]\[1\]/,
      () =>
        compiled().fit(
          [
            [1, 2],
            [3, 4],
            [5, "red"],
          ] as never,
          [0, 1, 0],
          quiet,
        ),
    ],
    ["text as x", "data", /not an array of numbers/, () => compiled().fit("mnist.csv" as never, y, quiet)],
    [
      "null as x",
      "data",
      /not an array of numbers[\s\S]*null/,
      () => compiled().fit(null as never, y, quiet),
    ],
    [
      "ragged rows",
      "shape",
      /ragged[\s\S]*\[1\]/,
      () => compiled().fit([[1, 2], [3]] as never, [0, 1], quiet),
    ],
    [
      "ragged depth",
      "dtype",
      /ragged/,
      () =>
        compiled().fit(
          [
            [1, [2]],
            [3, 4],
          ] as never,
          [0, 1],
          quiet,
        ),
    ],
    [
      "flat values that are no rows",
      "shape",
      /multiple of 2/,
      () => compiled().fit(new Float32Array(47), y, quiet),
    ],
    [
      "a shape that does not fit",
      "shape",
      /4 values for \[2, 2\]/,
      () => compiled().fit({ data: new Float32Array(5), shape: [2, 2] }, [0, 1], quiet),
    ],
    [
      "batch size 0",
      "usage",
      /batchSize must be a whole number/,
      () => compiled().fit(x, y, { ...quiet, batchSize: 0 }),
    ],
    ["batch size 2.5", "usage", /got {6}2.5/, () => compiled().fit(x, y, { ...quiet, batchSize: 2.5 })],
    ["epochs -1", "usage", /epochs/, () => compiled().fit(x, y, { ...quiet, epochs: -1 })],
    ["verbose 3", "usage", /verbosity/, () => compiled().fit(x, y, { verbose: 3 as never })],
    ["seed 0.5", "usage", /seed/, () => compiled().fit(x, y, { ...quiet, seed: 0.5 })],
    [
      "class and sample weights",
      "usage",
      /multiply the class factors/,
      () => compiled().fit(x, y, { ...quiet, classWeight: { 0: 1 }, sampleWeight: y }),
    ],
    [
      "class weight of a name",
      "usage",
      /name classes by their number/,
      () => compiled().fit(x, y, { ...quiet, classWeight: { cat: 1 } as never }),
    ],
    [
      "a callback class itself",
      "usage",
      /TerminateOnNaN itself/,
      () => compiled().fit(x, y, { ...quiet, callbacks: TerminateOnNaN as never }),
    ],
    ["y with a stream", "usage", /let the iterable yield/, () => compiled().fit(() => [] as never, y, quiet)],
    [
      "a split of a stream",
      "usage",
      /pass validationData/,
      () => compiled().fit(() => [] as never, undefined, { ...quiet, validationSplit: 0.5 }),
    ],
    [
      "an unknown loss",
      "usage",
      /did you mean/,
      async () => classifier().compile({ loss: "mean_squared_eror" }),
    ],
    [
      "an unknown optimizer",
      "usage",
      /did you mean `Adam`/,
      async () => classifier().compile({ optimizer: "adma" }),
    ],
    [
      "an unknown metric",
      "usage",
      /did you mean/,
      () => {
        const model = classifier();
        model.compile({ loss: "sparseCategoricalCrossentropy", metrics: ["acuracy"] });
        return model.fit(x, y, quiet);
      },
    ],
    ["an unknown option", "usage", /unknown option lr/, async () => classifier().compile({ lr: 1 } as never)],
    [
      "losses for other outputs",
      "usage",
      /an entry named other/,
      () => {
        const model = classifier();
        model.compile({ loss: { other: "mse" } });
        return model.fit(x, y, quiet);
      },
    ],
    [
      "no loss at all",
      "usage",
      /there is no loss/,
      () => {
        const model = classifier();
        model.compile({});
        return model.fit(x, y, quiet);
      },
    ],
    [
      "one input of two",
      "usage",
      /one array for each of a, b/,
      () => {
        const [a, b] = [Input({ shape: [1], name: "a" }), Input({ shape: [1], name: "b" })];
        const model = new Model({ inputs: [a, b], outputs: [new Dense({ units: 1 }).apply(a), b] });
        model.compile({ loss: "mse" });
        return model.fit([[1], [2], [3]], [[1], [2]], quiet);
      },
    ],
  ];

  test.each(calls)("%s", async (_, code, message, work) => {
    const error = await failure(Promise.resolve().then(work));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(error.try).toBeTruthy();
  });

  test("nothing was trained by any of them", async () => {
    const model = compiled();
    const before = flatWeights(model);
    await failure(
      model.fit(
        x,
        labels((v, i) => (i === 4 ? 7 : v)),
        quiet,
      ),
    );
    expect(flatWeights(model)).toEqual(before);
    expect(model.compiled!.optimizer.iterations).toBe(0);
  });
});
