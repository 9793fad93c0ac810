/** Every kind of failure: its exit code, its message, its document. */
import { spawnSync } from "node:child_process";
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writePng } from "../../src/formats/index.ts";
import { Dense, Flatten, Input, Sequential } from "../../src/nn/index.ts";
import { temporaryFolder, tendril, tendrilJson, writeMnist } from "./kit.ts";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const red = at("\u001b[31mred\n.png");

beforeAll(async () => {
  const model = new Sequential([Input({ shape: [28, 28, 1] }), new Flatten(), new Dense({ units: 10 })], {
    seed: 1,
  });
  await model.save(at("model.h5"));
  await new Sequential([Input({ shape: [3] }), new Dense({ units: 2 })]).save(at("other.h5"));
  writeFileSync(at("cut.h5"), readFileSync(at("model.h5")).subarray(0, 9000));
  writeFileSync(at("text.h5"), "no model");
  const png = writePng({ width: 40, height: 40, channels: 1, data: new Uint8Array(1600).fill(255) });
  writeFileSync(at("blank.png"), png);
  writeFileSync(at("cut.png"), png.subarray(0, 50));
  writeFileSync(at("file"), "");
  writeMnist(folder.path, { cut: 1000 });
  writeFileSync(at("throws.mjs"), "export default () => { throw new RangeError('broken'); };");
  writeFileSync(at("no-default.mjs"), "export const x = 1;");
  const data = (change: string) =>
    `export default () => {
       const make = (n) => ({ images: new Float32Array(n * 784).fill(0.5), labels: new Uint8Array(n) });
       const set = { train: make(40), test: make(10), classes: ["a", "b"] };
       ${change}
       return set;
     };`;
  writeFileSync(at("nan.mjs"), data("set.train.images[17 * 784 + 5] = NaN;"));
  writeFileSync(at("label.mjs"), data("set.train.labels[17] = 2;"));
  writeFileSync(at("ragged.mjs"), data("set.train = { x: [[1, 2], [2], [3, 4, 5]], y: [0, 1, 1] };"));
  writeFileSync(at("cyclic.mjs"), data("const x = []; x.push(x); set.train = { x, y: [0] };"));
  writeFileSync(at("bigint.mjs"), data("set.train = { x: [[1n]], y: [0n] };"));
  writeFileSync(at("classes.mjs"), data("set.classes = 2;"));
  writeFileSync(
    at("many.mjs"),
    data("set.train.labels = new Float64Array(40).fill(1e9); delete set.classes;"),
  );
  writeFileSync(at("never.mjs"), "export default () => new Promise(() => {});");
  writeFileSync(at("exits.mjs"), "export default () => process.exit(0);");
  writeFileSync(at("exits-at-once.mjs"), "process.exit(7);");
  writeFileSync(
    at("exits-later.mjs"),
    `import { Dense, Flatten, Lambda, Sequential } from "tendril";
     export default () => new Sequential([new Flatten(), new Lambda({ function: () => process.exit(0) }), new Dense({ units: 10 })]);`,
  );
  writeFileSync(
    at("misused.mjs"),
    'import { Dense } from "tendril"; export default () => new Dense({ units: -3 });',
  );
  writeFileSync(at("shape.mjs"), data("set.test.images = new Float32Array(10 * 783);"));
});
afterAll(() => folder.remove());

const tiny = ["--samples", "50", "--epochs", "1", "--verbose", "0"];

/** Arguments, exit code, kind of error, and what the message says. */
type Case = readonly [string, () => string[], number, string, RegExp];

/** Folders below /proc cannot be made, and Node's own way of making them never ends. */
const denied = ["--out", "--checkpoint", "--backup"].map((flag): Case => {
  const path = `/proc/none/deep/run${flag === "--checkpoint" ? "/m.h5" : ""}`;
  const code = flag === "--backup" ? 4 : 2;
  return [
    `${flag} where nothing can be written`,
    () => ["train", "digits", flag, path, ...tiny],
    code,
    flag === "--backup" ? "checkpoint" : "usage",
    /ENOENT/,
  ];
});

