/** The parts of the engine's `WebAssembly` object that are used, typed here because no DOM types are loaded. */

export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

export interface WasmTable {
  readonly length: number;
  grow(entries: number): number;
}

/** A compiled module. */
export type WasmModule = object;

interface WasmApi {
  readonly Memory: new (type: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  readonly Table: new (type: { element: "anyfunc"; initial: number }) => WasmTable;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: { env: { memory: WasmMemory; table: WasmTable } },
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

/** The engine's own `WebAssembly`. */
export const wasm: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
