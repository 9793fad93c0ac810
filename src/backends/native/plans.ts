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
  type Row,
  type Size,
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

/** Under what names sizes and arrays stand in plain data. */
const SIZE = "$size";
const ARRAY = "$array";

const arrays = { Float32Array, Int32Array, Uint8Array };

type PlainKernel = Pick<Kernel, "name" | "params"> & { readonly symbol: string };

function encode(plan: Plan, symbols: readonly Dim[], functions: ReadonlyMap<Kernel, string>): string {
  const kernels = [...functions.keys()];
  const plain = {
    ...plan,
    rows: plan.rows.map((r) => ({ ...r, kernel: kernels.indexOf(r.kernel) })),
    kernels: Array.from(functions, ([{ name, params }, symbol]): PlainKernel => ({ name, params, symbol })),
  };
  return JSON.stringify(plain, function (this: Record<string, unknown>, name: string, value: unknown) {
    // What a size says of itself for JSON does not count.
    const raw = this[name];
    if (raw instanceof Dim) return { [SIZE]: plainSize(raw, symbols) };
    if (!ArrayBuffer.isView(raw)) return value;
    const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
    return { [ARRAY]: raw.constructor.name, bytes: bytes.toString("base64") };
  });
}

function decode(text: string, symbols: readonly Dim[]): Plan {
  const { kernels, rows, ...rest } = JSON.parse(text, (_, value) => {
    if (typeof value !== "object" || value === null) return value;
    if (SIZE in value) return sizeOf(value[SIZE], symbols);
    if (!(ARRAY in value)) return value;
    const bytes = Uint8Array.from(Buffer.from(value.bytes, "base64"));
    return new arrays[value[ARRAY] as keyof typeof arrays](bytes.buffer);
  }) as Omit<Plan, "rows"> & {
    readonly kernels: readonly PlainKernel[];
    readonly rows: readonly (Omit<Row, "kernel"> & { readonly kernel: number })[];
  };
  const read = kernels.map(
    ({ name, params, symbol }): Kernel => ({ name, params, values: [], body: [], key: COMPILED + symbol }),
  );
  return { ...rest, rows: rows.map((r) => ({ ...r, kernel: read[r.kernel]! })) };
}
