/**
 * Runs a Plan on a machine that can load kernels and walk the entries of a table: binds inputs and variables, lays out
 * the scratch region, copies inputs in and outputs out. What a machine is (WebAssembly, an interpreter) it does not know.
 */
import type {
  Binding,
  DeviceBuffer,
  DType,
  Executable,
  KeptPlans,
  Kernel,
  MemoryReport,
  Plan,
  PlanBackend,
  ProfileRow,
  Replan,
  RunResult,
  Target,
  TypedArray,
  ValueSpec,
} from "../ir/index.ts";
import {
  DTypeError,
  evalSize,
  internal,
  ShapeError,
  showShape,
  TendrilError,
  UsageError,
} from "../ir/index.ts";
import type { Arena } from "./arena.ts";
import { ArenaBuffer, INTERRUPT, readArray, Store, writeArray } from "./arena.ts";
import type { Layout } from "./layout.ts";
import { PlanLayout } from "./layout.ts";

/** What differs between the backends that run plans. */
export interface Machine {
  readonly arena: Arena;
  /** How many threads may share the tasks of a row; each number gives the same bits. */
  readonly threads: number;
  /** How many other threads stand by now. */
  readonly helpers: number;
  /** Where plans for this machine are kept, if they are. */
  readonly plans?: KeptPlans | undefined;
  /** Makes kernels ready; returns a number for each, by which table entries name it. */
  load(kernels: readonly Kernel[]): number[];
  /** Gets other threads to help with what follows, if there should be any. Returns before they are there. */
  summon(): void;
  /** Does the entries [from, to) of the table at byte address `table`: DONE, STOPPED, or the entry of a false guard. */
  walk(table: number, from: number, to: number): number;
  /** Lets the other threads go; plans still run, on one thread. */
  release(): void;
}

/** What `walk` returns where no guard was false: all entries are done; the interrupt word was set. */
export const DONE = -1;
export const STOPPED = -2;

/** The most layouts a plan remembers: enough for an epoch's batch sizes, few enough for ragged batches. */
const LAYOUTS = 64;

/** A backend made of a machine and its memory. */
export class MachineBackend implements PlanBackend {
  readonly runs = "plan";
  readonly name: string;
  readonly target: Target;
  readonly arena: Arena;
  readonly machine: Machine;
  readonly store: Store;

  /** Machines over the same arena may share a `store`: buffers of one are buffers of the other. */
  constructor(name: string, target: Target, machine: Machine, store = new Store(machine.arena)) {
    this.name = name;
    this.target = target;
    this.machine = machine;
    this.arena = machine.arena;
    this.store = store;
  }

  get threads(): number {
    return this.machine.threads;
  }

  get plans(): KeptPlans | undefined {
    return this.machine.plans;
  }

  /**
   * The one word that stops a run: anything but 0, stored there with `Atomics.store`, ends the run in progress (from
   * another thread, where memory is shared) or the next one, as long as it has changed no variable. That run sets it
   * back to 0. Only a view of shared memory may be kept.
   */
  get interruptWord(): Int32Array {
    return this.arena.view().i32.subarray(INTERRUPT / 4, INTERRUPT / 4 + 1);
  }

  release(): void {
    this.machine.release();
  }

  allocate(dtype: DType, count: number, content?: ArrayLike<number>): DeviceBuffer {
    return new ArenaBuffer(this.arena, this.store.ledger, dtype, count, content);
  }

  memory(): MemoryReport {
    return { ...this.store.ledger, reserved: this.arena.reserved };
  }

  prepare(plan: Plan, _replan?: Replan): Executable {
    return new PlanExecutable(this, plan);
  }

  scratch(bytes: number): number {
    return this.store.scratch(bytes);
  }
}

class PlanExecutable implements Executable {
  readonly outputs: readonly ValueSpec[];
  private readonly backend: MachineBackend;
  private readonly plan: Plan;
  private readonly layouts: PlanLayout;
  private readonly kernels: readonly number[];
  private readonly constants: { readonly slot: number; readonly at: number }[] = [];
  /** [slot, index] of inputs and of variables. */
  private readonly inputSlots: readonly (readonly [number, number])[];
  private readonly variableSlots: readonly (readonly [number, number])[];
  private table = -1;
  private readonly image: Int32Array;
  /** By slot: the byte address the table holds now. */
  private readonly addresses: Float64Array;
  private readonly symbols: Float64Array;
  private readonly host: boolean[];
  private readonly cache = new Map<string, Layout>();
  private layout: Layout | undefined;
  private scratchAt = -1;
  private released = false;

