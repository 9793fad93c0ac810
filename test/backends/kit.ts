/**
 * Hand-made kernels and plans for the tests of the backends, and a generator of random ones. Over 400 lines because the
 * generator is one table of steps over shared state.
 */
import type {
  Binding,
  Def,
  DType,
  FoldOp,
  Kernel,
  Param,
  Plan,
  PlanBackend,
  PrimOp,
  Row,
  RunResult,
  Scalar,
  Size,
  Slot,
  Stmt,
  TypedArray,
  Val,
  Value,
} from "../../src/ir/index.ts";
import { primOps } from "../../src/ir/index.ts";

/** Writes a kernel statement by statement. */
export class KernelWriter {
  readonly params: Param[] = [];
  readonly values: Value[] = [];
  body: Stmt[] = [];
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  value(scalar: Scalar, lanes: number, def: Def): Val {
    return this.values.push({ type: { scalar, lanes }, def }) - 1;
  }
  private let(scalar: Scalar, lanes: number, def: Def): Val {
    const v = this.value(scalar, lanes, def);
    this.body.push({ s: "let", value: v });
    return v;
  }
  typeOf(v: Val): { scalar: Scalar; lanes: number } {
    return this.values[v]!.type;
  }

  buffer(dtype: DType, access: "read" | "write" | "update" = "update"): Val {
    const index = this.params.push({ kind: "buffer", name: `p${this.params.length}`, dtype, access }) - 1;
    return this.value("i32", 1, { k: "param", index });
  }
  size(): Val {
    const index = this.params.push({ kind: "size", name: `n${this.params.length}` }) - 1;
    return this.value("i32", 1, { k: "param", index });
  }
  task(): Val {
    return this.value("i32", 1, { k: "task" });
  }
  constant(scalar: Scalar, value: number, lanes = 1): Val {
    return this.value(scalar, lanes, { k: "const", value });
  }
  i(value: number): Val {
    return this.constant("i32", value);
  }
  prim(op: PrimOp, args: Val[], imm?: number): Val {
    const { lanes } = this.typeOf(args[0]!);
    return this.let(
      primOps[op].result,
      lanes,
      imm === undefined ? { k: "prim", op, args } : { k: "prim", op, args, imm },
    );
  }
  load(dtype: DType, addr: Val, offset = 0, lanes = 1, count?: Val): Val {
    const scalar = dtype === "float32" ? "f32" : "i32";
    const def = { k: "load", dtype, addr, offset } as const;
    return this.let(scalar, lanes, count === undefined ? def : { ...def, count });
  }
  splat(arg: Val, lanes: number): Val {
    return this.let(this.typeOf(arg).scalar, lanes, { k: "splat", arg });
  }
  pack(args: Val[]): Val {
    return this.let(this.typeOf(args[0]!).scalar, args.length, { k: "pack", args });
  }
  extract(arg: Val, lane: number): Val {
    return this.let(this.typeOf(arg).scalar, 1, { k: "extract", arg, lane });
  }
  fold(op: FoldOp, arg: Val): Val {
    return this.let(this.typeOf(arg).scalar, 1, { k: "fold", op, arg });
  }
  shuffle(a: Val, b: Val, indices: number[]): Val {
    return this.let(this.typeOf(a).scalar, indices.length, { k: "shuffle", a, b, indices });
  }
  cell(init: Val): Val {
    const { scalar, lanes } = this.typeOf(init);
    const cell = this.value(scalar, lanes, { k: "cell" });
    this.body.push({ s: "cell", cell, init });
    return cell;
  }
  get(cell: Val): Val {
    const { scalar, lanes } = this.typeOf(cell);
    return this.let(scalar, lanes, { k: "get", cell });
  }
  set(cell: Val, value: Val): void {
    this.body.push({ s: "set", cell, value });
  }
  store(dtype: DType, addr: Val, value: Val, offset = 0): void {
    this.body.push({ s: "store", dtype, addr, offset, value });
  }
  prefetch(addr: Val, offset = 0): void {
    this.body.push({ s: "prefetch", addr, offset });
  }
  private inside(write: () => void): Stmt[] {
    const outer = this.body;
    this.body = [];
    write();
    const inner = this.body;
    this.body = outer;
    return inner;
  }
  for(from: Val, to: Val, step: number, write: (i: Val) => void): void {
    const variable = this.value("i32", 1, { k: "loop" });
    const body = this.inside(() => write(variable));
    this.body.push({ s: "for", variable, from, to, step, body });
  }
  loop(again: Val, write: () => void): void {
    this.body.push({ s: "loop", body: this.inside(write), again });
  }
  if(cond: Val, yes: () => void, no: () => void = () => {}): void {
    this.body.push({ s: "if", cond, then: this.inside(yes), else: this.inside(no) });
  }
  /** `base + bytes * index` */
  at(base: Val, index: Val, bytes: number): Val {
    return this.prim("iadd", [base, this.prim("imul", [index, this.i(bytes)])]);
  }

  finish(): Kernel {
    const { name, params, values, body } = this;
    return { name, params, values, body, key: JSON.stringify([name, params, values, body]) };
  }
}

