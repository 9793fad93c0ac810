/** Models made, trained and disposed of, and files that do not load, leave no memory behind (reliability MM-3, MM-5). */
import { expect, test } from "vitest";
import { gradient, memory, variable, zeros } from "../../src/core/index.ts";
import { UsageError } from "../../src/ir/errors.ts";
import { loadModel, modelToH5, modelToKeras } from "../../src/nn/index.ts";
import { backend, disposeOfMany, fit, made, x, y } from "./memory-kit.ts";

test("models that are made, trained for two steps and disposed of (MM-3)", () => disposeOfMany(20));

test("200 files that do not load (MM-3)", async () => {
  const model = made();
  await model.fit(x, y, fit);
  const files = [await modelToH5(model), await modelToKeras(model)];
  model.dispose();
  const { buffers, bytes } = memory(backend);
  for (let i = 0; i < 200; i++) {
    const file = files[i % 2]!;
    const cut = file.slice(0, Math.floor(((i + 0.5) / 200) * file.length));
    await expect(loadModel(cut)).rejects.toMatchObject({ code: expect.stringMatching(/format|limit|data/) });
  }
  expect(memory(backend)).toMatchObject({ buffers, bytes });
});

test("what was freed is refused, not stale, and may be freed twice (MM-5)", async () => {
  const model = made();
  await model.fit(x, y, fit);
  const kept = model.getWeights();
  model.dispose();
  model.dispose();
  expect(kept[0]!.every(Number.isFinite)).toBe(true);
  await expect(model.predict(x, { verbose: 0 })).rejects.toThrow(/dense\/kernel: this variable was released/);
  await expect(model.fit(x, y, fit)).rejects.toThrow(UsageError);
  expect(() => model.getWeights()).toThrow(/released/);
  const v = variable(zeros([2]), { name: "v" });
  const value = v.value.add(1);
  v.release();
  v.release();
  expect(() => v.read()).toThrow(/v: this variable was released/);
  // A value that was handed out is no box: it keeps what it was.
  expect([...value.dataSync({ backend })]).toEqual([1, 1]);
  expect(() => gradient(v.value.square().sum(), [v])[0]!.dataSync({ backend })).toThrow(UsageError);
  // Setting it again is a way back.
  model.setWeights(kept);
  await expect(model.predict(x, { verbose: 0 })).resolves.toBeDefined();
});
