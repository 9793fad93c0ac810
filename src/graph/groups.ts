/**
 * Groups: values that belong together, such as the edges that end at a node or the nodes of a graph. Reductions over them, and
 * their adjoints, go along compressed rows, so that nothing is scattered.
 */
import {
  arange,
  argsort,
  customGradient,
  maximum,
  searchsorted,
  segmentMax,
  segmentMin,
  segmentProd,
  segmentSum,
  sizeOf,
  Tensor,
  take,
  takeOrZero,
  tensor,
  where,
} from "../core/index.ts";
import { ShapeError, UsageError } from "../ir/errors.ts";
import { addSize, mulSize, type Size, sameSize, showShape } from "../ir/size.ts";
import { keptOf, type Ratio } from "./kept.ts";

/** The arrays that describe groups; each is asked for once, when it is needed. */
export interface GroupArrays {
  /** Where each group begins among the sorted values: int32 [size + 1]. */
  readonly ptr: () => Tensor;
  /** The group of each value, as the values stand: int32 [count]. */
  readonly ids: () => Tensor;
  /** Where values do not stand sorted by group: their positions in the order of groups, and the inverse. */
  readonly order?: (() => Tensor) | undefined;
  readonly rank?: (() => Tensor) | undefined;
  /** 0, 1, …: as many as the largest group has values; only of sorted groups whose sizes the host knows. */
  readonly span?: (() => Tensor) | undefined;
  /** What is kept where the best of each group are chosen; only of sorted groups whose sizes the host knows. */
  readonly kept?: ((ratio: Ratio) => KeptArrays) | undefined;
}

/** Groups of what is kept of others. */
export interface KeptArrays extends GroupArrays {
  readonly count: Size;
  /** Positions of what is kept where each group is sorted, best first: int32 [count]. */
  readonly positions: () => Tensor;
}

/** Adds to a sum of exponentials before dividing by it, as PyTorch Geometric does: an empty group gives 0. */
const softmaxEpsilon = 1e-16;

/** The least variance of which a root is taken: PyTorch Geometric's. */
const leastVariance = 1e-5;

export class Groups {
  /** The number of groups. */
  readonly size: Size;
  /** The number of values. */
  readonly count: Size;
  /** One value in words, for messages. */
  readonly what: string;
  readonly #arrays: GroupArrays;
  #ptr: Tensor | undefined;
  #ids: Tensor | undefined;

  constructor(size: Size, count: Size, what: string, arrays: GroupArrays) {
    this.size = size;
    this.count = count;
    this.what = what;
    this.#arrays = arrays;
  }

  /**
   * Groups from the number of the group of each value, in any order.
   *
   * @param index int32 [count]; a number that is no group belongs to none.
   */
  static of(index: Tensor | ArrayLike<number>, size: Size, what = "value"): Groups {
    const listed = !(index instanceof Tensor);
    const ptr = listed && typeof size === "number" ? pointersOf(index, size) : undefined;
    if (ptr !== undefined) return Groups.sorted(ptr, what);
    const ids = listed ? tensor(Int32Array.from(index)) : index;
    const order = argsort(ids);
    return new Groups(size, ids.shape[0]!, what, {
      ptr: () => searchsorted(take(ids, order), arange(addSize(size, 1)), "left"),
      ids: () => ids,
      order: () => order,
      rank: () => argsort(order),
    });
  }

  /** One group of everything. */
  static single(count: Size, what = "value"): Groups {
    if (typeof count === "number") return Groups.sorted(Int32Array.of(0, count), what);
    return new Groups(1, count, what, {
      ptr: () => arange(2).mul(sizeOf(count)),
      ids: () => arange(count).mul(0),
    });
  }

  /** Groups of values that stand sorted, from where each begins. */
  static sorted(ptr: Int32Array, what = "value"): Groups {
    return new Groups(ptr.length - 1, ptr.at(-1)!, what, constantArrays(ptr));
  }

  /**
   * The best values of each group: a share `ratio` of them (rounded up), or that many.
   *
   * @param scores [count]; equal ones as they stand.
   * @returns which values are kept, group by group, best first, and their groups.
   * @throws UsageError where the host does not know how large the groups are.
   */
  best(scores: Tensor, ratio: Ratio): { index: Tensor; groups: Groups } {
    this.#fits(scores, this.count, this.what);
    const kept = this.#arrays.kept?.(ratio);
    if (kept === undefined) {
      throw new UsageError({
        where: "the best of each group",
        problem: "how large the groups are is not known before the program runs",
        expected: "the groups of a batch, or sorted group numbers",
        got: "groups computed in the program, or unsorted",
        try: "pass the batch of the graph that the model is called with",
      });
    }
    const byScore = argsort(scores, 0, { descending: true });
    const byGroup = take(byScore, argsort(take(this.ids, byScore)));
    const groups = new Groups(this.size, kept.count, this.what, kept);
    return { index: take(byGroup, kept.positions()), groups };
  }