/** A plan of one row whose slots are the kernel's buffers in order: inputs, then outputs. */
export function planOf(
  kernel: Kernel,
  inputs: readonly { dtype: DType; count: Size }[],
  outputs: readonly { dtype: DType; count: Size }[],
  sizes: readonly Size[] = [],
  tasks: Size = 1,
): Plan {
  const slots: Slot[] = [
    ...inputs.map((x, index) => ({ ...x, where: { kind: "input", index } as const })),
    ...outputs.map((x) => ({ ...x, where: { kind: "output", first: 0 } as const })),
  ];
  const args = [...slots.map((_, slot) => ({ slot })), ...sizes.map((size) => ({ size }))];
  const value = (x: { dtype: DType; count: Size }) => ({ shape: [x.count], dtype: x.dtype });
  return {
    slots,
    rows: [{ ...row(kernel), args, tasks }],
    inputs: inputs.map(value),
    variables: [],
    outputs: outputs.map((x, i) => ({ slot: inputs.length + i, value: value(x) })),
  };
}

export function row(kernel: Kernel): Row {
  return { kernel, args: [], tasks: 1, flops: 0, bytes: 0, label: kernel.name };
}

export function runOnce(backend: PlanBackend, plan: Plan, binding: Partial<Binding> = {}): RunResult {
  const e = backend.prepare(plan);
  try {
    return e.run({ inputs: [], variables: [], sizes: new Map(), ...binding });
  } finally {
    e.release();
  }
}

/** Equal numbers, zeros told apart by sign; any NaN equals any other. */
export function sameBits(a: TypedArray, b: TypedArray): boolean {
  return a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
}

/** mulberry32: small, seeded, good enough to pick test cases. */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const HARD_FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  1e-45,
  -1e-40,
  1e-30,
  1e30,
  3e38,
  -3e38,
  2147483648,
  -2147483648,
  2147483520,
  4294967296,
  8388607.5,
  -8388608.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
export const HARD_INTS = [
  0, 1, -1, 2, 3, -7, 255, 256, 65535, 2147483647, -2147483648, -2147483647, 31, 16777217,
];

const LANES = [1, 4, 8, 16];
const IN = 96;

