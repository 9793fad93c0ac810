/**
 * Plans on disk, beside the compiled kernels: what one process has planned, the next one reads. A plan is written when its
 * kernels are compiled and found only while they are there, so the kernels of a plan that was read need no body.
 */
import {
  addSize,
  Dim,
  floorDivSize,
  internal,
  type KeptPlans,
  type Kernel,
  mulSize,
  type Plan,
  type Size,
  type ValueSpec,
} from "../../ir/index.ts";
import type { UnitStore } from "./store.ts";

/** Plans that wait for their kernels; the oldest is given up. */
const MOST_WAITING = 16;

/** What the key of a kernel without a body begins with; the name of its function follows. */
const COMPILED = "compiled ";

/** The function of a kernel that has no body because it was read with its plan; undefined for others. */
export function functionOf({ key }: Kernel): string | undefined {
  return key.startsWith(COMPILED) ? key.slice(COMPILED.length) : undefined;
}

interface Waiting {
  readonly symbols: readonly Dim[];
  readonly plan: Plan;
}

export class PlanFiles implements KeptPlans {
  private readonly store: UnitStore;
  private readonly symbolOf: (kernel: Kernel) => string | undefined;
  /** Tells plans of different builds of the library apart. */
  private readonly build: string;
  private readonly waiting = new Map<string, Waiting>();

  /** `symbolOf` gives the function of a kernel that has been printed. */
  constructor(store: UnitStore, symbolOf: (kernel: Kernel) => string | undefined, build: string) {
    this.store = store;
    this.symbolOf = symbolOf;
    this.build = build;
  }

  find(key: string, symbols: readonly Dim[]): Plan | undefined {
    const text = this.store.read(this.name(key));
    if (text === undefined) return undefined;
    const plan = decode(text, symbols);
    const isThere = plan.rows.every(({ kernel }) => this.store.find(functionOf(kernel)!) !== undefined);
    return isThere ? plan : undefined;
  }

  keep(key: string, symbols: readonly Dim[], plan: Plan): void {
    this.waiting.set(key, { symbols, plan });
    if (this.waiting.size > MOST_WAITING) this.waiting.delete(this.waiting.keys().next().value!);
  }

  /** Writes the plans whose kernels have been compiled since. */
  write(): void {
    for (const [key, { symbols, plan }] of this.waiting) {
      const functions = new Map<Kernel, string>();
      for (const { kernel } of plan.rows) {
        const symbol = this.symbolOf(kernel);
        if (symbol !== undefined && this.store.find(symbol) !== undefined) functions.set(kernel, symbol);
      }
      if (plan.rows.some((r) => !functions.has(r.kernel))) continue;
      this.waiting.delete(key);
      this.store.write(this.name(key), encode(plan, symbols, functions));
    }
  }

  private name(key: string): string {
    return `${this.build}\n${key}`;
  }
}

/** A size as plain data: the terms, each a coefficient and its atoms: places of symbols, or [size, by] for a floored quotient. */
type PlainSize = number | readonly (readonly [coef: number, ...atoms: PlainAtom[]])[];
type PlainAtom = number | readonly [of: PlainSize, by: number];

function plainSize(size: Size, symbols: readonly Dim[]): PlainSize {
  if (typeof size === "number") return size;
  return size.terms.map(({ coef, atoms }) => [
    coef,
    ...atoms.map((a): PlainAtom => {
      if (a.kind === "floorDiv") return [plainSize(a.of, symbols), a.by];
      const place = symbols.findIndex((s) => s.key === new Dim([{ coef: 1, atoms: [a] }]).key);
      return place >= 0 ? place : internal(`the size ${a.name} is none of the program's`);
    }),
  ]);
}

function sizeOf(plain: PlainSize, symbols: readonly Dim[]): Size {
  if (typeof plain === "number") return plain;
  return plain.reduce((sum: Size, [coef, ...atoms]) => {
    const factors = atoms.map((a) =>
      typeof a === "number" ? symbols[a]! : floorDivSize(sizeOf(a[0], symbols), a[1]),
    );
    return addSize(sum, factors.reduce(mulSize, coef as Size));
  }, 0);
}

const arrays = { Float32Array, Int32Array, Uint8Array };

/** What a plan is written as: in the places of its symbolic sizes, arrays and kernels, plain data for them. */
interface PlainPlan {
  readonly plan: Plan;
  /** Each size once; in its place stands its number here, as a text. */
  readonly sizes: readonly PlainSize[];
  /** In the place of each kernel stands its number here. */
  readonly kernels: readonly (Pick<Kernel, "name" | "params"> & { readonly symbol: string })[];
}

/** In the place of an array. */
interface PlainArray {
  readonly type: keyof typeof arrays;
  readonly base64: string;
}

/** The plan with something else in the place of each size, array and kernel. */
function mapPlan(
  { slots, rows, inputs, variables, outputs, ...rest }: Plan,
  to: {
    size(s: unknown): unknown;
    array(data: unknown): unknown;
    kernel(k: unknown): unknown;
  },
): Plan {
  const size = (s: Size) => to.size(s) as Size;
  const spec = <T extends ValueSpec>(of: T): T => ({ ...of, shape: of.shape.map(size) });
  return {
    ...rest,
    slots: slots.map(({ where, count, dtype }) => ({
      where: where.kind === "constant" ? { ...where, data: to.array(where.data) as ArrayBufferView } : where,
      dtype,
      count: size(count),
    })),
    rows: rows.map(({ kernel, args, tasks, flops, bytes, label }) => ({
      kernel: to.kernel(kernel) as Kernel,
      args: args.map((a) => ("size" in a ? { size: size(a.size) } : a)),
      tasks: size(tasks),
      flops: size(flops),
      bytes: size(bytes),
      label,
    })),
    inputs: inputs.map(spec),
    variables: variables.map(spec),
    outputs: outputs.map(({ slot, value }) => ({ slot, value: spec(value) })),
  };
}

function encode(plan: Plan, symbols: readonly Dim[], functions: ReadonlyMap<Kernel, string>): string {
  const kernels = [...functions.keys()];
  const sizes = new Map<string, Dim>();
  const data = mapPlan(plan, {
    size(s) {
      if (!(s instanceof Dim)) return s;
      sizes.set(s.key, s);
      return String([...sizes.keys()].indexOf(s.key));
    },
    array(data) {
      const own = data as Uint8Array;
      const base64 = Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString("base64");
      return { type: own.constructor.name as PlainArray["type"], base64 } satisfies PlainArray;
    },
    kernel: (k) => kernels.indexOf(k as Kernel),
  });
  return JSON.stringify({
    plan: data,
    sizes: Array.from(sizes.values(), (s) => plainSize(s, symbols)),
    kernels: kernels.map((k) => ({ name: k.name, params: k.params, symbol: functions.get(k)! })),
  } satisfies PlainPlan);
}

function decode(text: string, symbols: readonly Dim[]): Plan {
  const { plan, ...plain } = JSON.parse(text) as PlainPlan;
  const sizes = plain.sizes.map((s) => sizeOf(s, symbols));
  const kernels = plain.kernels.map(
    ({ name, params, symbol }): Kernel => ({ name, params, values: [], body: [], key: COMPILED + symbol }),
  );
  return mapPlan(plan, {
    size: (s) => (typeof s === "string" ? sizes[Number(s)] : s),
    array(data) {
      const { type, base64 } = data as PlainArray;
      return new arrays[type](Uint8Array.from(Buffer.from(base64, "base64")).buffer);
    },
    kernel: (k) => kernels[k as number],
  });
}
