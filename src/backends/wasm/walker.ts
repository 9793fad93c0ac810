/**
 * The plan runner, itself a WebAssembly function: walks the entries [from, to) of a plan's table in memory and calls
 * each row's kernel once per task. The layout of an entry is in ../layout.ts.
 */
import { ENTRY_BYTES, GUARD } from "../layout.ts";
import { encodeModule, FunctionWriter } from "./encoder.ts";
import type { WasmMemory, WasmTable } from "./engine.ts";
import { wasm } from "./engine.ts";
import { kernelType, MAX_PAGES } from "./module.ts";
import { op } from "./opcodes.ts";

/** `walk(table, from, to)`: -1 when all entries are done, else the entry of the guard that was false. */
export type Walk = (table: number, from: number, to: number) => number;

/** Makes the walker for a memory and the table of its kernels. */
export function makeWalker(memory: WasmMemory, table: WasmTable): Walk {
  const bytes = encodeModule({
    types: [kernelType, { params: ["i32", "i32", "i32"], results: ["i32"] }],
    memory: { initial: 1, maximum: MAX_PAGES, shared: false },
    functions: [{ type: 1, body: walkerBody() }],
    exports: [{ name: "walk", function: 0 }],
  });
  const instance = new wasm.Instance(new wasm.Module(bytes), { env: { memory, table } });
  return instance.exports.walk as Walk;
}

function walkerBody(): Uint8Array {
  const w = new FunctionWriter(3);
  const [table, row, end] = [0, 1, 2];
  const [entry, kernel, args, task, tasks] = [1, 2, 3, 4, 5].map(() => w.local("i32")) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const field = (n: number, into: number): void => {
    w.get(entry);
    w.memory(op.i32Load, 4 * n, 2);
    w.set(into);
  };
  w.block();
  w.loop();
  w.get(row);
  w.get(end);
  w.op(op.i32GeS);
  w.brIf(1);
  w.get(row);
  w.i32(ENTRY_BYTES);
  w.op(op.i32Mul);
  w.get(table);
  w.op(op.i32Add);
  w.set(entry);
  field(0, kernel);
  field(1, args);
  field(2, tasks);
  w.get(kernel);
  w.i32(GUARD);
  w.op(op.i32Eq);
  w.if();
  w.get(args);
  w.memory(op.i32Load8U, 0);
  w.op(op.i32Eqz);
  w.if();
  w.get(row);
  w.op(op.return);
  w.end();
  w.else();
  w.i32(0);
  w.set(task);
  w.block();
  w.loop();
  w.get(task);
  w.get(tasks);
  w.op(op.i32GeS);
  w.brIf(1);
  w.get(args);
  w.get(task);
  w.get(kernel);
  w.callIndirect(0);
  w.get(task);
  w.i32(1);
  w.op(op.i32Add);
  w.set(task);
  w.br(0);
  w.end();
  w.end();
  w.end();
  w.get(row);
  w.i32(1);
  w.op(op.i32Add);
  w.set(row);
  w.br(0);
  w.end();
  w.end();
  w.i32(-1);
  return w.finish();
}
