import { UsageError } from "../../ir/errors.ts";
import type { Data, GraphArray } from "../data.ts";
import type { Transform } from "../dataset.ts";
import { generatorOf, type RandomOptions } from "../utils/random.ts";
import { named } from "./transform.ts";

/** How nodes are split: what is left is for training (`trainRest`), for the test (`testRest`), or unused (`random`). */
export type NodeSplit = "trainRest" | "testRest" | "random";

export interface RandomNodeSplitOptions extends RandomOptions {
  /** Default `trainRest`. */
  split?: NodeSplit | undefined;
  /** So many splits, as columns of the masks. Default 1. */
  numSplits?: number | undefined;
  /** Training nodes of each class, with `testRest` and `random`. Default 20. */
  numTrainPerClass?: number | undefined;
  /** A number of nodes, or a share of them below 1. Default 500. */
  numVal?: number | undefined;
  /** The same, with `trainRest` and `random`. Default 1000. */
  numTest?: number | undefined;
  /** The field with the classes; graphs without it stay as they are. Default `y`. */
  key?: string | undefined;
}

/**
 * Adds `trainMask`, `valMask` and `testMask`, drawn as PyTorch Geometric draws them.
 *
 * @throws UsageError for a way to split that there is not.
 */
export function RandomNodeSplit(options: RandomNodeSplitOptions = {}): Transform {
  const { split = "trainRest", numSplits = 1, key = "y" } = options;
  if (!["trainRest", "testRest", "random"].includes(split)) {
    throw new UsageError({
      where: "RandomNodeSplit",
      problem: "there is no such way to split",
      expected: "trainRest, testRest or random",
      got: String(split),
      try: 'split: "random"',
    });
  }
  const label = split.replace(/[A-Z]/, (c) => `_${c.toLowerCase()}`);
  return named(`RandomNodeSplit(split=${label})`, (data) => {
    if (!data.fields.has(key)) return data;
    const drawn = Array.from({ length: numSplits }, () => draw(data, options));
    const mask = (part: number) => columns(drawn.map((parts) => parts[part]!));
    return data.with({ trainMask: mask(0), valMask: mask(1), testMask: mask(2) });
  });
}

/** Training, validation and test nodes of one split. */
function draw(data: Data, options: RandomNodeSplitOptions): Uint8Array[] {
  const { split = "trainRest", numTrainPerClass = 20, key = "y" } = options;
  const nodes = data.numNodes;
  const countOf = (n: number) => (n > 0 && n < 1 ? roundHalfEven(n * nodes) : n);
  const [numVal, numTest] = [countOf(options.numVal ?? 500), countOf(options.numTest ?? 1000)];
  const generator = generatorOf(options);
  const shuffled = (list: ArrayLike<number>) => generator.randperm(list.length).map((i) => list[i]!);
  const train = new Uint8Array(nodes);
  const mark = (list: Int32Array, mask = new Uint8Array(nodes)) => {
    for (const node of list) mask[node] = 1;
    return mask;
  };
  if (split === "trainRest") {
    const order = generator.randperm(nodes);
    const rest = order.subarray(numVal + numTest);
    return [mark(rest), mark(order.subarray(0, numVal)), mark(order.subarray(numVal, numVal + numTest))];
  }
  const classes = data.array(key).data;
  let most = -1;
  for (const c of classes) most = Math.max(most, c);
  for (let c = 0; c <= most; c++) {
    const own = Int32Array.from(classes.keys()).filter((node) => classes[node] === c);
    mark(shuffled(own).subarray(0, numTrainPerClass), train);
  }
  const rest = shuffled(Int32Array.from(train.keys()).filter((node) => train[node] === 0));
  const test = rest.subarray(numVal, split === "random" ? numVal + numTest : undefined);
  return [train, mark(rest.subarray(0, numVal)), mark(test)];
}

/** Python's `round`: halves go to the even number. */
function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  return x - below === 0.5 ? below + (below % 2) : Math.round(x);
}

/** Masks side by side; one alone has no second axis. */
function columns(masks: readonly Uint8Array[]): GraphArray {
  const rows = masks[0]?.length ?? 0;
  const data = new Uint8Array(rows * masks.length);
  masks.forEach((mask, c) => {
    mask.forEach((m, r) => {
      data[r * masks.length + c] = m;
    });
  });
  return { data, shape: masks.length === 1 ? [rows] : [rows, masks.length], dtype: "bool" };
}
