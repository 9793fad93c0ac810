/** Where the batches of a run come from: rows in memory, picked by index on the backend, or a stream. */
import { type DeviceArray, deviceArray, permutationHost } from "../core/index.ts";
import type { Turn } from "../core/turn.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { DataError, TendrilError } from "../ir/errors.ts";
import { sameShape } from "../ir/size.ts";
import { checkLabels, withClassWeights } from "./checks.ts";
import type { FitOptions, Resident, Rows, StreamInput } from "./data-adapter.ts";
import { openStream, readRows, unpack } from "./data-adapter.ts";
import { type HostArray, takeRows } from "./host-array.ts";
import type { StepPlace } from "./non-finite.ts";
import type { RunState } from "./resume/run-state.ts";
import type { StateTree } from "./resume/state-tree.ts";
import type { Stepper, Trainer } from "./stepper.ts";
import { allArrays, arraysOf } from "./stepper.ts";
import type { Trainable } from "./trainable.ts";

/** The options that decide about batches. */
type BatchOptions = Pick<
  FitOptions,
  "batchSize" | "stepsPerEpoch" | "shuffle" | "seed" | "classWeight" | "residentLimit" | "initialEpoch"
>;

/** One step of training, ready to be done. */
export interface TrainStep {
  readonly count: number;
  train(): Promise<{ committed: boolean }>;
  /** The rows of the batch, for saying what is wrong with them. */
  rows(): Rows;
  readonly place: Pick<StepPlace, "rowOf">;
}

/** Where batches come from. */
export interface Source {
  readonly steps: number | undefined;
  /** True where a stream ended and cannot begin anew. */
  readonly exhausted: boolean;
  readonly warning: string | undefined;
  /** The steps of an epoch, from batch `from` on. */
  epoch(
    epoch: number,
    turn: Turn,
    from: number,
  ): AsyncGenerator<TrainStep, void> | Generator<TrainStep, void>;
  close(): void;
  /** What the batches to come depend on besides seed and epoch, for a checkpoint; undefined where there is nothing. */
  state?(): StateTree | undefined;
  /** Goes on from what `state` gave. */
  restore?(state: StateTree): void;
}

export interface Opener {
  /** Rows of an epoch (of graphs: nodes), as far as they are known. */
  readonly rows?: number;
  /** What must be the same where a run is restored. */
  readonly conditions: RunState["conditions"];
  open(stepper: Stepper): Source;
}

/** Rows in memory: kept on the backend in their own type, and picked by index, in a new order each epoch. */
export function rowsSource(all: Rows, options: BatchOptions): Opener {
  const steps = options.stepsPerEpoch;
  const batchSize = options.batchSize ?? (steps === undefined ? 32 : Math.ceil(all.count / steps));
  const perEpoch = Math.min(steps ?? Number.POSITIVE_INFINITY, Math.ceil(all.count / batchSize));
  const { shuffle = true, seed = 0 } = options;
  return {
    rows: Math.min(all.count, perEpoch * batchSize),
    conditions: { rows: all.count, batchSize, stepsPerEpoch: perEpoch, shuffle, seed },
    open(stepper) {
      const bytes = allArrays(all).reduce((sum, a) => sum + a.data.byteLength, 0);
      const resident = bytes <= (options.residentLimit ?? 2 ** 30) ? makeResident(all, stepper) : undefined;
      const stepOf = (index: Int32Array, train: Trainer): TrainStep => {
        const rows = () => pickRows(all, index);
        return {
          count: index.length,
          train: () => train(resident ? [index] : arraysOf(rows()), index.length),
          rows,
          place: { rowOf: (row) => index[row]! },
        };
      };
      return {
        steps: perEpoch,
        exhausted: false,
        warning: undefined,
        *epoch(epoch, _turn, from) {
          const order = orderOf(all.count, options, epoch);
          const train = stepper.trainer(all, resident);
          for (let i = from; i < perEpoch; i++) {
            yield stepOf(order.subarray(i * batchSize, Math.min(all.count, (i + 1) * batchSize)), train);
          }
        },
        close() {
          resident?.release();
        },
      };
    },
  };
}

function orderOf(count: number, { shuffle = true, seed = 0 }: BatchOptions, epoch: number): Int32Array {
  return shuffle
    ? permutationHost(seed, "shuffle", epoch, count)
    : Int32Array.from({ length: count }, (_, i) => i);
}