describe("exit codes", () => {
  const cases: readonly Case[] = [
    ["no command", () => [], 2, "usage", /no command/],
    ["an unknown command", () => ["trian"], 2, "usage", /did you mean `train`/],
    ["an unknown flag", () => ["train", "mnist", "--epoch", "3"], 2, "usage", /did you mean `--epochs`/],
    ["a bad number", () => ["train", "mnist", "--epochs", "0"], 2, "usage", /whole number, at least 1/],
    ["a flag without its value", () => ["train", "mnist", "--out"], 2, "usage", /a value: DIR/],
    ["an unknown data set", () => ["train", "mnits"], 2, "usage", /did you mean `mnist`/],
    [
      "a checkpoint of another kind",
      () => ["train", "mnist", "--checkpoint", "m.weights.h5"],
      2,
      "usage",
      /\.keras or \.h5/,
    ],
    [
      "an unknown model",
      () => ["train", "digits", "--model", "wied", ...tiny],
      2,
      "usage",
      /did you mean `wide`/,
    ],
    [
      "a model that is not there, before data are looked for",
      () => ["train", "mnist", "--data", at("nowhere"), "--model", at("none.h5")],
      4,
      "data",
      /none\.h5[\s\S]*does not exist/,
    ],
    [
      "an output that is a file",
      () => ["train", "digits", "--out", at("file"), ...tiny],
      2,
      "usage",
      /folder/,
    ],
    ["a missing argument", () => ["predict", at("model.h5")], 2, "usage", /FILE is missing/],
    ["missing data", () => ["train", "mnist", "--data", at("nowhere")], 3, "data", /not in the folder/],
    [
      "a truncated IDX file",
      () => ["train", "mnist", "--data", folder.path],
      3,
      "format",
      /cut short|end|bytes/,
    ],
    ["a missing file of data", () => ["train", at("none.mjs")], 3, "data", /does not exist/],
    ["a file that throws", () => ["train", at("throws.mjs")], 3, "data", /RangeError: broken/],
    ["a file without a function", () => ["train", at("no-default.mjs")], 3, "data", /default export/],
    ["NaN in the data", () => ["train", at("nan.mjs"), "--epochs", "1"], 3, "numeric", /row 17/],
    ["a label out of range", () => ["train", at("label.mjs")], 3, "data", /row 17/],
    ["a wrong shape", () => ["train", at("shape.mjs")], 3, "shape", /783|784/],
    ["ragged rows", () => ["train", at("ragged.mjs")], 3, "shape", /1 entries at \[1\]/],
    ["an array that holds itself", () => ["train", at("cyclic.mjs")], 3, "shape", /contains itself/],
    ["values that are no numbers", () => ["train", at("bigint.mjs")], 3, "dtype", /bigint at/],
    ["classes that are no names", () => ["train", at("classes.mjs")], 3, "data", /array of names/],
    ["a label beyond all classes", () => ["train", at("many.mjs")], 3, "data", /1000000000/],
    ["a file that waits for ever", () => ["train", at("never.mjs")], 3, "data", /never comes/],
    ["a file that ends the process", () => ["train", at("exits.mjs")], 3, "data", /process\.exit/],
    ["a file that ends it when loaded", () => ["train", at("exits-at-once.mjs")], 3, "data", /code 7/],
    [
      "a model that ends it in training",
      () => ["train", "digits", "--model", at("exits-later.mjs"), ...tiny],
      3,
      "data",
      /process\.exit/,
    ],
    ["a file that misuses the library", () => ["train", at("misused.mjs")], 3, "data", /positive integer/],
    [
      "a model file that misuses the library",
      () => ["train", "digits", "--model", at("misused.mjs"), ...tiny],
      4,
      "data",
      /positive integer/,
    ],
    ["an empty argument", () => ["summary", ""], 2, "usage", /an empty argument/],
    ["a missing picture", () => ["predict", at("model.h5"), at("none.png")], 3, "data", /does not exist/],
    ["a truncated picture", () => ["predict", at("model.h5"), at("cut.png")], 3, "format", /cut short|end/],
    ["a blank picture", () => ["predict", at("model.h5"), at("blank.png")], 3, "data", /blank|stands out/],
    ["a model for other data", () => ["predict", at("other.h5"), at("blank.png")], 3, "shape", /28/],
    ["a truncated model", () => ["evaluate", at("cut.h5"), "--dataset", "digits"], 4, "format", /cut short/],
    ["a model that is none", () => ["summary", at("text.h5")], 4, "format", /HDF5/],
    ["a missing model", () => ["predict", at("none.h5"), at("blank.png")], 4, "data", /does not exist/],
    [
      "a model file that throws",
      () => ["train", "digits", "--model", at("throws.mjs"), ...tiny],
      4,
      "data",
      /broken/,
    ],
    ...(process.platform === "linux" ? denied : []),
    [
      "divergence",
      () => ["train", "digits", "--learning-rate", "1e30", ...tiny, "--batch-size", "9"],
      5,
      "numeric",
      /finite/,
    ],
  ];

  test.each(cases)("%s", async (_, args, code, kind, message) => {
    const ended = await tendrilJson(args());
    expect(ended.document.error).toMatchObject({ code: kind });
    expect(Object.keys(ended.document)).toEqual(["error"]);
    for (const part of ["code", "where", "expected", "got", "try"])
      expect(ended.document.error).toHaveProperty(part);
    expect(JSON.stringify(ended.document)).toMatch(message);
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
  });
});

