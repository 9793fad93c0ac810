/**
 * Batches that are picked on the backend: packed graphs lie in its memory, and a step hands over only which of them it takes.
 * Element i of an array of the batch is element i + from[g] of the packed array, g the graph that it belongs to; where values
 * count something, what the graphs before have of it is added.
 */
import { arange, type Dim, dim, type Tensor } from "../core/index.ts";
import type { ValueSpec } from "../ir/program.ts";
import type { Size } from "../ir/size.ts";
import type { Layout, Rows } from "../nn/data-adapter.ts";
import type { HostArray } from "../nn/host-array.ts";
import type { CompressedName } from "./compressed.ts";
import { type Form, ints, splitName } from "./form.ts";
import { beginsOf, runs } from "./joined.ts";
import { lengthOf, type PackedBatch, type PackedGraphs } from "./packed.ts";
import { ReusedArrays } from "./reused-arrays.ts";

/** What is counted of graphs: nodes, edges of the list, places of a structure. */
type Count = "nodes" | "edges" | `${"edges" | "loops"}.places`;

/** Elements that stand for the same, one graph after the other. */
interface Run {
  readonly count: Count;
  /** As in pointers: each graph has one more, and a batch has one more in all, the number of all. */
  readonly closed: boolean;
  /** The size of what is picked, and of all that is packed. */
  readonly size: Size;
  readonly packed: Dim;
}

/** An array that is picked. */
interface Picked {
  readonly name: string;
  readonly array: HostArray;
  readonly run: string;
  /** Of what those of the graphs before are added to the values. */
  readonly by: Count | undefined;
}

/** What the values of an array of a structure count; the others are not picked. */
const counted: Readonly<Partial<Record<CompressedName, "nodes" | "places">>> = {
  ...{ ptr: "places", columnPtr: "places", listed: "places", column: "places" },
  ...{ source: "nodes", target: "nodes" },
};

/** What a plan is made of: it lives longer than the graphs, of which there is nothing in here. */
interface Plan {
  readonly form: Form;
  readonly picked: readonly (Omit<Picked, "array"> & { readonly spec: ValueSpec })[];
  readonly runs: ReadonlyMap<string, Run>;
  /** The runs out of which something is picked. */
  readonly used: readonly string[];
  /** Counts whose beginnings in a batch are inputs of the plan. */
  readonly before: readonly Count[];
  /** Names of the inputs of the form that are handed over as they are. */
  readonly others: readonly string[];
}

/** How packed graphs stand in the plans of a form. */
export class PickedForm {
  readonly layout: Layout;
  /** The packed arrays, which come first among the inputs of a plan and stay the same. */
  readonly arrays: readonly HostArray[];
  readonly #form: Form;
  readonly #packed: PackedGraphs;
  readonly #runs = new Map<string, Run>();
  /** Where what is counted begins in each graph. */
  readonly #begins = new Map<Count, Int32Array>();
  readonly #plan: Plan;
  readonly #reused = new ReusedArrays();