/** A random kernel over all primitives, dtypes and statements, with the inputs to run it on. */
export function randomKernel(seed: number): { plan: Plan; inputs: TypedArray[]; kernel: Kernel } {
  const random = generator(seed);
  const int = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)]!;
  const k = new KernelWriter(`random${seed}`);
  const inTypes: DType[] = ["float32", "int32", "uint8", "bool"];
  const ins = inTypes.map((d) => k.buffer(d, "read"));
  const outF = k.buffer("float32", "write");
  const outI = k.buffer("int32", "write");
  const outU = k.buffer("uint8", "write");
  const outB = k.buffer("bool", "write");
  const work = k.buffer("int32");
  const n = k.size();
  const task = k.task();
  const used = { f: 0, i: 0, u: 0, b: 0 };
  /** Values in scope. */
  let pool: Val[] = [n, task];
  const cells: Val[] = [];
  const want = (scalar: Scalar, lanes: number): Val => {
    const fit = pool.filter((v) => k.typeOf(v).scalar === scalar && k.typeOf(v).lanes === lanes);
    if (fit.length > 0 && random() < 0.85)
      return random() < 0.6 ? fit.at(-1 - int(Math.min(3, fit.length)))! : pick(fit);
    if (lanes > 1 && random() < 0.4) return add(k.splat(want(scalar, 1), lanes));
    const value =
      scalar === "f32" ? Math.fround(pick(HARD_FLOATS)) : scalar === "i32" ? pick(HARD_INTS) : int(2);
    return k.constant(scalar, value, lanes);
  };
  const add = (v: Val): Val => {
    pool.push(v);
    return v;
  };
  const address = (which: number): Val => {
    const bytes = which < 2 ? 4 : 1;
    return k.at(ins[which]!, k.prim("iand", [want("i32", 1), k.i(31)]), bytes);
  };
  const steps: Record<string, () => void> = {
    prim: () => {
      const op = pick(Object.keys(primOps) as PrimOp[]);
      const lanes = pick(LANES);
      let args = primOps[op].args.map((s) => want(s, lanes));
      // The bits of a NaN are nobody's business.
      if (op === "bitsToI") {
        const x = args[0]!;
        args = [k.prim("fselect", [k.prim("feq", [x, x]), x, k.constant("f32", 3, lanes)])];
      }
      add(k.prim(op, args, ["ishl", "ishr", "ushr"].includes(op) ? int(32) : undefined));
    },
    load: () => {
      const which = int(4);
      const lanes = pick(LANES);
      const count =
        random() < 0.3 ? k.prim("isub", [k.prim("iand", [want("i32", 1), k.i(31)]), k.i(5)]) : undefined;
      const v = k.load(inTypes[which]!, address(which), int(12) * (which < 2 ? 4 : 1), lanes, count);
      const use = random();
      if (use < 0.3) out(v);
      else add(use < 0.5 && lanes === 1 ? k.splat(v, pick([4, 8])) : v);
    },
    pack: () => {
      const scalar = pick(["f32", "i32", "bool"] as const);
      add(k.pack(Array.from({ length: pick([4, 8]) }, () => want(scalar, 1))));
    },
    extract: () => {
      const lanes = pick([4, 8, 16]);
      add(k.extract(want(pick(["f32", "i32", "bool"] as const), lanes), int(lanes)));
    },
    fold: () => {
      const op = pick(["fadd", "fmul", "fmin", "fmax", "iadd", "imul", "imin", "imax"] as const);
      add(k.fold(op, want(op[0] === "f" ? "f32" : "i32", pick([4, 8, 16]))));
    },
    shuffle: () => {
      const lanes = pick([4, 8, 16]);
      const scalar = pick(["f32", "i32", "bool"] as const);
      const to = pick([4, 8, 16]);
      add(
        k.shuffle(
          want(scalar, lanes),
          want(scalar, lanes),
          Array.from({ length: to }, () => int(2 * lanes)),
        ),
      );
    },
    cell: () => {
      cells.push(k.cell(want(pick(["f32", "i32", "bool"] as const), pick(LANES))));
    },
    get: () => {
      if (cells.length > 0) add(k.get(pick(cells)));
    },
    set: () => {
      if (cells.length === 0) return;
      const cell = pick(cells);
      const { scalar, lanes } = k.typeOf(cell);
      k.set(cell, want(scalar, lanes));
    },
    store: () => {
      const v = want(pick(["f32", "i32"] as const), pick(LANES));
      out(v);
    },
    // A store into memory that loads read again: loads must not be moved over it.
    work: () => {
      const at = k.at(work, k.prim("iand", [want("i32", 1), k.i(15)]), 4);
      const before = add(k.load("int32", at, 4 * int(3), pick(LANES)));
      k.store("int32", at, want("i32", pick(LANES)), 4 * int(3));
      if (random() < 0.5) add(k.prim("iadd", [before, before]));
    },
  };
  const out = (v: Val): void => {
    const { scalar, lanes } = k.typeOf(v);
    if (scalar === "f32") {
      k.store("float32", outF, v, 4 * used.f);
      used.f += lanes;
    } else if (scalar === "i32" && random() < 0.7) {
      k.store("int32", outI, v, 4 * used.i);
      used.i += lanes;
    } else if (scalar === "i32") {
      k.store("uint8", outU, v, used.u);
      used.u += lanes;
    } else {
      k.store("bool", outB, k.prim("b2i", [v]), used.b);
      used.b += lanes;
    }
  };
  const names = [...Object.keys(steps), "get", "get", "set", "set"];
  const scope = (write: () => void): void => {
    const saved = pool.slice();
    const savedCells = cells.length;
    write();
    for (const v of pool.slice(saved.length)) if (random() < 0.3) out(v);
    pool = saved;
    cells.length = savedCells;
  };
  const block = (depth: number, length: number): void => {
    for (let i = 0; i < length; i++) {
      const dice = random();
      if (depth < 3 && dice < 0.05) {
        const step = 1 + int(3);
        k.for(k.i(int(3) - 1), random() < 0.5 ? n : k.i(int(7)), step, (v) =>
          scope(() => {
            add(v);
            block(depth + 1, 6);
          }),
        );
      } else if (depth < 3 && dice < 0.1) {
        k.if(
          want("bool", 1),
          () => scope(() => block(depth + 1, 4)),
          () => scope(() => block(depth + 1, int(4))),
        );
      } else if (depth < 2 && dice < 0.13) {
        const left = k.cell(k.i(int(4)));
        k.loop(left, () =>
          scope(() => {
            block(depth + 1, 4);
            k.set(left, k.prim("imax", [k.i(0), k.prim("isub", [k.get(left), k.i(1)])]));
          }),
        );
      } else steps[pick(names)]!();
    }
  };
  block(0, 30);
  for (const c of cells) add(k.get(c));
  for (const v of pool) out(v);
  const kernel = k.finish();
  const fill = (d: DType): TypedArray => {
    if (d === "float32")
      return Float32Array.from({ length: IN }, () => (random() < 0.4 ? pick(HARD_FLOATS) : random() * 8 - 4));
    if (d === "int32")
      return Int32Array.from({ length: IN }, () => (random() < 0.4 ? pick(HARD_INTS) : int(64) - 16));
    return Uint8Array.from({ length: IN }, () => int(d === "bool" ? 2 : 256));
  };
  const counts = [used.f, used.i, used.u, used.b, 64];
  const plan = planOf(
    kernel,
    inTypes.map((dtype) => ({ dtype, count: IN })),
    (["float32", "int32", "uint8", "bool", "int32"] as const).map((dtype, i) => ({
      dtype,
      count: counts[i]!,
    })),
    [pick([0, 1, 3, 5])],
    1 + int(2),
  );
  return { plan, inputs: inTypes.map(fill), kernel };
}
