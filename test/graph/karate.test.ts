/** The karate club: PyTorch Geometric's introduction, with its losses from the same seed and a recorded run. */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { manualSeed, type Tensor } from "../../src/core/index.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { GATConv } from "../../src/graph/index.ts";
import { compiled, data, GCN, train } from "./karate-kit.ts";
import { close } from "./oracle.ts";

const shared = new URL("../../../shared/reference/training/", import.meta.url);

afterAll(() => void manualSeed(null));

describe("from seed 1234", () => {
  test("GCNConv gives the notebook's losses and accuracy", async () => {
    manualSeed(1234);
    const model = compiled(new GCN());
    const { history } = await train(model, 401);
    const at = [0, 10, 20, 50, 100, 150, 200, 250, 300, 350, 400];
    expect(at.map((i) => (history.loss![i] as number).toFixed(4))).toEqual([
      "1.4324",
      "1.3547",
      "1.2063",
      "0.5632",
      "0.1795",
      "0.0999",
      "0.0667",
      "0.0486",
      "0.0374",
      "0.0299",
      "0.0246",
    ]);
    const { accuracy } = await model.evaluate(data);
    expect(accuracy!.toFixed(3)).toBe("0.824");
    expect((await model.evaluate(data, { mask: "trainMask" })).accuracy).toBe(1);
    expect(`${model}`).toBe(
      "GCN(\n  (conv1): GCNConv(34, 4)\n  (conv2): GCNConv(4, 4)\n  (conv3): GCNConv(4, 2)\n" +
        "  (classifier): Linear(in_features=2, out_features=4, bias=True)\n)",
    );
  });

  test("GATConv gives PyTorch Geometric's loss and accuracy", async () => {
    manualSeed(1234);
    const model = compiled(new GCN(GATConv));
    const { history } = await train(model, 401);
    expect((history.loss!.at(-1) as number).toFixed(4)).toBe("0.1442");
    expect((await model.evaluate(data)).accuracy!.toFixed(3)).toBe("0.618");
  });
});

test.skipIf(!existsSync(shared))("a run from recorded weights ends in the recorded ones", async () => {
  const file = (name: string) => readFileSync(new URL(`karate_gcn.${name}`, shared));
  const { losses } = JSON.parse(file("json").toString()) as { losses: number[] };
  const final = readSafetensors(file("final.safetensors")).tensors;
  const model = compiled(new GCN());
  await model.load(file("initial.safetensors"));
  const { history } = await train(model, losses.length);
  losses.forEach((loss, i) => {
    expect(Math.abs((history.loss![i] as number) - loss)).toBeLessThan(1e-4 * loss);
  });
  for (const [name, { shape, data: values }] of model.stateDict()) {
    const saved = final.get(`final:${name}`)!;
    expect(shape).toEqual(saved.shape);
    Array.from(values, Number).forEach((v, i) => {
      expect(Math.abs(v - Number(saved.data[i]))).toBeLessThan(5e-4);
    });
  }
  const [logits, embedding] = (await model.predict(data)) as Tensor[];
  close(logits!, final.get("logits") as never, 1e-3, 1e-3, "logits");
  close(embedding!, final.get("embedding") as never, 1e-3, 1e-3, "embedding");
});
