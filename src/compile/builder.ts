/**
 * Builds Kernels. Values are hash-consed: asking twice for the same computation gives the same value, and each value
 * is computed in the outermost scope in which its operands are known. So generators may be written naively — common
 * subexpressions and loop-invariant code take care of themselves.
 *
 * Over 400 lines: values, indices, memory and control all place what they make in the same scopes.
 */
import type {
  Def,
  DType,
  FoldOp,
  Kernel,
  Param,
  PrimOp,
  Scalar,
  Size,
  Stmt,
  Val,
  Value,
  VType,
} from "../ir/index.ts";
import { byteSize, contentKey, internal, primOps } from "../ir/index.ts";
import { asIx, Ix, type LaneIx } from "./ix.ts";

/** Bytes that memory delivers at once. */
const CACHE_LINE = 64;

interface Scope {
  readonly stmts: Stmt[];
  /** Values computed in this scope, by structural key. */
  readonly known: Map<string, Val>;
  /** Loads may not move out of a conditional scope: their address may make sense only inside. */
  readonly conditional: boolean;
}

/** A buffer parameter of the kernel under construction. */
export interface BufferRef {
  readonly param: number;
  readonly dtype: DType;
  readonly access: "read" | "write" | "update";
}

export class KernelBuilder {
  readonly params: Param[] = [];
  #firstTask = 0;
  /** The plan's value for each `size` parameter, by parameter index. */
  readonly sizeParams = new Map<number, Size>();
  readonly #values: Value[] = [];
  readonly #depth: number[] = [];
  readonly #range = new Map<Val, { lo: number; hi: number }>();
  readonly #leaves = new Map<string, Val>();
  readonly #scopes: Scope[] = [{ stmts: [], known: new Map(), conditional: false }];

  // ---- parameters ----

  buffer(name: string, dtype: DType, access: BufferRef["access"]): BufferRef {
    this.params.push({ kind: "buffer", name, dtype, access });
    return { param: this.params.length - 1, dtype, access };
  }

  /** A size as an index: a constant, or a runtime parameter. */
  size(s: Size): Ix {
    if (typeof s === "number") return Ix.number(s);
    for (const [param, known] of this.sizeParams) {
      if (typeof known !== "number" && known.key === s.key)
        return Ix.of(this.#leaf(`param${param}`, "i32", { k: "param", index: param }));
    }
    this.params.push({ kind: "size", name: String(s) });
    const param = this.params.length - 1;
    this.sizeParams.set(param, s);
    return Ix.of(this.#leaf(`param${param}`, "i32", { k: "param", index: param }));
  }

  /** The number of the task, among those of the part being written. */
  task(): Ix {
    return Ix.of(this.#leaf("task", "i32", { k: "task" })).sub(this.#firstTask);
  }

  /** Writes the parts of a kernel, each with as many tasks of its own as it says. Returns the number of all. */
  parts(parts: readonly { readonly tasks: number; readonly body: () => void }[]): number {
    const first = this.#firstTask;
    const write = (at: number): void => {
      const part = parts[at]!;
      if (at === parts.length - 1) part.body();
      else {
        const here = this.less(this.task(), part.tasks);
        const rest = (): void => {
          this.#firstTask += part.tasks;
          write(at + 1);
        };
        this.if(here, part.body, rest);
      }
    };
    write(0);
    this.#firstTask = first;
    return parts.reduce((n, { tasks }) => n + tasks, 0);
  }

  // ---- values ----

  type(v: Val): VType {
    return this.#values[v]!.type;
  }

  f32(value: number, lanes = 1): Val {
    return this.#constant("f32", Math.fround(value), lanes);
  }

  i32(value: number, lanes = 1): Val {
    return this.#constant("i32", value | 0, lanes);
  }

  bool(value: boolean, lanes = 1): Val {
    return this.#constant("bool", Number(value), lanes);
  }

  #constant(scalar: Scalar, value: number, lanes: number): Val {
    const text = Object.is(value, -0) ? "-0" : String(value);
    return this.#leaf(`${scalar}${lanes}:${text}`, scalar, { k: "const", value }, lanes);
  }

  /** The constant behind a value, if it is one. */
  constantOf(v: Val): number | undefined {
    const { def } = this.#values[v]!;
    return def.k === "const" ? def.value : undefined;
  }

  #leaf(key: string, scalar: Scalar, def: Def, lanes = 1): Val {
    const known = this.#leaves.get(key);
    if (known !== undefined) return known;
    const v = this.#new({ scalar, lanes }, def, 0);
    this.#leaves.set(key, v);
    return v;
  }

  #new(type: VType, def: Def, depth: number): Val {
    this.#values.push({ type, def });
    this.#depth.push(depth);
    return this.#values.length - 1;
  }

