/**
 * Last pass: kernels in order, and a slot for each piece of memory. Rows that change variables come last, behind the
 * guard, so that a step that must not happen changes nothing.
 */
import type { Arg, Plan, Program, Row, Slot, SlotKind, Target } from "../ir/index.ts";
import { addSize, arg, countOf, internal } from "../ir/index.ts";
import { type Fused, fuse, readsOf, type Stage } from "./fuse.ts";
import { type CNode, type Graph, type Roots, throughReshapes } from "./graph.ts";
import type { Draft, Storage } from "./lower/context.ts";
import { lowerContract } from "./lower/contract.ts";
import { lowerScatter } from "./lower/gather.ts";
import { lowerFill, lowerMap, lowerMaps, lowerPlacePiece } from "./lower/map.ts";
import { lowerReduce } from "./lower/reduce.ts";
import { lowerRoutine } from "./lower/routine.ts";
import { lowerSegment, lowerSegmentIds } from "./lower/segment.ts";
import { lowerWindow } from "./lower/window.ts";
import { lowerWinnersFilter, lowerWinnersInput } from "./lower/winners.ts";

/** The most updates of variables in one kernel: what compilers take their time for. */
const UPDATES = 16;

export function assemble(program: Program, roots: Roots, graph: Graph, target: Target): Plan {
  const own = withOwnMemory(roots, graph);
  const fused = fuse(own);
  const { order, inMemory } = schedule(fused, own);
  const drafts: Draft[] = [];
  for (const { stage, direct } of order.filter((s) => !s.late))
    drafts.push(...lowerStage(stage, direct, inMemory, target));
  const guardAt = drafts.length;
  drafts.push(
    ...lowerUpdates(
      order.filter((s) => s.late),
      inMemory,
      target,
    ),
  );
  const copies = own.effects.filter((e) => !order.some((s) => s.direct.has(throughReshapes(e.value))));
  for (const e of copies) drafts.push(copyToVariable(throughReshapes(e.value), e.variable, target));
  return new Slots(program, own, drafts, guardAt).plan();
}

/** A result that is a source, or two results at once, gets a copy of its own. */
function withOwnMemory(r: Roots, graph: Graph): Roots {
  const taken = new Set<CNode>();
  const own = (n: CNode): CNode => {
    const base = throughReshapes(n);
    const isSource = base.spec.kind === "source";
    if (!isSource && !taken.has(base)) {
      taken.add(base);
      return n;
    }
    return graph.node(
      { kind: "map", expr: arg(0, n.dtype) },
      [n],
      n.shape,
      n.dtype,
      `${n.label}/copy${taken.size}`,
    );
  };
  const outputs = r.outputs.map((n) => (throughReshapes(n).spec.kind === "source" ? own(n) : n));
  return {
    outputs,
    effects: r.effects.map((e) => ({ variable: e.variable, value: own(e.value) })),
    guard: r.guard && (throughReshapes(r.guard).spec.kind === "source" ? own(r.guard) : r.guard),
  };
}

/** Memory that stands for a variable of the program. */
class VariableMemory {
  readonly index: number;
  readonly dtype: CNode["dtype"];
  readonly count: CNode["shape"][number];
  constructor(index: number, n: CNode) {
    this.index = index;
    this.dtype = n.dtype;
    this.count = countOf(n.shape);
  }
}

interface Scheduled {
  readonly stage: Stage;
  /** Roots that are written straight into a variable. */
  readonly direct: ReadonlyMap<CNode, VariableMemory>;
  /** Whether the stage comes after the guard. */
  readonly late: boolean;
}

function isVariable(n: CNode, index?: number): boolean {
  return (
    n.spec.kind === "source" &&
    n.spec.source === "variable" &&
    (index === undefined || n.spec.index === index)
  );
}

/**
 * Stages in an order in which everything is made before it is read, early stages first, and what they find in memory. A
 * stage is late if its results may be written straight over the variables they are for. Where besides only few numbers are
 * made of them (the watch on values that are not finite), those are computed from what they are computed from: reading it
 * twice is less than putting it aside and copying it.
 */