  constructor(form: Form, packed: PackedGraphs) {
    this.#form = form;
    this.#packed = packed;
    this.#begins.set("nodes", packed.nodes);
    const picked = form.inputs.flatMap((name) => this.#pick(name) ?? []);
    // The nodes of each graph are a run of their own.
    if (form.inputs.includes("nodes.ids")) this.#run("nodes", "nodes.ids", "nodes", false);
    const names = new Set(["nodes.ids", "nodes.ptr", ...picked.map((p) => p.name)]);
    const counts = picked.flatMap((p) => p.by ?? []);
    if (form.inputs.includes("nodes.ptr")) counts.push("nodes");
    this.arrays = picked.map((p) => p.array);
    this.#plan = {
      form,
      picked: picked.map(({ array: { shape, dtype }, ...rest }) => {
        return { ...rest, spec: { shape: [this.#runs.get(rest.run)!.packed, ...shape.slice(1)], dtype } };
      }),
      runs: this.#runs,
      used: [...this.#runs.keys()].filter((name) => picked.some((p) => p.run === name)),
      before: [...new Set(counts)],
      others: form.inputs.filter((name) => !names.has(name)),
    };
    this.layout = layoutOf(this.#plan);
  }

  #pick(name: string): Picked | undefined {
    const rows = this.#form.rowsOf(name);
    if (rows !== undefined) {
      const field = this.#packed.field(name);
      const begins = this.#packed[rows];
      // The rows of a field need not be as many as nodes or edges: that is the model's to say.
      if (field === undefined || !begins.every((b, i) => b === field.begins[i])) return undefined;
      this.#begins.set(rows, begins);
      return { name, array: field.array, run: this.#run(rows, name, rows, false), by: undefined };
    }
    const [structure, own] = splitName(name) as [string, CompressedName];
    const counts = counted[own];
    if ((structure !== "edges" && structure !== "loops") || counts === undefined) return undefined;
    const parts = this.#packed.structure(structure);
    const places: Count = `${structure}.places`;
    this.#begins.set(places, parts.begins.places);
    const run = {
      pointers: () => this.#run("pointers", name, "nodes", true),
      edges: () => {
        this.#begins.set("edges", parts.begins.edges);
        return this.#run("edges", name, "edges", false);
      },
      places: () => this.#run(places, name, places, false),
    }[runs[own]]();
    return { name, array: ints(parts.array(own)), run, by: counts === "nodes" ? counts : places };
  }

  /** The run with that name; `array` is an input of the form of the same size. */
  #run(name: string, array: string, count: Count, closed: boolean): string {
    const size = this.#form.specOf(array).shape[0]!;
    if (!this.#runs.has(name)) this.#runs.set(name, { count, closed, size, packed: dim(`packed ${name}`) });
    return name;
  }

  /** The batch of the graphs at these places: the arrays of a plan's inputs. It is there until the next one. */
  rows(places: Int32Array, mask?: string | null): Rows & { readonly batch: PackedBatch } {
    const { before, others, used } = this.#plan;
    const arrays = this.#reused.renew();
    const batch = this.#packed.pick(places);
    const { xs, ...rest } = this.#form.rows(batch, mask, others);
    const own = new Map<Count, Int32Array>();
    for (const [count, begins] of this.#begins) {
      own.set(
        count,
        beginsOf(places.length, (i) => lengthOf(begins, places[i]!)),
      );
    }
    const ids: HostArray[] = [];
    const from: HostArray[] = [];
    for (const [name, { count, closed }] of this.#runs) {
      const [begins, at] = [this.#begins.get(count)!, own.get(count)!];
      const all = at[places.length]!;
      const graph = arrays.int32(closed ? all + 1 : all);
      const start = new Int32Array(places.length + 1);
      for (let g = 0; g < places.length; g++) {
        const place = places[g]!;
        graph.fill(g, at[g]!, at[g + 1]!);
        start[g] = begins[place]! + (closed ? place : 0) - at[g]!;
      }
      // The number of all: 0, which is the first of the packed pointers, and what is before the graph behind the last one.
      if (closed) {
        graph[all] = places.length;
        start[places.length] = -all;
      }
      ids.push(ints(graph as Int32Array));
      if (used.includes(name)) from.push(ints(start));
    }
    const begun = before.map((count) => ints(own.get(count)!));
    return { ...rest, layout: this.layout, xs: [...this.arrays, ...ids, ...from, ...begun, ...xs], batch };
  }
}

function layoutOf(plan: Plan): Layout {
  const { form, picked, runs, used, before, others } = plan;
  const graphs = form.specOf("nodes.ptr");
  return {
    key: `${form.layout.key} picked ${picked.map((p) => p.name)}`,
    specs: [
      ...picked.map((p) => p.spec),
      ...Array.from(runs.values(), ({ size }): ValueSpec => ({ shape: [size], dtype: "int32" })),
      ...used.map(() => graphs),
      ...before.map(() => graphs),
      ...others.map((name) => form.specOf(name)),
      ...form.layout.specs.slice(form.inputs.length),
    ],
    drawn: form.layout.drawn,
    forward: (xs, ctx, masks) => form.layout.forward(inputsOf(plan, xs), ctx, masks),
  };
}

/** The inputs of the form, from those of the plan. */
function inputsOf({ form, picked, runs, used, before, others }: Plan, xs: readonly Tensor[]): Tensor[] {
  const left = xs.values();
  const next = (): Tensor => left.next().value!;
  const packed = picked.map(next);
  const ids = new Map(Array.from(runs.keys(), (name) => [name, next()]));
  const from = new Map(used.map((name) => [name, next()]));
  const begins = new Map(before.map((name) => [name, next()]));
  const inputs = new Map(others.map((name) => [name, next()]));
  const places = new Map(
    used.map((name) => [name, arange(runs.get(name)!.size).add(from.get(name)!.take(ids.get(name)!, 0))]),
  );
  for (const [i, { name, run, by }] of picked.entries()) {
    const own = packed[i]!.take(places.get(run)!, 0);
    inputs.set(name, by === undefined ? own : own.add(begins.get(by)!.take(ids.get(run)!, 0)));
  }
  return form.inputs.map((name) => {
    if (name === "nodes.ids") return ids.get("nodes")!;
    return name === "nodes.ptr" ? begins.get("nodes")! : inputs.get(name)!;
  });
}
