/** The backends that run plans. */
export { createJsBackend } from "./js/index.ts";
export { MachineBackend } from "./runner.ts";
export { createWasmBackend } from "./wasm/index.ts";