  /** Where each group begins among the sorted values: int32 [size + 1]. */
  get ptr(): Tensor {
    this.#ptr ??= this.#arrays.ptr();
    return this.#ptr;
  }

  /** The group of each value: int32 [count]. */
  get ids(): Tensor {
    this.#ids ??= this.#arrays.ids();
    return this.#ids;
  }

  /** How many values each group has: int32 [size]. */
  get sizes(): Tensor {
    return this.ptr.slice(1).sub(this.ptr.slice(0, -1));
  }

  /** The value of its group for each value: [size, …] → [count, …]. The gradient is a sum over groups. */
  spread(rows: Tensor): Tensor {
    this.#fits(rows, this.size, "group");
    return customGradient((r) => ({
      value: take(r, this.ids),
      gradient: (g) => [this.sum(g)],
    }))(rows);
  }

  /** Sums [count, …] → [size, …]; 0 for an empty group. */
  sum(values: Tensor): Tensor {
    this.#fits(values, this.count, this.what);
    return customGradient((v) => ({
      value: segmentSum(this.sorted(v), this.ptr),
      gradient: (g) => [this.spread(g)],
    }))(values);
  }

  /** Means; 0 for an empty group. */
  mean(values: Tensor): Tensor {
    const each = maximum(this.sizes, 1).cast("float32");
    return this.sum(values).div(column(each, values.rank));
  }

  /** The largest values; 0 for an empty group. Equal ones share the gradient. */
  max(values: Tensor): Tensor {
    return this.#extreme(values, segmentMax);
  }

  /** The smallest values; 0 for an empty group. Equal ones share the gradient. */
  min(values: Tensor): Tensor {
    return this.#extreme(values, segmentMin);
  }

