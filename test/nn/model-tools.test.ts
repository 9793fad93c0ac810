import { describe, expect, test } from "vitest";
import { gradient, key, ones, randomNormal, type Tensor } from "../../src/core/index.ts";
import { UnsupportedError, UsageError } from "../../src/ir/errors.ts";
import {
  type CallContext,
  Conv2D,
  callContext,
  cloneModel,
  Dense,
  Dropout,
  Flatten,
  Input,
  Lambda,
  Layer,
  layerActivations,
  layerGradients,
  Model,
  Sequential,
} from "../../src/nn/index.ts";
import { testBackend as backend } from "../backends.ts";
import { models } from "./models-table.ts";

const read = (t: Tensor): number[] => [...t.dataSync({ backend })];
const shaped = (t: Tensor) => ({ data: t.dataSync({ backend }), shape: t.shape as number[] });

describe("copies", () => {
  test.each(models)("$name", ({ make }) => {
    const model = make();
    const copy = cloneModel(model, { seed: 5 });
    expect(copy.summary()).toBe(model.summary());
    expect(copy.trainableWeights().map((w) => w.shape)).toEqual(model.trainableWeights().map((w) => w.shape));
    expect(copy.weights().some((w) => model.weights().includes(w))).toBe(false);
    copy.setWeights(model.getWeights());
    const xs = model.inputs.map((p, i) => randomNormal(key(i), [2, ...p.shape]).abs());
    const outputs = (m: Model) => m.forward(xs, callContext()).map(read);
    expect(outputs(copy)).toEqual(outputs(model));
  });

  test("layers may be replaced; functions are copied; code is not", () => {
    const model = new Sequential([
      Input({ shape: [3] }),
      new Dense({ units: 2, trainable: false }),
      new Lambda({ function: (x: Tensor) => x.square() }),
    ]);
    const copy = cloneModel(model, {
      layer: (l) => (l instanceof Dense ? new Dense({ ...l.config, units: 5, name: l.name }) : new Flatten()),
    });
    expect(copy.outputs[0]!.shape).toEqual([5]);
    expect(cloneModel(model).layers[1]!.type).toBe("Lambda");
    expect(cloneModel(model).trainableWeights()).toEqual([]);
    class Own extends Model {}
    expect(() => cloneModel(new Own())).toThrow(UnsupportedError);
  });
});

describe("models that end inside another", () => {
  test("by the output of a layer", () => {
    const model = new Sequential([
      Input({ shape: [6, 6, 1] }),
      new Conv2D({ filters: 2, kernelSize: 3, name: "maps" }),
      new Flatten(),
      new Dense({ units: 2 }),
    ]);
    const features = new Model({ inputs: model.input, outputs: model.getLayer("maps").output });
    const x = ones([1, 6, 6, 1]);
    expect(features.outputs[0]!.shape).toEqual([4, 4, 2]);
    expect(read(features.forward([x], callContext())[0]!)).toEqual(
      read(model.layers[0]!.forward([x], callContext())[0]!),
    );
    expect(model.layers[0]!.input).toBe(model.input);
    expect(features.output).toBe(model.layers[0]!.output);
  });

  test("where there is no single tensor it says so", () => {
    const dense = new Dense({ units: 3 });
    expect(() => dense.output).toThrow(/no single output/);
    const x = Input({ shape: [3] });
    dense.apply(dense.apply(x));
    expect(() => dense.input).toThrow(/2 applications/);
    expect(() => new Sequential([new Dense({ units: 1 })]).input).toThrow(UsageError);
  });
});

describe("looking into a model", () => {
  const inner = () =>
    new Sequential([Input({ shape: [3] }), new Dense({ units: 3, name: "shared" })], {
      name: "inner",
      seed: 3,
    });
  const make = () => {
    const body = inner();
    return new Sequential(
      [
        Input({ shape: [3] }),
        body,
        new Dropout({ rate: 0.5, name: "drop" }),
        new Dense({ units: 1, name: "head" }),
      ],
      { name: "outer", seed: 4 },
    );
  };
  const x = randomNormal(key(1), [4, 3]);

  test("the output of every layer, by name", async () => {
    const model = make();
    const found = await layerActivations(model, shaped(x));
    expect([...found.keys()]).toEqual(["inner/shared", "inner", "drop", "head"]);
    const want = read(model.forward([x], callContext())[0]!);
    read(found.get("head")!).forEach((v, i) => {
      expect(v).toBeCloseTo(want[i]!, 5);
    });
    expect(found.get("inner/shared")!.shape).toEqual([4, 3]);
    const noisy = await layerActivations(model, shaped(x), { training: true });
    expect(read(noisy.get("drop")!)).toContain(0);
  });

  test("the gradients of the loss", async () => {
    const model = make();
    model.compile({ loss: "mse", backend });
    const y = randomNormal(key(2), [4, 1]);
    const before = model.getWeights();
    const found = await layerGradients(model, shaped(x), shaped(y));
    expect(model.getWeights()).toEqual(before);
    const predictions = model.forward([x], callContext())[0]!;
    const error = predictions.sub(y);
    const loss = error.square().mean();
    expect(found.loss).toBeCloseTo(read(loss)[0]!, 6);
    const head = found.layers.get("head")!;
    read(error.mul(2 / 4)).forEach((g, i) => {
      expect(read(head.gradient)[i]).toBeCloseTo(g, 6);
    });
    const named = new Map(model.named());
    expect([...found.weights.keys()].sort()).toEqual([...named.keys()].sort());
    for (const [path, g] of found.weights) {
      const [want] = gradient(loss, [named.get(path)!]) as [Tensor];
      read(want).forEach((v, i) => {
        expect(read(g)[i]).toBeCloseTo(v, 5);
      });
    }
  });

  test("a layer used twice has a row for each use", async () => {
    const shared = new Dense({ units: 3, name: "twice" });
    const inputs = Input({ shape: [3] });
    const model = new Model({ inputs, outputs: shared.apply(shared.apply(inputs)) });
    expect([...(await layerActivations(model, shaped(x))).keys()]).toEqual(["twice", "twice@1"]);
  });
});

test("a layer of one's own adds to the loss", async () => {
  class Sparse extends Layer {
    override call(x: Tensor | Tensor[], ctx: CallContext): Tensor {
      ctx.addLoss((x as Tensor).abs().mean().mul(0.5));
      return x as Tensor;
    }
  }
  const dense = new Dense({ units: 2, kernelInitializer: "ones" });
  const model = new Sequential([Input({ shape: [2] }), dense, new Sparse()]);
  model.compile({ optimizer: "sgd", backend });
  expect(await model.trainOnBatch(shaped(ones([3, 2])))).toEqual([1]);
  expect(dense.kernel.read()[0]).toBeLessThan(1);
});
