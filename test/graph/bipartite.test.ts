/** Operators between two kinds of nodes against recorded cases of PyTorch Geometric: outputs, gradients, first weights. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile, gradient, manualSeed, type Tensor } from "../../src/core/index.ts";
import {
  EdgeConv,
  GATv2Conv,
  GraphConv,
  type GraphModule,
  type NodeInput,
  SAGEConv,
  SimpleConv,
} from "../../src/graph/index.ts";
import { namedState } from "../../src/graph/state.ts";
import { DataError, ShapeError, UsageError } from "../../src/ir/errors.ts";
import { testBackend } from "../backends.ts";
import { moduleOf, type Recorded, tensorOf } from "./operator-cases.ts";
import { type CaseArray, close } from "./oracle.ts";

interface Case extends Pick<Recorded, "op" | "args" | "options"> {
  readonly target: "target" | "same" | "few" | null;
  readonly values: "weight" | "attr" | null;
  readonly text: string;
  readonly weights: Readonly<Record<string, CaseArray>>;
  readonly output: CaseArray;
  readonly cotangent: CaseArray;
  readonly gradients: Readonly<Record<string, CaseArray>>;
}

type Pairs = readonly [number[], number[]];
type File = Record<"source" | "target" | "same" | "few" | "weight" | "attr", CaseArray> & {
  readonly edges: Pairs;
  readonly edgesToFew: Pairs;
  readonly cases: Readonly<Record<string, Case>>;
};
const file: File = JSON.parse(
  readFileSync(new URL("../reference/pyg-bipartite.json", import.meta.url), "utf8"),
);

type Operator = GraphModule & { call(x: NodeInput, edges: Pairs, values?: Tensor): Tensor };

beforeAll(() => void manualSeed(null));
afterAll(() => void manualSeed(null));

describe.each(Object.entries(file.cases))("%s", (_, c) => {
  const edges = c.target === "few" ? file.edgesToFew : file.edges;
  const made = () => moduleOf(c) as Operator;

  test("the first weights are those that PyTorch draws; printed alike", () => {
    manualSeed(7);
    const module = made();
    manualSeed(null);
    const state = module.stateDict();
    expect([...state.keys()].sort()).toEqual(Object.keys(c.weights).sort());
    for (const [name, { shape, data }] of state) {
      expect(shape).toEqual(c.weights[name]!.shape);
      Array.from(data, Number).forEach((v, i) => {
        expect(v, name).toBeCloseTo(c.weights[name]!.data[i]!, 6);
      });
    }
    if (!c.text.includes("nn=")) expect(String(module)).toBe(c.text);
  });

  test("output and gradients", async () => {
    const module = made();
    const weights = new Map(namedState(module));
    for (const [name, weight] of weights) weight.write(c.weights[name]!.data);
    const graded = Object.keys(c.gradients);
    const run = compile(
      (source, target, cotangent) => {
        const values = c.values === null ? undefined : tensorOf(file[c.values]);
        // In PyTorch Geometric `size` says how many targets there are.
        const out = module.call([source, c.target === null ? 7 : target], edges, values);
        const inputs: Record<string, Tensor> = { source, target };
        const targets = graded.map((name) => inputs[name] ?? weights.get(name.slice("weight:".length))!);
        return [out, ...gradient(out, targets, { seed: cotangent })];
      },
      { backend: testBackend },
    );
    const target = file[c.target ?? "target"];
    const [out, ...slopes] = await run(tensorOf(file.source), tensorOf(target), tensorOf(c.cotangent));
    close(out!, c.output, 1e-5, 1e-4, "output");
    slopes.forEach((slope, i) => {
      close(slope, c.gradients[graded[i]!]!, 1e-5, 1e-3, graded[i]!);
    });
    run.release();
  });
});

describe("what does not fit is refused", () => {
  const [source, target] = [tensorOf(file.source), tensorOf(file.target)];
  const sage = new SAGEConv([3, 2], 4);

  test("edges to nodes that do not exist", () => {
    expect(() => sage.call([source, target], [[5], [0]])).toThrow(DataError);
    expect(() => sage.call([source, target], [[0], [7]])).toThrow(/a target below 7/);
    expect(() => sage.call([source, target], [[-1], [0]])).toThrow(DataError);
    expect(sage.call([source, null], [[0], [7]]).shape).toEqual([8, 4]);
  });

  test("features that are missing, or of another width", () => {
    expect(() => sage.call([source, tensorOf(file.same)], file.edges).dataSync()).toThrow(ShapeError);
    expect(() => new GATv2Conv([3, 2], 4).call([source, 7], file.edges)).toThrow(/SAGEConv/);
    expect(() => new EdgeConv([]).call([source, null], file.edges)).toThrow(UsageError);
    const loops = new SimpleConv({ combineRoot: "selfLoop" });
    expect(() => loops.call([source, target], file.edges)).toThrow(/no self-loops/);
    const reversed = new GraphConv([3, 2], 4, { flow: "targetToSource" });
    expect(() => reversed.call([source, target], file.edges)).toThrow(/sourceToTarget/);
  });
});