  #extreme(values: Tensor, reduce: (v: Tensor, ptr: Tensor) => Tensor): Tensor {
    this.#fits(values, this.count, this.what);
    return customGradient((v) => {
      const value = reduce(this.sorted(v), this.ptr);
      const gradient = (g: Tensor) => {
        const winners = v.equal(this.spread(value)).cast("float32").stopGradient();
        return [this.spread(g.div(maximum(this.sum(winners), 1))).mul(winners)];
      };
      return { value, gradient };
    })(values);
  }

  /** Products; 1 for an empty group. */
  mul(values: Tensor): Tensor {
    this.#fits(values, this.count, this.what);
    return segmentProd(this.sorted(values), this.ptr);
  }

  /** Variances, divided by the number of values; 0 for an empty group. */
  var(values: Tensor): Tensor {
    return this.mean(values.square()).sub(this.mean(values).square());
  }

  /** Standard deviations; 0, without a gradient, where the variance is at most 1e-5. */
  std(values: Tensor): Tensor {
    const variance = this.var(values);
    const wide = variance.greater(leastVariance);
    return where(wide, where(wide, variance, 1).sqrt(), 0);
  }

  /** exp(v) / (Σ exp(v) + 1e-16) within each group, without overflow: [count, …] → [count, …]. */
  softmax(values: Tensor): Tensor {
    const highest = this.spread(this.max(values.stopGradient())).stopGradient();
    const e = values.sub(highest).exp();
    // Added behind the spreading, which reads 0 for what belongs to no group: nothing is divided by 0.
    return e.div(this.spread(this.sum(e)).add(softmaxEpsilon));
  }

  /**
   * Values side by side for each group, zeros behind those of small groups: [count, …] → [size, steps, …]. As many steps as the
   * largest group has values unless given; values beyond them are left out.
   *
   * @throws UsageError where `steps` is not given and the host does not know how large the groups are.
   */
  dense(values: Tensor, steps?: Size): Tensor {
    this.#fits(values, this.count, this.what);
    const span = steps === undefined ? this.span : arange(steps);
    if (typeof span?.shape[0] !== "number") {
      throw new UsageError({
        where: "values side by side",
        problem: "how large the groups are is not known before the program runs",
        expected: "the most values that are to be seen of a group",
        got: "none",
        try: "maxNumElements: 32",
      });
    }
    const { rows, positions, places } = this.blocks(span);
    const inner = values.shape.slice(1);
    return customGradient((sorted) => ({
      value: takeOrZero(sorted, positions).reshape([this.size, span.shape[0]!, ...inner]),
      gradient: (g) => [takeOrZero(g.reshape([rows, ...inner]), places())],
    }))(this.sorted(values));
  }

  /** 0, 1, …: as many as the largest group has values. Undefined where values are not sorted, or sizes not known to the host. */
  get span(): Tensor | undefined {
    return this.#arrays.span?.();
  }

  /**
   * Every group in a block of as many rows as `span` has: the position of each row among the sorted values (-1 where the group has
   * fewer), and the row of each value (-1 where the block has fewer).
   */
  blocks(span: Tensor): { readonly rows: Size; readonly positions: Tensor; places(): Tensor } {
    const steps = span.shape[0]!;
    const rows = mulSize(this.size, steps);
    const begin = this.ptr.slice(0, -1).expandDims(1);
    const there = span.less(this.sizes.expandDims(1));
    return {
      rows,
      positions: where(there, begin.add(span), -1).reshape([rows]),
      places: () => {
        const sorted = this.sorted(this.ids);
        const offset = arange(this.count).sub(take(this.ptr, sorted));
        return where(offset.less(sizeOf(steps)), sorted.mul(sizeOf(steps)).add(offset), -1);
      },
    };
  }

  /** The values in the order of groups. */
  protected sorted(values: Tensor): Tensor {
    const { order, rank } = this.#arrays;
    if (order === undefined) return values;
    return customGradient((v) => ({
      value: take(v, order()),
      gradient: (g) => [take(g, rank!())],
    }))(values);
  }

  #fits(values: Tensor, size: Size, what: string): void {
    if (values.rank > 0 && sameSize(values.shape[0]!, size)) return;
    throw new ShapeError({
      where: `reduction over ${this.what}s`,
      problem: `there must be one row of values for each ${what}`,
      expected: showShape([size, ...values.shape.slice(1)]),
      got: showShape(values.shape),
      try: `check that the values belong to this graph, which has ${size} ${what}s`,
    });
  }
}

/** Groups that stand sorted, as constants. */
export function constantArrays(ptr: Int32Array, ids = idsOf(ptr)): GroupArrays {
  return {
    ptr: () => tensor(ptr),
    ids: () => tensor(ids),
    span: () => arange(largestOf(ptr)),
    kept(ratio) {
      const kept = keptOf(ptr, ratio);
      return {
        ...constantArrays(kept.ptr, kept.ids),
        count: kept.ids.length,
        positions: () => tensor(kept.positions),
      };
    },
  };
}

/** The most values of a group, but at least 1. */
export function largestOf(ptr: Int32Array): number {
  let most = 1;
  for (let g = 0; g + 1 < ptr.length; g++) most = Math.max(most, ptr[g + 1]! - ptr[g]!);
  return most;
}

function idsOf(ptr: Int32Array): Int32Array {
  const ids = new Int32Array(ptr.at(-1)!);
  for (let g = 0; g + 1 < ptr.length; g++) ids.fill(g, ptr[g], ptr[g + 1]);
  return ids;
}

/** Where each group begins, from group numbers in ascending order; undefined where they are not. */
function pointersOf(ids: ArrayLike<number>, size: number): Int32Array | undefined {
  const ptr = new Int32Array(size + 1);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id < 0 || id >= size || (i > 0 && id < ids[i - 1]!)) return undefined;
    ptr[id + 1]!++;
  }
  for (let g = 0; g < size; g++) ptr[g + 1]! += ptr[g]!;
  return ptr;
}

/** One number per row, shaped to meet values of `rank` axes. */
export function column(perRow: Tensor, rank: number): Tensor {
  return perRow.reshape([perRow.shape[0]!, ...Array.from({ length: rank - 1 }, () => 1)]);
}

/**
 * The rows of `all` at `index`, each at most once; `rank` is the inverse, -1 elsewhere, so that the gradient is gathered and not
 * scattered.
 */
export function pickRows(all: Tensor, index: Tensor, rank: Tensor): Tensor {
  return customGradient((v) => ({
    value: take(v, index),
    gradient: (g) => [takeOrZero(g, rank)],
  }))(all);
}