  /** Adds a pure computation to the outermost scope in which all of `uses` are known. */
  #pure(key: string, type: VType, def: Def, uses: readonly Val[], atLeast = 0): Val {
    let depth = atLeast;
    for (const u of uses) depth = Math.max(depth, this.#depth[u]!);
    const scope = this.#scopes[depth]!;
    const known = scope.known.get(key);
    if (known !== undefined) return known;
    const v = this.#new(type, def, depth);
    scope.known.set(key, v);
    scope.stmts.push({ s: "let", value: v });
    return v;
  }

  /** Arithmetic; scalars meet vectors by splatting. Constants fold where that is exact (int32 only). */
  prim(op: PrimOp, ...operands: Val[]): Val {
    const lanes = Math.max(...operands.map((v) => this.type(v).lanes));
    const args = operands.map((v) => this.splat(v, lanes));
    return this.#prim(op, args, undefined, lanes);
  }

  /** Shifts by a constant. */
  shift(op: "ishl" | "ishr" | "ushr", v: Val, by: number): Val {
    return by === 0 ? v : this.#prim(op, [v], by, this.type(v).lanes);
  }

  #prim(op: PrimOp, args: readonly Val[], imm: number | undefined, lanes: number): Val {
    const key = `${op}${imm ?? ""}(${args.join(",")})`;
    const def: Def = imm === undefined ? { k: "prim", op, args } : { k: "prim", op, args, imm };
    const spec = primOps[op];
    for (const [i, a] of args.entries()) {
      if (this.type(a).scalar !== spec.args[i]) internal(`${op}: operand ${i} is ${this.type(a).scalar}`);
    }
    return this.#pure(key, { scalar: spec.result, lanes }, def, args);
  }

  splat(v: Val, lanes: number): Val {
    const { type, def } = this.#values[v]!;
    if (type.lanes === lanes) return v;
    if (type.lanes !== 1) internal(`splat of ${type.lanes} lanes to ${lanes}`);
    if (def.k === "const") return this.#constant(type.scalar, def.value, lanes);
    return this.#pure(`splat${lanes}(${v})`, { scalar: type.scalar, lanes }, { k: "splat", arg: v }, [v]);
  }

  pack(scalars: readonly Val[]): Val {
    if (scalars.length === 1) return scalars[0]!;
    if (scalars.every((v) => v === scalars[0])) return this.splat(scalars[0]!, scalars.length);
    const type: VType = { scalar: this.type(scalars[0]!).scalar, lanes: scalars.length };
    return this.#pure(`pack(${scalars.join(",")})`, type, { k: "pack", args: scalars }, scalars);
  }

  extract(v: Val, lane: number): Val {
    const { type } = this.#values[v]!;
    if (type.lanes === 1) return v;
    return this.#pure(
      `extract${lane}(${v})`,
      { scalar: type.scalar, lanes: 1 },
      { k: "extract", arg: v, lane },
      [v],
    );
  }

  fold(op: FoldOp, v: Val): Val {
    const { type } = this.#values[v]!;
    if (type.lanes === 1) return v;
    return this.#pure(`fold ${op}(${v})`, { scalar: type.scalar, lanes: 1 }, { k: "fold", op, arg: v }, [v]);
  }

  shuffle(a: Val, b: Val, indices: readonly number[]): Val {
    const type: VType = { scalar: this.type(a).scalar, lanes: indices.length };
    return this.#pure(`shuffle(${a},${b},[${indices}])`, type, { k: "shuffle", a, b, indices }, [a, b]);
  }

  // ---- indices ----

  /** The index as an int32 value; parts known in outer scopes are computed there. */
  value(ix: Ix): Val {
    const byDepth = new Map<number, Val>();
    for (const t of ix.terms) {
      if (t.vals.length === 0) continue;
      let product = t.vals[0]!;
      for (const v of t.vals.slice(1)) product = this.prim("imul", product, v);
      const scaled = this.#times(product, t.coef);
      const depth = this.#depth[scaled]!;
      const sum = byDepth.get(depth);
      byDepth.set(depth, sum === undefined ? scaled : this.prim("iadd", sum, scaled));
    }
    let total: Val | undefined;
    const constant = ix.constantPart;
    for (const depth of [...byDepth.keys()].sort((a, b) => a - b)) {
      const part = byDepth.get(depth)!;
      if (total === undefined) total = constant === 0 ? part : this.prim("iadd", part, this.i32(constant));
      else total = this.prim("iadd", total, part);
    }
    return total ?? this.i32(constant);
  }

  #times(v: Val, coef: number): Val {
    if (coef === 1) return v;
    const log = Math.log2(coef);
    if (coef > 0 && Number.isInteger(log)) return this.shift("ishl", v, log);
    return this.prim("imul", v, this.i32(coef));
  }

  /** A vector of the lanes' indices (int32). */
  laneValue(ix: LaneIx, lanes: number): Val {
    if (lanes === 1) return this.value(ix.base);
    if (ix.step === 0) return this.splat(this.value(ix.base), lanes);
    if (ix.step !== undefined) {
      const step = ix.step;
      const ramp = this.pack(Array.from({ length: lanes }, (_, l) => this.i32(l * step)));
      return this.prim("iadd", this.value(ix.base), ramp);
    }
    return this.pack(Array.from({ length: lanes }, (_, l) => this.value(ix.lane(l))));
  }

  /** `floor(ix / d)`, for indices that are not negative. */
  floorDiv(ix: Ix, d: Ix | number): Ix {
    const by = asIx(d).constant;
    if (by === undefined) return Ix.of(this.prim("idiv", this.value(ix), this.value(asIx(d))));
    if (by === 1) return ix;
    const { whole, rest } = ix.splitBy(by);
    const range = this.rangeOf(rest);
    if (range && range.lo >= 0 && range.hi < by) return whole;
    const log = Math.log2(by);
    const v = this.value(rest);
    const q = Number.isInteger(log) ? this.shift("ishr", v, log) : this.prim("idiv", v, this.i32(by));
    if (range) this.#range.set(q, { lo: Math.floor(range.lo / by), hi: Math.floor(range.hi / by) });
    return whole.add(Ix.of(q));
  }

  mod(ix: Ix, d: Ix | number): Ix {
    const by = asIx(d).constant;
    if (by === 1) return Ix.number(0);
    if (by === undefined) return ix.sub(this.floorDiv(ix, d).mul(d));
    const { rest } = ix.splitBy(by);
    return rest.sub(this.floorDiv(rest, by).mul(by));
  }

  /** The values an index can take, where they are known. */
  rangeOf(ix: Ix): { lo: number; hi: number } | undefined {
    let lo = 0;
    let hi = 0;
    for (const t of ix.terms) {
      let term = { lo: t.coef, hi: t.coef };
      for (const v of t.vals) {
        const r = this.#range.get(v);
        if (!r) return undefined;
        const ends = [term.lo * r.lo, term.lo * r.hi, term.hi * r.lo, term.hi * r.hi];
        term = { lo: Math.min(...ends), hi: Math.max(...ends) };
      }
      lo += term.lo;
      hi += term.hi;
    }
    return { lo, hi };
  }

  /** States what values an int32 value can take. */
  setRange(v: Val, lo: number, hi: number): void {
    this.#range.set(v, { lo, hi });
  }

  // ---- memory ----

  #address(buffer: BufferRef, element: Ix): { addr: Val; offset: number } {
    const base = Ix.of(this.#leaf(`param${buffer.param}`, "i32", { k: "param", index: buffer.param }));
    const bytes = base.add(element.mul(byteSize[buffer.dtype]));
    const constant = bytes.constantPart;
    // A constant below zero stays in the address: offsets are unsigned.
    const offset = Math.max(constant, 0);
    return { addr: this.value(bytes.sub(offset)), offset };
  }

  /** Neighbouring elements from `element` on; with `count`, only the first so many, the rest 0. */
  load(buffer: BufferRef, element: Ix, lanes: number, count?: Ix): Val {
    const { addr, offset } = this.#address(buffer, element);
    const scalar: Scalar = buffer.dtype === "float32" ? "f32" : "i32";
    const limit = count === undefined ? undefined : this.value(count);
    const def: Def =
      limit === undefined
        ? { k: "load", dtype: buffer.dtype, addr, offset }
        : { k: "load", dtype: buffer.dtype, addr, offset, count: limit };
    const uses = limit === undefined ? [addr] : [addr, limit];
    if (buffer.access !== "read") return this.#now({ scalar, lanes }, def);
    return this.#pure(
      `load${lanes} ${buffer.dtype} ${addr}+${offset} ${limit ?? ""}`,
      { scalar, lanes },
      def,
      uses,
      this.#loadDepth(),
    );
  }

  #loadDepth(): number {
    for (let d = this.#scopes.length - 1; d > 0; d--) if (this.#scopes[d]!.conditional) return d;
    return 0;
  }

  /** One element for each lane. */
  loadLanes(buffer: BufferRef, element: LaneIx, lanes: number): Val {
    if (element.step === 0 || lanes === 1) return this.load(buffer, element.base, 1);
    if (element.step === 1) return this.load(buffer, element.base, lanes);
    return this.pack(Array.from({ length: lanes }, (_, l) => this.load(buffer, element.lane(l), 1)));
  }

  store(buffer: BufferRef, element: Ix, v: Val): void {
    const { addr, offset } = this.#address(buffer, element);
    this.#top().stmts.push({ s: "store", dtype: buffer.dtype, addr, offset, value: v });
  }

  /** Tells that `lanes` elements from `element` on may be read soon. */
  prefetch(buffer: BufferRef, element: Ix, lanes: number): void {
    const perLine = CACHE_LINE / byteSize[buffer.dtype];
    for (let at = 0; at < lanes; at += perLine) {
      this.#top().stmts.push({ s: "prefetch", ...this.#address(buffer, element.add(at)) });
    }
  }

  storeLanes(buffer: BufferRef, element: LaneIx, v: Val): void {
    const { lanes } = this.type(v);
    if (lanes === 1 || element.step === 1) this.store(buffer, element.base, v);
    else for (let l = 0; l < lanes; l++) this.store(buffer, element.lane(l), this.extract(v, l));
  }

  // ---- control ----

  #top(): Scope {
    return this.#scopes[this.#scopes.length - 1]!;
  }

  /** A computation that stays where it stands. */
  #now(type: VType, def: Def): Val {
    const v = this.#new(type, def, this.#scopes.length - 1);
    this.#top().stmts.push({ s: "let", value: v });
    return v;
  }

  #scoped(conditional: boolean, body: () => void): Stmt[] {
    const scope: Scope = { stmts: [], known: new Map(), conditional };
    this.#scopes.push(scope);
    body();
    this.#scopes.pop();
    return scope.stmts;
  }

  /** `for (i = from; i < to; i += step) body(i)`; written out where there is at most one round. */
  for(from: Ix | number, to: Ix | number, step: number, body: (i: Ix) => void): void {
    const lo = asIx(from);
    const hi = asIx(to);
    const rounds = hi.sub(lo).constant;
    if (rounds !== undefined && rounds <= 0) return;
    if (rounds !== undefined && rounds <= step) {
      body(lo);
      return;
    }
    const fromVal = this.value(lo);
    const toVal = this.value(hi);
    const variable = this.#new({ scalar: "i32", lanes: 1 }, { k: "loop" }, this.#scopes.length);
    const first = this.rangeOf(lo);
    const last = this.rangeOf(hi);
    if (first && last) this.#range.set(variable, { lo: first.lo, hi: Math.max(first.lo, last.hi - 1) });
    const stmts = this.#scoped(false, () => body(Ix.of(variable)));
    this.#top().stmts.push({ s: "for", variable, from: fromVal, to: toVal, step, body: stmts });
  }

  /** Repeats `body` for as long as it returns true (int32, not 0). */
  loop(body: () => Val): void {
    const again = this.cell(this.i32(1));
    const stmts = this.#scoped(false, () => this.set(again, body()));
    this.#top().stmts.push({ s: "loop", body: stmts, again });
  }

  if(cond: Val, then: () => void, otherwise?: () => void): void {
    const known = this.constantOf(cond);
    if (known !== undefined) {
      if (known !== 0) then();
      else otherwise?.();
      return;
    }
    const thenStmts = this.#scoped(true, then);
    const elseStmts = otherwise ? this.#scoped(true, otherwise) : [];
    this.#top().stmts.push({ s: "if", cond, then: thenStmts, else: elseStmts });
  }

  /** A mutable register. */
  cell(init: Val): Val {
    const cell = this.#new(this.type(init), { k: "cell" }, this.#scopes.length - 1);
    this.#top().stmts.push({ s: "cell", cell, init });
    return cell;
  }

  set(cell: Val, value: Val): void {
    this.#top().stmts.push({ s: "set", cell, value });
  }

  get(cell: Val): Val {
    return this.#now(this.type(cell), { k: "get", cell });
  }

  // ---- comparisons on indices ----

  /** `a < b` as a truth value; constant where the ranges decide. */
  less(a: Ix, b: Ix | number): Val {
    const r = this.rangeOf(a.sub(b));
    if (r && r.hi < 0) return this.bool(true);
    if (r && r.lo >= 0) return this.bool(false);
    return this.prim("ilt", this.value(a), this.value(asIx(b)));
  }

  both(a: Val, b: Val): Val {
    const x = this.constantOf(a);
    const y = this.constantOf(b);
    if (x !== undefined && this.type(b).lanes >= this.type(a).lanes)
      return x === 0 ? this.bool(false, this.type(b).lanes) : b;
    if (y !== undefined && this.type(a).lanes >= this.type(b).lanes)
      return y === 0 ? this.bool(false, this.type(a).lanes) : a;
    return this.prim("band", a, b);
  }

  select(cond: Val, a: Val, b: Val): Val {
    const known = this.constantOf(cond);
    if (known !== undefined) return known !== 0 ? a : b;
    return this.prim(this.type(a).scalar === "f32" ? "fselect" : "iselect", cond, a, b);
  }

  // ---- the result ----

  finish(name: string): Kernel {
    if (this.#scopes.length !== 1) internal("a kernel was finished inside a loop");
    const body = this.#scopes[0]!.stmts;
    const key = `${name}|${contentKey([this.params, this.#values, body])}`;
    return { name, params: this.params, values: this.#values, body, key };
  }
}
