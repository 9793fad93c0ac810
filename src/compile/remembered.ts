/**
 * Plans by what they compute: models of the same form, as in cross-validation or a search for hyper-parameters, are compiled
 * once. Labels, which say for people where a node comes from, differ: a plan is made with numbers in their place.
 */
import { contentKey, type Plan, type Program, type Target, type TypedArray } from "../ir/index.ts";
import { compileProgram } from "./compile.ts";

/** Plans that are remembered, the last ones used, and the bytes of constants that each of them may hold on to. */
const MOST = 16;
const MOST_BYTES = 2 ** 20;
/** Constants of up to so many elements are told apart by content, larger ones by identity. */
const SMALL = 64;

const known = new Map<string, Plan>();
const identities = new WeakMap<object, number>();
let identified = 0;

/** The plan of a program for a target: what `compileProgram` gives. */
export function planOf(program: Program, target: Target): Plan {
  if (constantBytes(program) > MOST_BYTES) return compileProgram(program, target);
  const nodes = program.nodes.map(({ label: _, ...rest }) => rest);
  const key = contentKey([target, { ...program, nodes }], dataKey);
  const plan = known.get(key) ?? compileProgram(numbered(program), target);
  known.delete(key);
  known.set(key, plan);
  if (known.size > MOST) known.delete(known.keys().next().value!);
  const labelled = (text: string): string =>
    text.replace(/%(\d+)%/g, (_, i: string) => program.nodes[Number(i)]!.label);
  return { ...plan, rows: plan.rows.map((r) => ({ ...r, label: labelled(r.label) })) };
}

function constantBytes({ nodes }: Program): number {
  return nodes.reduce(
    (sum, { spec }) =>
      spec.kind === "source" && spec.source === "constant" ? sum + spec.data.byteLength : sum,
    0,
  );
}

function numbered(program: Program): Program {
  return { ...program, nodes: program.nodes.map((n, i) => ({ ...n, label: `%${i}%` })) };
}

function dataKey(v: object): unknown {
  if (!ArrayBuffer.isView(v)) return v;
  const data = v as TypedArray;
  if (data.length <= SMALL) return [data.constructor.name, ...data];
  let id = identities.get(data);
  if (id === undefined) identities.set(data, (id = ++identified));
  return `array ${id}`;
}
