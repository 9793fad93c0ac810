import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { exponent, fixed, metricText, pythonFloat } from "../../src/nn/number-format.ts";
import { Progress, type ProgressOptions } from "../../src/nn/progress.ts";
import { blobs, classifier } from "./training-kit.ts";

describe("numbers as Python prints them", () => {
  test.each([
    [0.03125, 4, "0.0312"],
    [0.09375, 4, "0.0938"],
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [-0.03125, 4, "-0.0312"],
    [2.675, 2, "2.67"],
    [0.00005, 4, "0.0001"],
    [123456.7, 1, "123456.7"],
    [Number.NaN, 4, "nan"],
    [Number.NEGATIVE_INFINITY, 4, "-inf"],
  ])("%f to %i decimals is %s", (x, digits, text) => {
    expect(fixed(x, digits)).toBe(text);
  });

  test.each([
    [1, "1.0"],
    [0, "0.0"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [1e16, "1e+16"],
    [123456789012345, "123456789012345.0"],
    [0.4050000190734864, "0.4050000190734864"],
  ])("%f is %s", (x, text) => {
    expect(pythonFloat(x)).toBe(text);
  });

  test("small values get an exponent", () => {
    expect(exponent(0.00012345678, 4)).toBe("1.2346e-04");
    expect(metricText(0.001, { signed: false })).toBe("1.0000e-03");
    expect(metricText(0.00101, { signed: false })).toBe("0.0010");
    expect(metricText(-0.5, { signed: false })).toBe("-0.5000");
    expect(metricText(-0.5, { signed: true })).toBe("-5.0000e-01");
  });
});

/** A clock that goes on by `tick` at every look, and what was written. */
function recorder(options: Partial<ProgressOptions>, tick: number, interactive = true) {
  let now = 0;
  let written = "";
  const progress = new Progress({
    printer: { write: (text) => void (written += text), interactive },
    verbose: 1,
    target: 3,
    clock: () => {
      const t = now;
      now += tick;
      return t;
    },
    ...options,
  });
  return { progress, text: () => written };
}

describe("the bar", () => {
  test("is repainted on a terminal", () => {
    const { progress, text } = recorder({}, 0.1);
    progress.update(1, { loss: 2.5 });
    progress.update(2, { loss: 0.0005 });
    progress.finish({ loss: 1.25, val_loss: 1 });
    const bold = (s: string) => `\x1b[1m${s}\x1b[0m`;
    const bar = (done: number) => `\x1b[32m${"━".repeat(done)}\x1b[0m\x1b[37m${"━".repeat(20 - done)}\x1b[0m`;
    const first = `${bold("1/3")} ${bar(6)} ${bold("0s")} 100ms/step - loss: 2.5000`;
    const second = `${bold("2/3")} ${bar(13)} ${bold("0s")} 100ms/step - loss: 5.0000e-04`;
    const last = `${bold("3/3")} ${bar(20)} ${bold("0s")} 100ms/step - loss: 1.2500 - val_loss: 1.0000`;
    const widths = [first, second].map((s) => stripVTControlCharacters(s).length);
    expect(text()).toBe(
      `\r${first}${"\b".repeat(widths[0]!)}\r${second}${"\b".repeat(widths[1]!)}\r${last}\n`,
    );
  });

  test("is painted at most every 50 ms", () => {
    const { progress, text } = recorder({ target: 50 }, 0.01);
    for (let i = 1; i <= 49; i++) progress.update(i, {});
    expect(text().split("\r").length - 1).toBe(10);
  });

  test("is one plain line elsewhere", () => {
    const { progress, text } = recorder({ prefix: "Epoch 1/2 - " }, 0.4, false);
    progress.update(1, { loss: 2 });
    progress.finish({ accuracy: 0.08804, loss: 2.3558 });
    expect(text()).toBe("Epoch 1/2 - 3/3 - 1s - 200ms/step - accuracy: 0.0880 - loss: 2.3558\n");
  });

  test("without a known end counts steps", () => {
    const { progress, text } = recorder({ target: undefined }, 0.1);
    progress.update(7, { loss: 1 });
    expect(text()).toContain("      7/Unknown \x1b[1m0s\x1b[0m 14ms/step - loss: 1.0000");
    progress.finish({ loss: 1 });
    expect(text()).toContain("7/7");
  });
});

describe("what fit prints", () => {
  const { x, y } = blobs(20);

  async function printed(verbose: 0 | 1 | 2 | "auto", interactive = false): Promise<string> {
    let text = "";
    const model = classifier();
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    const print = { write: (t: string) => void (text += t), interactive };
    await model.fit(x, y, { epochs: 2, batchSize: 6, validationSplit: 0.1, verbose, print });
    return text;
  }
  const line = String.raw`3/3 - \ds - \d+[mu]?s/step - accuracy: \d\.\d{4} - loss: \d\.\d{4} - val_accuracy: .* - val_loss: \d\.\d{4}`;

  test("verbose 0: nothing", async () => {
    expect(await printed(0)).toBe("");
  });
  test("verbose 2: Keras's lines", async () => {
    expect(await printed(2)).toMatch(new RegExp(`^Epoch 1/2\n${line}\nEpoch 2/2\n${line}\n$`));
  });
  test("auto, not on a terminal: one plain line per epoch", async () => {
    expect(await printed("auto")).toMatch(new RegExp(`^Epoch 1/2 - ${line}\nEpoch 2/2 - ${line}\n$`));
  });
  test("on a terminal: a title and a bar per epoch", async () => {
    const text = await printed(1, true);
    expect(text.match(/Epoch \d\/2\n/g)).toHaveLength(2);
    expect(text.match(/\n/g)).toHaveLength(4);
    expect(text).toContain("\x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m");
  });
});