  constructor(backend: MachineBackend, plan: Plan) {
    this.backend = backend;
    this.plan = plan;
    this.outputs = plan.outputs.map((o) => o.value);
    this.layouts = new PlanLayout(plan);
    this.kernels = backend.machine.load(plan.rows.map((r) => r.kernel));
    this.addresses = new Float64Array(plan.slots.length);
    this.symbols = new Float64Array(this.layouts.sizes.symbols.length).fill(Number.NaN);
    this.host = plan.inputs.map(() => true);
    this.image = new Int32Array(this.layouts.words);
    const slotsOf = (kind: "input" | "variable"): (readonly [number, number])[] =>
      plan.slots.flatMap(({ where }, slot) => (where.kind === kind ? [[slot, where.index] as const] : []));
    this.inputSlots = slotsOf("input");
    this.variableSlots = slotsOf("variable");
    try {
      this.table = backend.arena.allocate(4 * this.layouts.words);
      plan.slots.forEach(({ where }, slot) => {
        if (where.kind === "constant") this.keepConstant(slot, where.data);
      });
    } catch (error) {
      this.release();
      throw error;
    }
  }

  private keepConstant(slot: number, data: ArrayBufferView): void {
    const { arena } = this.backend;
    const at = arena.allocate(data.byteLength);
    this.constants.push({ slot, at });
    arena.view().u8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    this.addresses[slot] = at;
  }

  run(binding: Binding): RunResult {
    this.bind(binding);
    if (this.layout!.shared) this.backend.machine.summon();
    const status = this.walk(0, this.layouts.entries);
    if (status === STOPPED) return { outputs: [], committed: false, interrupted: true };
    return { outputs: this.outputsNow(), committed: status === DONE, interrupted: false };
  }

  private walk(from: number, to: number): number {
    try {
      const status = this.backend.machine.walk(this.table, from, to);
      if (status === STOPPED) Atomics.store(this.backend.interruptWord, 0, 0);
      return status;
    } catch (cause) {
      if (cause instanceof TendrilError) throw cause;
      return internal(`a kernel left its memory: ${cause}`);
    }
  }

  profile(binding: Binding, repeat: number): readonly ProfileRow[] {
    const { rows, guard } = this.plan;
    const seconds = new Float64Array(rows.length);
    const calls = new Float64Array(rows.length);
    for (let n = 0; n < repeat; n++) {
      this.bind(binding);
      if (this.layout!.shared) this.backend.machine.summon();
      for (let r = 0; r < rows.length; r++) {
        if (guard?.at === r && this.walk(r, r + 1) !== DONE) break;
        const entry = this.layouts.entryOf(r);
        const start = performance.now();
        if (this.walk(entry, entry + 1) !== DONE) break;
        seconds[r]! += (performance.now() - start) / 1000;
        calls[r]! += 1;
      }
    }
    return rows.map((row, r) => ({
      label: row.label,
      kernel: row.kernel.name,
      calls: calls[r]!,
      seconds: seconds[r]!,
      flops: evalSize(row.flops, binding.sizes) * calls[r]!,
      bytes: evalSize(row.bytes, binding.sizes) * calls[r]!,
    }));
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    if (this.table >= 0) this.backend.arena.release(this.table);
    for (const c of this.constants) this.backend.arena.release(c.at);
  }

  /** Makes the table right for this call and copies host inputs in. */
  private bind(binding: Binding): void {
    if (this.released) {
      throw new UsageError({
        where: "run",
        problem: "this plan was released",
        expected: "a live plan",
        try: "compile the function again",
      });
    }
    this.checkCounts(binding);
    let dirty = this.bindSizes(binding);
    const layout = this.layout!;
    const scratch = this.backend.scratch(layout.scratch);
    if (scratch !== this.scratchAt) {
      this.scratchAt = scratch;
      dirty = true;
    }
    if (dirty) {
      layout.offsets.forEach((offset, slot) => {
        if (offset >= 0) this.addresses[slot] = scratch + offset;
      });
    }
    for (const [slot, index] of this.inputSlots) {
      const input = binding.inputs[index]!;
      if (this.host[index]) this.checkHost(index, input as TypedArray, layout.counts[slot]!);
      else if (this.bindBuffer(slot, input as DeviceBuffer, `input ${index}`)) dirty = true;
    }
    for (const [slot, index] of this.variableSlots) {
      if (this.bindBuffer(slot, binding.variables[index]!, `variable ${index}`)) dirty = true;
    }
    const view = this.backend.arena.view();
    if (dirty) {
      this.layouts.write(this.image, this.table, this.kernels, layout, this.addresses);
      view.i32.set(this.image, this.table / 4);
    }
    for (const [slot, index] of this.inputSlots) {
      if (!this.host[index]) continue;
      writeArray(
        view,
        this.plan.slots[slot]!.dtype,
        this.addresses[slot]!,
        binding.inputs[index] as TypedArray,
      );
    }
  }