function schedule(fused: Fused, r: Roots): { order: Scheduled[]; inMemory: ReadonlySet<CNode> } {
  let reads = new Map(fused.stages.map((s) => [s, readsOf(s, fused.inMemory)]));
  const wanted = new Set([...r.outputs, ...(r.guard ? [r.guard] : [])].map(throughReshapes));
  const readers = (n: CNode): Stage[] => fused.stages.filter((s) => reads.get(s)!.has(n));
  const variableReaders = (index: number): Stage[] =>
    fused.stages.filter((s) => [...reads.get(s)!].some((n) => isVariable(n, index)));
  const direct = new Map<Stage, Map<CNode, VariableMemory>>();
  const late = new Set<Stage>();
  for (const stage of fused.stages) {
    if (stage.kind !== "map") continue;
    const effects = r.effects.filter((e) => stage.roots.includes(throughReshapes(e.value)));
    // Every root of the stage must be an effect that nobody else needs, and read its variable at the same element only.
    const plain = stage.roots.every(
      (n) =>
        effects.some((e) => throughReshapes(e.value) === n) && !wanted.has(n) && readers(n).every(isSummary),
    );
    const safe = effects.every((e) => readsInPlace(stage, e.variable, fused.inMemory));
    const single = effects.length === stage.roots.length;
    if (!plain || !safe || !single) continue;
    late.add(stage);
    direct.set(
      stage,
      new Map(
        effects.map((e) => [
          throughReshapes(e.value),
          new VariableMemory(e.variable, throughReshapes(e.value)),
        ]),
      ),
    );
  }
  // A late stage that reads a variable another late stage writes would see it too late: neither is written directly.
  for (const stage of [...late]) {
    for (const memory of direct.get(stage)!.values()) {
      const others = variableReaders(memory.index).filter((s) => s !== stage && late.has(s));
      if (others.length > 0) {
        late.delete(stage);
        direct.delete(stage);
        break;
      }
    }
  }
  const inMemory = new Set(fused.inMemory);
  for (const stage of late) for (const n of stage.roots) inMemory.delete(n);
  if (late.size > 0) reads = new Map(fused.stages.map((s) => [s, readsOf(s, inMemory)]));
  const make = (isLate: boolean): Scheduled[] =>
    sortStages(fused.stages, reads)
      .filter((s) => late.has(s) === isLate)
      .map((stage) => ({ stage, direct: direct.get(stage) ?? new Map(), late: isLate }));
  return { order: [...make(false), ...make(true)], inMemory };
}

/** How many elements stand for each number of a summary, at least. */
const SUMMARY = 16;

/** Whether a stage makes one number of an array, or of many elements each. */
function isSummary(stage: Stage): boolean {
  const [n] = stage.roots;
  if (stage.kind !== "single" || n?.spec.kind !== "reduce") return false;
  const [few, many] = [countOf(n.shape), countOf(n.inputs[0]!.shape)];
  return few === 1 || (typeof few === "number" && typeof many === "number" && SUMMARY * few <= many);
}

/** Whether the stage reads the variable, if at all, only at the element it writes. */
function readsInPlace(stage: Stage, index: number, inMemory: ReadonlySet<CNode>): boolean {
  const visit = (n: CNode, direct: boolean): boolean => {
    if (isVariable(n, index)) return direct;
    if (inMemory.has(n) && !stage.roots.includes(n)) return true;
    return n.inputs.every((x) =>
      visit(x, direct && (n.spec.kind === "map" || (n.spec.kind === "move" && n.spec.move === "reshape"))),
    );
  };
  return stage.roots.every((n) => visit(n, true));
}