function pickRows(all: Rows, index: Int32Array): Rows {
  return {
    xs: all.xs.map((x) => takeRows(x, index)),
    ys: all.ys.map((y) => takeRows(y, index)),
    weight: all.weight && takeRows(all.weight, index),
    count: index.length,
  };
}

/** All arrays of rows in the memory of the backend that a stepper runs on; what is given twice (an autoencoder's) is there once. */
export function makeResident(all: Rows, stepper: Stepper): Resident {
  const backend = stepper.backend === undefined ? {} : { backend: stepper.backend };
  const place = (data: TypedArray, shape: readonly number[], dtype: DType) =>
    deviceArray(data, [...shape], { dtype, ...backend });
  const given = allArrays(all);
  const placed = new Map<HostArray, DeviceArray>();
  const arrays = given.map((a) => {
    const first = given.find((b) => b.data === a.data && b.dtype === a.dtype && sameShape(b.shape, a.shape))!;
    const there = placed.get(first) ?? place(a.data, a.shape, a.dtype);
    placed.set(first, there);
    return there;
  });
  let isReleased = false;
  return {
    arrays,
    release() {
      if (!isReleased) for (const a of placed.values()) a.release();
      isReleased = true;
    },
  };
}

const ranOut =
  "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at least " +
  "`stepsPerEpoch * epochs` batches.";

/** Batches that come one by one. With `stepsPerEpoch` a pass goes on from epoch to epoch. */
export function streamSource(model: Trainable, stream: StreamInput, options: BatchOptions): Opener {
  const { stepsPerEpoch = 0, seed = 0, initialEpoch = 0 } = options;
  return {
    conditions: { stepsPerEpoch, seed },
    open(stepper) {
      const steps = options.stepsPerEpoch;
      const state = { exhausted: false, warning: undefined as string | undefined };
      let pass: AsyncGenerator<Rows> | undefined;
      return {
        steps,
        get exhausted() {
          return state.exhausted;
        },
        get warning() {
          return state.warning;
        },
        async *epoch(epoch, turn, from) {
          const where = `fit: epoch ${epoch + 1}`;
          let skip = from;
          if (steps === undefined) pass = streamRows(model, stream, turn, where, epoch);
          else if (!pass) {
            pass = streamRows(model, stream, turn, where);
            skip += (epoch - initialEpoch) * steps;
          }
          for (; skip > 0; skip--) {
            const next = await pass.next();
            if (next.done) break;
            checkLabels(model, next.value, where);
          }
          for (let i = from; i !== steps; i++) {
            const next = await pass.next();
            if (next.done) {
              if (steps !== undefined) Object.assign(state, { exhausted: true, warning: ranOut });
              return;
            }
            let rows = next.value;
            checkLabels(model, rows, `fit: epoch ${epoch + 1}, batch ${i + 1}`);
            if (options.classWeight) rows = withClassWeights(rows, options.classWeight);
            yield {
              count: rows.count,
              train: () => stepper.trainer(rows)(arraysOf(rows), rows.count),
              rows: () => rows,
              place: {},
            };
          }
        },
        close() {
          void pass?.return(undefined);
        },
      };
    },
  };
}

/** The batches of pass number `pass` over a stream, read and checked. */
export async function* streamRows(
  model: Trainable,
  stream: StreamInput,
  turn: Turn,
  call: string,
  pass = 0,
): AsyncGenerator<Rows> {
  for await (const { value, where } of streamValues(stream, turn, call, pass)) {
    yield await readRows(model, unpack(value, where, true), where);
  }
}

/** What a stream gives, with words for its place. What it throws is reported with the number of the batch. */
export async function* streamValues(
  stream: StreamInput,
  turn: Turn,
  call: string,
  pass = 0,
): AsyncGenerator<{ readonly value: unknown; readonly where: string }> {
  const iterator = openStream(stream, pass);
  try {
    for (let batch = 1; ; batch++) {
      const where = `${call}, batch ${batch}`;
      let next: IteratorResult<unknown>;
      try {
        next = await turn.race(iterator.next(), where);
      } catch (cause) {
        throw cause instanceof TendrilError ? cause : streamFailed(where, cause);
      }
      if (next.done) return;
      yield { value: next.value, where };
    }
  } finally {
    const closing = iterator.return?.();
    if (closing instanceof Promise) closing.catch(() => undefined);
  }
}

function streamFailed(where: string, cause: unknown): DataError {
  return new DataError({
    where,
    problem: `the iterable threw: ${cause instanceof Error ? cause.message : String(cause)}`,
    expected: "a batch [x, y]",
    try: "see the cause; the model has the weights of the last finished step",
    cause,
  });
}
