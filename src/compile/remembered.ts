/**
 * Plans by what they compute: models of the same form, as in cross-validation or a search for hyper-parameters, are compiled
 * once; where a backend keeps plans, once for all processes. Labels, which say for people where a node comes from, differ: a
 * plan is made with numbers in their place.
 */
import {
  contentKey,
  type Dim,
  type KeptPlans,
  type Plan,
  type Program,
  symbolDim,
  symbolsOf,
  type Target,
  type TypedArray,
} from "../ir/index.ts";
import { compileProgram } from "./compile.ts";

/** Plans that are remembered, the last ones used, and the bytes of constants that each of them may hold on to. */
const MOST = 16;
const MOST_BYTES = 2 ** 20;
/** Constants of up to so many elements are told apart by content, larger ones by identity. */
const SMALL = 64;

interface Known {
  readonly plan: Plan;
  /** Whether its kernels have bodies: those of plans that were kept have not. */
  readonly whole: boolean;
}

const known = new Map<string, Known>();
const identities = new WeakMap<object, number>();
let identified = 0;

/** The plan of a program for a target: what `compileProgram` gives. One that was `kept` by another process will do where asked. */
export function planOf(program: Program, target: Target, kept?: KeptPlans): Plan {
  if (constantBytes(program) > MOST_BYTES) return compileProgram(program, target);
  const { key, lasting } = keyOf(program, target);
  const before = known.get(key);
  const found =
    before !== undefined && (before.whole || kept !== undefined)
      ? before
      : (lasting && kept && keptPlan(program, target, key, kept)) || made(program, target);
  known.delete(key);
  known.set(key, found);
  if (known.size > MOST) known.delete(known.keys().next().value!);
  const labelled = (text: string): string =>
    text.replace(/%(\d+)%/g, (_, i: string) => program.nodes[Number(i)]!.label);
  const { plan } = found;
  return { ...plan, rows: plan.rows.map((r) => ({ ...r, label: labelled(r.label) })) };
}

function made(program: Program, target: Target): Known {
  const nodes = program.nodes.map((n, i) => ({ ...n, label: `%${i}%` }));
  try {
    return { plan: compileProgram({ ...program, nodes }, target), whole: true };
  } catch {
    // The same error once more, with the labels that people know.
    return { plan: compileProgram(program, target), whole: true };
  }
}

/** The plan that is kept, or one that is kept from now on; undefined where another process could not say what its sizes are. */
function keptPlan(program: Program, target: Target, key: string, kept: KeptPlans): Known | undefined {
  const names = new Map<number, string>();
  for (const { shape } of program.inputs) for (const size of shape) symbolsOf(size, names);
  // Symbols are numbered as they come in a process: in the key of all processes, as they come in the key.
  const order = new Map<string, number>();
  const common = key.replace(/\$(\d+)/g, (_, id: string) => {
    if (!order.has(id)) order.set(id, order.size);
    return `$${order.get(id)}`;
  });
  const symbols: Dim[] = [];
  for (const id of order.keys()) {
    const name = names.get(Number(id));
    if (name === undefined) return undefined;
    symbols.push(symbolDim(Number(id), name));
  }
  const plan = kept.find(common, symbols);
  if (plan !== undefined) return { plan, whole: false };
  const fresh = made(program, target);
  kept.keep(common, symbols, fresh.plan);
  return fresh;
}

/** What tells a program and its target apart, and whether it does so in other processes too. */
function keyOf(program: Program, target: Target): { key: string; lasting: boolean } {
  let lasting = true;
  const nodes = program.nodes.map(({ label: _, ...rest }) => rest);
  const key = contentKey([target, { ...program, nodes }], (v) => {
    if (!ArrayBuffer.isView(v)) return v;
    const data = v as TypedArray;
    if (data.length <= SMALL) return [data.constructor.name, ...data];
    lasting = false;
    let id = identities.get(data);
    if (id === undefined) identities.set(data, (id = ++identified));
    return `array ${id}`;
  });
  return { key, lasting };
}

function constantBytes({ nodes }: Program): number {
  return nodes.reduce(
    (sum, { spec }) =>
      spec.kind === "source" && spec.source === "constant" ? sum + spec.data.byteLength : sum,
    0,
  );
}