function sortStages(stages: readonly Stage[], reads: ReadonlyMap<Stage, ReadonlySet<CNode>>): Stage[] {
  const maker = new Map<CNode, Stage>();
  for (const s of stages) for (const n of s.roots) maker.set(n, s);
  const out: Stage[] = [];
  const state = new Map<Stage, "open" | "done">();
  const visit = (s: Stage): void => {
    if (state.get(s) === "done") return;
    if (state.get(s) === "open") internal("kernels need each other");
    state.set(s, "open");
    for (const n of reads.get(s)!) {
      const from = maker.get(n);
      if (from && from !== s) visit(from);
    }
    state.set(s, "done");
    out.push(s);
  };
  for (const s of stages) visit(s);
  return out;
}

function lowerStage(
  stage: Stage,
  direct: ReadonlyMap<CNode, VariableMemory>,
  memory: ReadonlySet<CNode>,
  target: Target,
): Draft[] {
  const inMemory = (n: CNode): boolean => memory.has(n) || isStored(n);
  const { lanes } = target;
  if (stage.kind === "map")
    return [lowerMap(stage.roots, { inMemory, target, storage: (n) => direct.get(n) ?? n })];
  if (stage.kind === "group") {
    const { kind } = stage.group.node.spec;
    if (kind === "winners") return [lowerWinnersInput(stage.group, { inMemory, target })];
    const lower = kind === "segment" ? lowerSegment : lowerContract;
    return [lower(stage.group, { inMemory, target })];
  }
  if (stage.kind === "window") return [lowerWindow(stage, inMemory, lanes)];
  const n = stage.roots[0]!;
  switch (n.spec.kind) {
    case "reduce":
      return [lowerReduce(n, inMemory, target)];
    case "move":
      return lowerPlace(n, inMemory, target);
    case "gather":
      return lowerScatter(n, inMemory, lanes);
    case "segment":
      return lowerSegmentIds(n, inMemory, target);
    case "routine":
      return [lowerRoutine(n)];
    case "winners":
      return [lowerWinnersFilter(n, target)];
    default:
      return internal(`no kernel for ${n.spec.kind}`);
  }
}

/** What is written over variables: kernels of several updates each, where all sizes are numbers. */
function lowerUpdates(late: readonly Scheduled[], memory: ReadonlySet<CNode>, target: Target): Draft[] {
  const inMemory = (n: CNode): boolean => memory.has(n) || isStored(n);
  const isFixed = ({ stage }: Scheduled): boolean =>
    stage.roots.every((n) => n.shape.every((s) => typeof s === "number"));
  const fixed = late.filter(isFixed);
  const drafts = late
    .filter((s) => !isFixed(s))
    .flatMap(({ stage, direct }) => lowerStage(stage, direct, memory, target));
  for (let i = 0; i < fixed.length; i += UPDATES) {
    const some = fixed.slice(i, i + UPDATES);
    const places = new Map(some.flatMap(({ direct }) => [...direct]));
    const options = { inMemory, target, storage: (n: CNode) => places.get(n) ?? n };
    drafts.push(
      lowerMaps(
        some.map(({ stage }) => stage.roots),
        options,
      ),
    );
  }
  return drafts;
}

/** Sources that stand in memory from the start. */
function isStored(n: CNode): boolean {
  if (n.spec.kind !== "source") return false;
  const { source } = n.spec;
  return source === "input" || source === "variable" || (source === "constant" && n.spec.data.length !== 1);
}

function lowerPlace(n: CNode, inMemory: (n: CNode) => boolean, target: Target): Draft[] {
  const { spec } = n;
  if (spec.kind !== "move" || spec.move !== "place") return internal("place expected");
  const pieces = n.inputs.map((x, i) =>
    lowerPlacePiece(n, x, spec.starts[i]!, spec.steps[i]!, { inMemory, target }),
  );
  return coversAll(n)
    ? pieces
    : [lowerFill(n, countOf(n.shape), spec.fill, target.lanes, n.label), ...pieces];
}