describe("text", () => {
  test("data go to the standard output, help and versions too, failures to the standard error", async () => {
    const help = await tendril(["train", "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("--early-stopping PATIENCE");
    const failed = await tendril(["evaluate"]);
    expect(failed).toMatchObject({ code: 2, stdout: "" });
    expect(failed.stderr).toMatch(
      /^error tendril evaluate: MODEL is missing\n {2}expected tendril evaluate MODEL/,
    );
  });

  test("lines of help fit on a screen", async () => {
    const { stdout } = await tendril(["train", "karate", "--help"]);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test.skipIf(!existsSync("/dev/full"))("a full disk under the standard output is said (CK-8)", () => {
    const full = openSync("/dev/full", "w");
    const bin = fileURLToPath(new URL("../../bin/tendril.js", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [bin, "--help"], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^error standard output: [\s\S]*ENOSPC/);
  });

  test("names cannot reach the terminal", async () => {
    copyFileSync(at("blank.png"), red);
    const { stderr } = await tendril(["predict", at("model.h5"), red]);
    expect(stderr).toContain("\\x1b[31mred\\n.png");
    expect(stderr).not.toContain("\u001b");
  });

  test("data and doctor answer without data", async () => {
    const listed = await tendrilJson(["data", "list", "--data", at("nowhere")]);
    expect(listed.document.find((d: { name: string }) => d.name === "mnist")).toMatchObject({ found: null });
    expect(listed.document.find((d: { name: string }) => d.name === "digits")).toMatchObject({
      found: "built in",
    });
    const { document } = await tendrilJson(["doctor"]);
    const working = document.backends.filter((b: { works: boolean }) => b.works);
    const names = working.map((b: { name: string }) => b.name);
    expect(names).toEqual(expect.arrayContaining(["auto", "wasm", "js", "reference"]));
    expect(names.includes("native")).toBe(document.native.compiler !== null);
    expect(document.pictures).toBeNull();
  });

  test("--backend native without a compiler says why; auto has no need of one", async () => {
    const env = { TENDRIL_CC: at("no-compiler") };
    const { code, stderr } = await tendril(
      ["predict", at("model.h5"), at("blank.png"), "--backend", "native"],
      { env },
    );
    expect(code).toBe(1);
    expect(stderr).toContain("no C compiler works");
    expect(stderr).toContain("no-compiler: ENOENT");
    const auto = await tendril(["evaluate", at("model.h5"), "--backend", "auto", "--data", at("nowhere")], {
      env,
    });
    expect(auto.stderr).not.toContain("compiler");
  });
});
