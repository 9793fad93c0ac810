/** A WebAssembly memory as the arena of a backend. */
import { Arena } from "../arena.ts";
import type { WasmMemory } from "./engine.ts";
import { wasm } from "./engine.ts";

/** Bytes of a page of WebAssembly. */
export const PAGE = 65536;

/** The most pages of 64 KiB the arena may have: one less than 4 GiB, so that a byte view of all of it can be made. */
export const MAX_PAGES = 65535;

export function pagedArena(shared: boolean): { readonly memory: WasmMemory; readonly arena: Arena } {
  const memory: WasmMemory = new wasm.Memory({ initial: 16, maximum: MAX_PAGES, shared });
  const arena = new Arena({
    get buffer() {
      return memory.buffer;
    },
    grow(bytes) {
      memory.grow(Math.ceil(bytes / PAGE) - memory.buffer.byteLength / PAGE);
    },
  });
  return { memory, arena };
}