/** Whether the pieces leave nothing to fill: they follow each other along one axis and fill every other. */
function coversAll(n: CNode): boolean {
  const { spec } = n;
  if (spec.kind !== "move" || spec.move !== "place" || spec.steps.some((s) => s.some((x) => x !== 1)))
    return false;
  return (
    n.shape.every((size, axis) => {
      const whole = n.inputs.every((x) => String(x.shape[axis]) === String(size));
      return whole || n.inputs.length > 1;
    }) && String(countOf(n.shape)) === String(n.inputs.map((x) => countOf(x.shape)).reduce(addSize, 0))
  );
}

function copyToVariable(n: CNode, index: number, target: Target): Draft {
  const memory = new VariableMemory(index, n);
  const copy: CNode = { ...n, id: -1 - index, spec: { kind: "map", expr: arg(0, n.dtype) }, inputs: [n] };
  return lowerMap([copy], {
    inMemory: (x) => x === n,
    target,
    storage: () => memory,
    name: "assign",
  });
}

/** Gives out slots. */
class Slots {
  readonly #program: Program;
  readonly #roots: Roots;
  readonly #drafts: readonly Draft[];
  readonly #guardAt: number;
  readonly #slots: Slot[] = [];
  readonly #of = new Map<Storage | string, number>();
  readonly #live = new Map<Storage, { first: number; last: number }>();

  constructor(program: Program, roots: Roots, drafts: readonly Draft[], guardAt: number) {
    this.#program = program;
    this.#roots = roots;
    this.#drafts = drafts;
    this.#guardAt = guardAt;
    for (const [i, d] of drafts.entries()) {
      for (const a of d.args) {
        if (!("storage" in a)) continue;
        const life = this.#live.get(a.storage);
        if (life) life.last = i;
        else this.#live.set(a.storage, { first: i, last: i });
      }
    }
  }

  plan(): Plan {
    const { outputs, guard } = this.#roots;
    const kept = new Set(outputs.map(throughReshapes));
    if (guard) {
      const base = throughReshapes(guard);
      const life = this.#live.get(base);
      if (life) life.last = Math.max(life.last, this.#guardAt);
    }
    const rows: Row[] = this.#drafts.map((d) => ({
      kernel: d.kernel,
      args: d.args.map(
        (a): Arg => ("storage" in a ? { slot: this.#slot(a.storage, kept) } : { size: a.size }),
      ),
      tasks: d.tasks,
      flops: d.flops,
      bytes: d.bytes,
      label: d.label,
    }));
    const plan: Plan = {
      slots: this.#slots,
      rows,
      inputs: this.#program.inputs,
      variables: this.#program.variables,
      outputs: outputs.map((n) => ({
        slot: this.#slot(throughReshapes(n), kept),
        value: { shape: n.shape, dtype: n.dtype },
      })),
    };
    return guard
      ? { ...plan, guard: { at: this.#guardAt, slot: this.#slot(throughReshapes(guard), kept) } }
      : plan;
  }

  #slot(s: Storage, kept: ReadonlySet<CNode>): number {
    const where = this.#where(s, kept);
    // Inputs and variables have one slot each, whoever asks.
    const key = where.kind === "input" || where.kind === "variable" ? `${where.kind}${where.index}` : s;
    const known = this.#of.get(key);
    if (known !== undefined) return known;
    const count = "shape" in s ? countOf(s.shape) : s.count;
    this.#slots.push({ where, dtype: s.dtype, count });
    this.#of.set(key, this.#slots.length - 1);
    return this.#slots.length - 1;
  }

  #where(s: Storage, kept: ReadonlySet<CNode>): SlotKind {
    if (s instanceof VariableMemory) return { kind: "variable", index: s.index };
    const life = this.#live.get(s) ?? { first: 0, last: this.#drafts.length };
    if (!("spec" in s)) return { kind: "scratch", ...life };
    if (s.spec.kind === "source") {
      if (s.spec.source === "constant") return { kind: "constant", data: s.spec.data };
      if (s.spec.source === "input" || s.spec.source === "variable")
        return { kind: s.spec.source, index: s.spec.index };
    }
    return kept.has(s) ? { kind: "output", first: life.first } : { kind: "scratch", ...life };
  }
}
