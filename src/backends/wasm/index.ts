/** The default backend: WebAssembly SIMD made in TypeScript. Works in Node, in pages and in workers; needs no toolchain. */
import { MachineBackend } from "../runner.ts";
import { wasm } from "./engine.ts";
import { KernelCache, MAX_PAGES } from "./module.ts";
import { makeWalker } from "./walker.ts";

const PAGE = 65536;

/** A fresh backend with a memory of its own. One thread; the same bits on every engine. */
export function createWasmBackend(): MachineBackend {
  const memory = new wasm.Memory({ initial: 16, maximum: MAX_PAGES });
  const kernels = new KernelCache(memory);
  const walk = makeWalker(memory, kernels.table);
  return new MachineBackend(
    "wasm",
    { lanes: 16, tile: { rows: 4, columns: 8 } },
    {
      memory: {
        get buffer() {
          return memory.buffer;
        },
        grow(bytes) {
          memory.grow(Math.ceil(bytes / PAGE) - memory.buffer.byteLength / PAGE);
        },
      },
      load: (list) => kernels.load(list),
      walk,
    },
  );
}
