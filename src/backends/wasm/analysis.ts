/**
 * Decides, for each value of a kernel, how the emitter holds it.
 *
 *  dead     never needed: not emitted
 *  free     constants, parameters, the task, loop variables: there wherever they are used
 *  inline   computed on the stack at its only use
 *  alias    a `get` that may read the cell's own local, because the cell is not set before the last use
 *  local    kept in locals from its `let` on
 *
 * A value is moved to its use only if nothing it depends on can change in between: no store between a load and its use,
 * no `set` between a `get` and its use, and never into a loop or a branch.
 */
import type { Def, Kernel, Stmt, Val } from "../../ir/index.ts";
import { internal } from "../../ir/index.ts";

export type Mode = "dead" | "free" | "inline" | "alias" | "local";

export interface Analysis {
  readonly modes: readonly Mode[];
  /** Whether all chunks of a vector are the same, so that one chunk stands for all. */
  readonly uniform: readonly boolean[];
  readonly used: readonly boolean[];
  /** Whether a value is used inside a loop. */
  readonly inLoop: readonly boolean[];
}

interface List {
  readonly body: readonly Stmt[];
  readonly parent: { readonly list: List; readonly index: number } | undefined;
  readonly loops: number;
}

interface Use {
  readonly list: List;
  readonly index: number;
  /** The value that uses, or -1 for a statement. */
  readonly user: Val;
  /** Whether more than one copy of the expression would be emitted. */
  readonly repeated: boolean;
  /** Whether lanes of one chunk may end in another. */
  readonly crossing: boolean;
}

/** The values a definition reads. */
export function operandsOf(def: Def): readonly Val[] {
  switch (def.k) {
    case "prim":
    case "pack":
      return def.args;
    case "load":
      return def.count === undefined ? [def.addr] : [def.addr, def.count];
    case "splat":
    case "extract":
    case "fold":
      return [def.arg];
    case "shuffle":
      return [def.a, def.b];
    default:
      return [];
  }
}

/** The values a statement itself reads (not its body, nor the value a `let` computes). */
export function statementOperands(s: Stmt): readonly Val[] {
  switch (s.s) {
    case "let":
      return [];
    case "for":
      return [s.from, s.to];
    case "loop":
      return [];
    case "if":
      return [s.cond];
    case "cell":
      return [s.init];
    case "set":
      return [s.value];
    case "prefetch":
      return [];
    case "store":
      return [s.addr, s.value];
  }
}

export function bodiesOf(s: Stmt): readonly (readonly Stmt[])[] {
  if (s.s === "for" || s.s === "loop") return [s.body];
  return s.s === "if" ? [s.then, s.else] : [];
}

const isFree = (def: Def): boolean =>
  def.k === "const" || def.k === "param" || def.k === "task" || def.k === "loop";

/** Whether `s` or anything in it writes memory. */
function writesMemory(s: Stmt): boolean {
  return s.s === "store" || bodiesOf(s).some((b) => b.some(writesMemory));
}

/** Whether `s` or anything in it sets `cell`. */
function setsCell(s: Stmt, cell: Val): boolean {
  if (s.s === "set" || s.s === "cell") return s.cell === cell;
  return bodiesOf(s).some((b) => b.some((t) => setsCell(t, cell)));
}

export function analyse(k: Kernel): Analysis {
  const uniform = uniformValues(k);
  const lists: List[] = [];
  const lets = new Map<Val, { list: List; index: number }>();
  collect(k.body, undefined, 0, lists, lets);
  const live = liveValues(k, lists);
  const uses = usesOf(k, lists, lets, live, uniform);
  const modes: Mode[] = k.values.map(({ def }, v) => {
    if (isFree(def)) return "free";
    return live[v] ? "local" : "dead";
  });
  const placer = new Placer(k, modes, uses, lets, uniform);
  // Users stand after what they use, inner lists inside outer ones: inner lists first, each from its end.
  for (const list of [...lists].reverse()) {
    for (let i = list.body.length - 1; i >= 0; i--) {
      const s = list.body[i]!;
      if (s.s === "let" && modes[s.value] === "local") placer.place(s.value, list, i);
    }
  }
  const inLoop = uses.map((us) => us.some((u) => u.list.loops > 0));
  return { modes, uniform, used: uses.map((us) => us.length > 0), inLoop };
}

function uniformValues(k: Kernel): boolean[] {
  const out: boolean[] = [];
  k.values.forEach(({ def, type }) => {
    const same =
      type.lanes > 1 &&
      (def.k === "const" || def.k === "splat" || (def.k === "prim" && def.args.every((a) => out[a])));
    out.push(same);
  });
  return out;
}

function collect(
  body: readonly Stmt[],
  parent: List["parent"],
  loops: number,
  lists: List[],
  lets: Map<Val, { list: List; index: number }>,
): void {
  const list: List = { body, parent, loops };
  lists.push(list);
  body.forEach((s, index) => {
    if (s.s === "let") {
      if (lets.has(s.value)) internal(`kernel value v${s.value} is computed twice`);
      lets.set(s.value, { list, index });
    }
    const deeper = s.s === "for" || s.s === "loop" ? loops + 1 : loops;
    for (const b of bodiesOf(s)) collect(b, { list, index }, deeper, lists, lets);
  });
}

