/** What a run over graphs draws from PyTorch's generators: kept with the run, and as if not drawn where a step is stopped. */
import { defaultGenerator, type TorchGenerator, type TorchGeneratorState } from "../core/index.ts";
import type { StateTree } from "../nn/resume/state-tree.ts";

/** The state of the generators, and the order of the epoch under way, which was drawn from them. */
interface DrawingState {
  readonly generators: readonly TorchGeneratorState[];
  readonly epoch: number | undefined;
  readonly order: Int32Array | undefined;
}

export class Drawing {
  readonly #generators: readonly TorchGenerator[];
  #order: { readonly epoch: number; readonly order: Int32Array } | undefined;

  constructor(generators: readonly TorchGenerator[]) {
    this.#generators = generators;
  }

  /** How many generators are drawn from. */
  get count(): number {
    return this.#generators.length;
  }

  /** The order of an epoch: the one that it went on with before, or a new one. */
  orderOf(epoch: number, draw: () => Int32Array): Int32Array {
    if (this.#order?.epoch !== epoch) this.#order = { epoch, order: draw() };
    return this.#order.order;
  }

  /** Does a step that draws noise; where it throws, nothing is drawn. */
  async whole<T>(draws: boolean, step: () => Promise<T>): Promise<T> {
    if (!draws) return step();
    const before = defaultGenerator.save();
    try {
      return await step();
    } catch (error) {
      defaultGenerator.restore(before);
      throw error;
    }
  }

  /** All of it, for a checkpoint; undefined where nothing is drawn. */
  state(): StateTree | undefined {
    if (this.count === 0) return undefined;
    const generators = this.#generators.map((g) => g.save());
    return { generators, ...this.#order } satisfies Partial<DrawingState> as unknown as StateTree;
  }

  /** Goes on from what `state` gave. */
  restore(state: StateTree): void {
    const { generators, epoch, order } = state as unknown as DrawingState;
    for (const [i, saved] of generators.entries()) this.#generators[i]?.restore(saved);
    this.#order = epoch === undefined || order === undefined ? undefined : { epoch, order };
  }
}
