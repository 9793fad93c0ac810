/** Many kernels → one WebAssembly module; compiled kernels are found again by their key. */
import type { Kernel } from "../../ir/index.ts";
import { emitKernel } from "./emit.ts";
import type { FunctionType } from "./encoder.ts";
import { encodeModule } from "./encoder.ts";
import type { WasmMemory } from "./engine.ts";
import { wasm } from "./engine.ts";
import { MAX_PAGES } from "./memory.ts";

/** Every kernel is called as `(args, task)`. */
export const kernelType: FunctionType = { params: ["i32", "i32"], results: [] };

/** The bytes of a module that puts `kernels` into the table from index `tableAt` on. */
export function kernelModule(
  kernels: readonly Kernel[],
  tableAt: number,
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  return encodeModule({
    types: [kernelType],
    memory: { initial: 1, maximum: MAX_PAGES, shared },
    functions: kernels.map((k) => ({ type: 0, body: emitKernel(k) })),
    exports: [],
    tableAt,
  });
}

/** The compiled kernels of one backend: a function table that grows, and where in it each kernel is. */
export class KernelCache {
  readonly table = new wasm.Table({ element: "anyfunc", initial: 0 });
  private readonly memory: WasmMemory;
  private readonly shared: boolean;
  private readonly made: (bytes: Uint8Array, tableAt: number, functions: number) => void;
  private readonly indices = new Map<string, number>();

  /** `made` is told of every module: its bytes, and which entries of the table it fills. */
  constructor(
    memory: WasmMemory,
    shared: boolean,
    made: (bytes: Uint8Array, tableAt: number, functions: number) => void,
  ) {
    this.memory = memory;
    this.shared = shared;
    this.made = made;
  }

  /** The table index of each kernel; all that are not there yet are compiled together. */
  load(kernels: readonly Kernel[]): number[] {
    const missing = new Map<string, Kernel>();
    for (const k of kernels) if (!this.indices.has(k.key)) missing.set(k.key, k);
    if (missing.size > 0) {
      const at = this.table.length;
      const bytes = kernelModule([...missing.values()], at, this.shared);
      const module = new wasm.Module(bytes);
      this.made(bytes, at, missing.size);
      this.table.grow(missing.size);
      new wasm.Instance(module, { env: { memory: this.memory, table: this.table } });
      let index = at;
      for (const key of missing.keys()) this.indices.set(key, index++);
    }
    return kernels.map((k) => this.indices.get(k.key)!);
  }
}