function liveValues(k: Kernel, lists: readonly List[]): boolean[] {
  const live: boolean[] = new Array(k.values.length).fill(false);
  const mark = (v: Val): void => {
    if (live[v]) return;
    live[v] = true;
    for (const a of operandsOf(k.values[v]!.def)) mark(a);
  };
  for (const { body } of lists) for (const s of body) for (const v of statementOperands(s)) mark(v);
  return live;
}

/** How many 128-bit registers hold a value (1 for a scalar). */
export function chunksOf(k: Kernel, uniform: readonly boolean[], v: Val): number {
  const { lanes } = k.values[v]!.type;
  return lanes === 1 || uniform[v] ? 1 : lanes / 4;
}

function usesOf(
  k: Kernel,
  lists: readonly List[],
  lets: ReadonlyMap<Val, { list: List; index: number }>,
  live: readonly boolean[],
  uniform: readonly boolean[],
): Use[][] {
  const uses: Use[][] = k.values.map(() => []);
  const chunks = (v: Val): number => chunksOf(k, uniform, v);
  const add = (v: Val, use: Use): void => {
    uses[v]!.push(use);
  };
  lets.forEach(({ list, index }, v) => {
    if (!live[v]) return;
    const { def } = k.values[v]!;
    const many = chunks(v) > 1;
    for (const a of operandsOf(def)) {
      const shared = many && (uniform[a]! || k.values[a]!.type.lanes === 1) && def.k !== "pack";
      const again = def.k === "shuffle" || (def.k === "fold" && uniform[a]!);
      const repeated = shared || again || (def.k === "load" && def.count !== undefined);
      const crossing = def.k === "extract" || def.k === "fold" || def.k === "shuffle";
      add(a, { list, index, user: v, repeated, crossing });
    }
  });
  for (const list of lists) {
    list.body.forEach((s, index) => {
      for (const a of statementOperands(s)) {
        let repeated = false;
        if (s.s === "for") repeated = a === s.to;
        else if (s.s === "cell" || s.s === "set") {
          repeated = uniform[a]! && k.values[a]!.type.lanes > 4;
        } else if (s.s === "store") {
          const { lanes } = k.values[s.value]!.type;
          repeated = lanes > 4 && (a === s.addr || uniform[a]!);
        }
        add(a, { list, index, user: -1, repeated, crossing: false });
      }
    });
  }
  return uses;
}

/** Where the expression tree of an inlined value ends: a statement, by its list and index. */
interface Root {
  readonly list: List;
  readonly index: number;
  readonly crossing: boolean;
}

class Placer {
  private readonly k: Kernel;
  private readonly modes: Mode[];
  private readonly uses: readonly (readonly Use[])[];
  private readonly lets: ReadonlyMap<Val, { list: List; index: number }>;
  private readonly uniform: readonly boolean[];
  private readonly roots = new Map<Val, Root>();

  constructor(
    k: Kernel,
    modes: Mode[],
    uses: readonly (readonly Use[])[],
    lets: ReadonlyMap<Val, { list: List; index: number }>,
    uniform: readonly boolean[],
  ) {
    this.k = k;
    this.modes = modes;
    this.uses = uses;
    this.lets = lets;
    this.uniform = uniform;
  }

  place(v: Val, list: List, index: number): void {
    const { def } = this.k.values[v]!;
    if (def.k === "get") {
      if (this.mayAlias(def.cell, v, list, index)) this.modes[v] = "alias";
      return;
    }
    const uses = this.uses[v]!;
    if (uses.length !== 1 || uses[0]!.repeated || (def.k === "load" && def.count !== undefined)) return;
    const root = this.rootOf(uses[0]!);
    if (root.list !== list) return;
    if (def.k === "load" && !this.mayDelayLoad(list, index, root)) return;
    this.modes[v] = "inline";
    this.roots.set(v, root);
  }

  private rootOf(use: Use): Root {
    const inner = use.user >= 0 && this.modes[use.user] === "inline" ? this.roots.get(use.user) : undefined;
    if (inner === undefined) return { list: use.list, index: use.index, crossing: use.crossing };
    return { list: inner.list, index: inner.index, crossing: use.crossing || inner.crossing };
  }

  private mayDelayLoad(list: List, index: number, root: Root): boolean {
    const end = list.body[root.index]!;
    // A store of several chunks writes the first before the last is computed.
    if (end.s === "store" && this.k.values[end.value]!.type.lanes > 4) return false;
    for (let i = index + 1; i < root.index; i++) if (writesMemory(list.body[i]!)) return false;
    return true;
  }

  private mayAlias(cell: Val, v: Val, list: List, index: number): boolean {
    for (const use of this.uses[v]!) {
      const root = this.rootOf(use);
      let at: { list: List; index: number } | undefined = root;
      while (at !== undefined && at.list !== list) at = at.list.parent;
      if (at === undefined) return internal(`kernel value v${v} is used outside its scope`);
      for (let i = index + 1; i < at.index; i++) if (setsCell(list.body[i]!, cell)) return false;
      const end = list.body[at.index]!;
      if (setsCell(end, cell)) {
        const safe = end.s === "set" && (chunksOf(this.k, this.uniform, cell) === 1 || !root.crossing);
        if (!safe) return false;
      }
    }
    return this.lets.has(v);
  }
}
