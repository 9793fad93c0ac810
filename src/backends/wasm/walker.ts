/**
 * The plan runner, itself WebAssembly: walks the entries [from, to) of a plan's table in memory and calls each row's
 * kernel once per task. The layout of an entry is in ../layout.ts. In a shared memory the tasks of marked rows are a job
 * that helping threads take part in, as control.ts tells.
 */
import { INTERRUPT } from "../arena.ts";
import { ENTRY_BYTES, GUARD, SHARED, STOPPABLE } from "../layout.ts";
import { DONE, STOPPED } from "../runner.ts";
import { control } from "./control.ts";
import type { FunctionType } from "./encoder.ts";
import { encodeModule } from "./encoder.ts";
import type { WasmModule } from "./engine.ts";
import { wasm } from "./engine.ts";
import {
  finishBody,
  fn,
  gatherBody,
  helpBody,
  SPINS,
  settleBody,
  shareBody,
  signature,
  WalkerWriter,
  workBody,
} from "./job.ts";
import { MAX_PAGES } from "./memory.ts";
import { kernelType } from "./module.ts";
import { op } from "./opcodes.ts";

/** The functions of a walker. Those after the first exist only in a shared memory. */
export interface Walker {
  /** `walk(table, from, to)`: DONE, STOPPED, the entry of the guard that was false, FAILED or LOST. */
  readonly walk: (table: number, from: number, to: number) => number;
  /** Ends the job in progress, if there is one, after a kernel failed in thread 0. */
  readonly settle?: () => void;
  /** What a helper does until the version is another one than `version`: takes tasks, or sleeps. */
  readonly work?: (version: number) => void;
  /** Counts the task of a helper as finished after its kernel failed. */
  readonly finish?: () => void;
}

/** In the order of `signature`. */
const types: readonly FunctionType[] = [
  kernelType,
  { params: ["i32", "i32", "i32"], results: ["i32"] },
  { params: ["i32"], results: [] },
  { params: [], results: ["i32"] },
  { params: [], results: [] },
  { params: ["i32", "i64"], results: [] },
];

/** The walker for memories that are shared or not; threads that wait look again and again first if they may `spin`. */
export function walkerModule(shared: boolean, spin: boolean): WasmModule {
  const spins = spin ? SPINS : 1;
  const alone = [{ type: signature.walk, body: walkBody(shared) }];
  const together = [
    { type: signature.walk, body: shareBody() },
    { type: signature.help, body: helpBody() },
    { type: signature.status, body: gatherBody(spins) },
    { type: signature.nothing, body: finishBody() },
    { type: signature.nothing, body: settleBody() },
    { type: signature.version, body: workBody(spins) },
  ];
  const { walk, settle, work, finish } = fn;
  const names = shared ? { walk, settle, work, finish } : { walk };
  const bytes = encodeModule({
    types,
    memory: { initial: 1, maximum: MAX_PAGES, shared },
    functions: shared ? [...alone, ...together] : alone,
    exports: Object.entries(names).map(([name, f]) => ({ name, function: f })),
  });
  return new wasm.Module(bytes);
}

/** The locals of the walk: its parameters, then the fields of an entry. */
interface Locals {
  readonly table: number;
  readonly row: number;
  readonly end: number;
  readonly entry: number;
  readonly fields: { readonly [F in (typeof fields)[number]]: number };
}
/** The words of an entry, in their order. */
const fields = ["kernel", "args", "tasks", "flags"] as const;

/** `walk(table, row, end)` */
function walkBody(shared: boolean): Uint8Array {
  const w = new WalkerWriter(3);
  const [kernel, args, tasks, flags, entry] = Array.from({ length: 5 }, () => w.local("i32")) as Five;
  const l: Locals = { table: 0, row: 1, end: 2, entry, fields: { kernel, args, tasks, flags } };
  w.forever(() => {
    w.get(l.row);
    w.get(l.end);
    w.op(op.i32GeS);
    w.brIf(1);
    readEntry(w, l);
    stopIfAsked(w, flags, shared);
    w.get(kernel);
    w.i32(GUARD);
    w.op(op.i32Eq);
    w.if();
    stopIfFalse(w, args, l.row);
    w.else();
    if (shared) shareOrDo(w, l);
    else doTasks(w, l);
    w.end();
    w.add(l.row, 1);
  });
  w.i32(DONE);
  return w.finish();
}

type Five = [number, number, number, number, number];

function readEntry(w: WalkerWriter, l: Locals): void {
  w.get(l.row);
  w.i32(ENTRY_BYTES);
  w.op(op.i32Mul);
  w.get(l.table);
  w.op(op.i32Add);
  w.set(l.entry);
  for (const [n, field] of fields.entries()) {
    w.get(l.entry);
    w.memory(op.i32Load, 4 * n, 2);
    w.set(l.fields[field]);
  }
}

/** Leaves with STOPPED where the entry allows it and the interrupt word says so. */
function stopIfAsked(w: WalkerWriter, flags: number, shared: boolean): void {
  w.get(flags);
  w.i32(STOPPABLE);
  w.op(op.i32And);
  w.when(() => {
    w.i32(0);
    w.memory(shared ? op.i32AtomicLoad : op.i32Load, INTERRUPT, 2);
    w.when(() => {
      w.i32(STOPPED);
      w.op(op.return);
    });
  });
}

/** The guard: leaves with the row where the byte is 0. */
function stopIfFalse(w: WalkerWriter, byte: number, row: number): void {
  w.get(byte);
  w.memory(op.i32Load8U, 0);
  w.op(op.i32Eqz);
  w.when(() => {
    w.get(row);
    w.op(op.return);
  });
}

/** All tasks of the row in this thread. */
function doTasks(w: WalkerWriter, { fields: { kernel, args, tasks } }: Locals): void {
  const task = w.local("i32");
  w.i32(0);
  w.set(task);
  w.forever(() => {
    w.get(task);
    w.get(tasks);
    w.op(op.i32GeS);
    w.brIf(1);
    w.get(args);
    w.get(task);
    w.get(kernel);
    w.callIndirect(signature.kernel);
    w.add(task, 1);
  });
  w.freeLocal(task);
}

/** The tasks of the row together with the helpers, if it is marked and there are any; leaves where that fails. */
function shareOrDo(w: WalkerWriter, l: Locals): void {
  const { kernel, args, tasks, flags } = l.fields;
  w.get(flags);
  w.i32(SHARED);
  w.op(op.i32And);
  w.load(control.helpers);
  w.i32(0);
  w.op(op.i32GtS);
  w.op(op.i32And);
  w.if();
  for (const local of [kernel, args, tasks]) w.get(local);
  w.call(fn.share);
  w.tee(flags);
  w.when(() => {
    w.get(flags);
    w.op(op.return);
  });
  w.else();
  doTasks(w, l);
  w.end();
}
