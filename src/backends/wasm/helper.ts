/**
 * The module that a helping thread runs: loads kernels as they come, does tasks, sleeps; leaves when the backend is
 * released. Works in Node and in pages; imports little, so that it starts soon.
 */
import type { HelperStart } from "./control.ts";
import { control, MESSAGE_BYTES, moduleRecord } from "./control.ts";
import type { WasmMemory, WasmTable } from "./engine.ts";
import { wasm } from "./engine.ts";
import type { Walker } from "./walker.ts";

interface Environment {
  readonly memory: WasmMemory;
  readonly table: WasmTable;
}

/** Helps until the backend is released. */
function help({ memory, walker }: HelperStart): void {
  const env: Environment = { memory, table: new wasm.Table({ element: "anyfunc", initial: 0 }) };
  const { work, finish } = new wasm.Instance(walker, { env }).exports as unknown as Required<Walker>;
  const words = new Int32Array(memory.buffer);
  Atomics.add(words, control.helpers / 4, 1);
  let link: number = control.firstModule;
  for (let loaded = 0; ; ) {
    try {
      work(loaded);
    } catch (error) {
      report(memory, error);
      finish();
      continue;
    }
    const version = Atomics.load(words, control.version / 4);
    if (version < 0) return;
    for (; loaded < version; loaded++) link = loadModule(env, link);
  }
}

/** Puts the functions of a module into the table; `link` is where its address is. Returns where that of the next will be. */
function loadModule(env: Environment, link: number): number {
  const words = new Int32Array(env.memory.buffer);
  const at = words[link / 4]! >>> 0;
  const field = (n: number): number => words[at / 4 + n]!;
  const from = at + 4 * moduleRecord.words;
  const bytes = new Uint8Array(field(moduleRecord.length));
  bytes.set(new Uint8Array(env.memory.buffer, from, bytes.length));
  env.table.grow(field(moduleRecord.tableAt) + field(moduleRecord.functions) - env.table.length);
  new wasm.Instance(new wasm.Module(bytes), { env });
  return at + 4 * moduleRecord.next;
}

/** Writes why a kernel failed, unless another helper has. */
function report(memory: WasmMemory, error: unknown): void {
  const text = new TextEncoder().encode(String(error)).subarray(0, MESSAGE_BYTES);
  const words = new Int32Array(memory.buffer);
  if (Atomics.compareExchange(words, control.failure / 4, 0, Math.max(1, text.length)) !== 0) return;
  new Uint8Array(memory.buffer).set(text, control.message);
}

interface WorkerGlobals {
  readonly process?: NodeJS.Process;
  onmessage: (event: { readonly data: HelperStart }) => void;
  close(): void;
}

const self = globalThis as unknown as WorkerGlobals;
const node = self.process?.getBuiltinModule?.("node:worker_threads");
if (node !== undefined) help(node.workerData as HelperStart);
else {
  self.onmessage = ({ data }) => {
    help(data);
    self.close();
  };
}