  private checkCounts({ inputs, variables }: Binding): void {
    if (inputs.length === this.plan.inputs.length && variables.length === this.plan.variables.length) return;
    throw new UsageError({
      where: "run",
      problem: "the wrong number of values",
      expected: `${this.plan.inputs.length} inputs and ${this.plan.variables.length} variables`,
      got: `${inputs.length} and ${variables.length}`,
      try: "pass one value for each input of the plan",
    });
  }

  /** Takes the sizes and kinds of inputs of this call; true where the layout is another one than last time. */
  private bindSizes({ sizes, inputs }: Binding): boolean {
    let same = this.layout !== undefined;
    const table = this.layouts.sizes;
    for (let i = 0; i < table.symbols.length; i++) {
      const value = sizes.get(table.symbols[i]!);
      if (value === this.symbols[i]) continue;
      if (value === undefined || !Number.isInteger(value) || value < 0) {
        this.layout = undefined;
        throw new ShapeError({
          where: "run",
          problem: `the size ${table.names[i]} has no sensible value`,
          expected: "a whole number, 0 or more",
          got: String(value),
          try: "bind it by passing an input of that size",
        });
      }
      this.symbols[i] = value;
      same = false;
    }
    for (let i = 0; i < inputs.length; i++) {
      const host = ArrayBuffer.isView(inputs[i]);
      if (host === this.host[i]) continue;
      this.host[i] = host;
      same = false;
    }
    if (same) return false;
    this.layout = undefined;
    const key = `${this.symbols.join()}/${this.host.join()}`;
    let layout = this.cache.get(key);
    if (layout === undefined) {
      layout = this.layouts.at(this.symbols, (i) => this.host[i]!);
      if (this.cache.size >= LAYOUTS) this.cache.clear();
      this.cache.set(key, layout);
    }
    this.layout = layout;
    return true;
  }

  private checkHost(index: number, input: TypedArray, count: number): void {
    const { dtype, shape } = this.plan.inputs[index]!;
    if (input.length !== count) {
      throw new ShapeError({
        where: `input ${index}`,
        problem: "the array does not have as many elements as its shape says",
        expected: `${count} for ${showShape(shape)}`,
        got: String(input.length),
        try: "check the shape, and the sizes that are bound by name",
      });
    }
    const fits =
      dtype === "float32"
        ? input instanceof Float32Array
        : dtype === "int32"
          ? input instanceof Int32Array
          : input instanceof Uint8Array || (input as unknown) instanceof Uint8ClampedArray;
    if (fits) return;
    throw new DTypeError({
      where: `input ${index}`,
      problem: "the array is of another type",
      expected: dtype,
      got: Object.prototype.toString.call(input).slice(8, -1),
      try: "convert it with toTyped",
    });
  }

  /** Binds a slot to memory of this backend in place; true where its address has changed. */
  private bindBuffer(slot: number, buffer: DeviceBuffer, where: string): boolean {
    if (!(buffer instanceof ArenaBuffer) || !buffer.livesIn(this.backend.arena)) {
      throw new UsageError({
        where,
        problem: "the buffer belongs to another backend",
        expected: `a buffer of the backend ${this.backend.name}`,
        try: "make variables and data sets on the backend that runs the plan",
      });
    }
    const spec = this.plan.slots[slot]!;
    const count = this.layout!.counts[slot]!;
    if (buffer.dtype !== spec.dtype || buffer.count !== count) {
      throw new ShapeError({
        where,
        problem: "the buffer does not fit",
        expected: `${count} elements of ${spec.dtype}`,
        got: `${buffer.count} elements of ${buffer.dtype}`,
        try: "pass the buffer that was made for it",
      });
    }
    const { address } = buffer;
    if (this.addresses[slot] === address) return false;
    this.addresses[slot] = address;
    return true;
  }

  private outputsNow(): TypedArray[] {
    const view = this.backend.arena.view();
    const counts = this.layout!.counts;
    return this.plan.outputs.map(({ slot, value }) =>
      readArray(view, value.dtype, this.addresses[slot]!, counts[slot]!),
    );
  }
}
