/** What a run draws from PyTorch's generators, and what is left of it where a step is stopped. */
import { afterAll, expect, test } from "vitest";
import { defaultGenerator, manualSeed, TorchGenerator } from "../../src/core/index.ts";
import { Drawing } from "../../src/graph/drawing.ts";

afterAll(() => void manualSeed(null));

test("a step that is stopped has drawn nothing", async () => {
  manualSeed(3);
  const drawing = new Drawing([defaultGenerator]);
  const draw = () => defaultGenerator.rand(4);
  const step = (stopped: boolean) => async () => {
    const drawn = draw();
    if (stopped) throw new Error("stopped");
    return drawn;
  };
  await expect(drawing.whole(true, step(true))).rejects.toThrow("stopped");
  const first = await drawing.whole(true, step(false));
  const second = draw();
  manualSeed(3);
  expect([first, second]).toEqual([draw(), draw()]);
});

test("the order of the epoch under way is kept with the generators", () => {
  const generator = new TorchGenerator(5);
  const drawing = new Drawing([generator]);
  const order = (d: Drawing, epoch: number) => d.orderOf(epoch, () => generator.randperm(9));
  order(drawing, 0);
  const first = order(drawing, 1);
  const state = drawing.state()!;
  const second = order(drawing, 2);
  const other = new Drawing([generator]);
  other.restore(state);
  expect([order(other, 1), order(other, 2)]).toEqual([first, second]);
  expect(new Drawing([]).state()).toBeUndefined();
});
