/**
 * The native backend: kernels as C, compiled by the system's compiler, cached on disk, run by a small addon that is
 * compiled in the same way. Node on POSIX systems with a C compiler; the same bits as the wasm backend.
 */
import { MachineBackend } from "../runner.ts";
import { checkThreads } from "../wasm/index.ts";
import { pagedArena } from "../wasm/memory.ts";
import { library } from "./library.ts";
import { NativeMachine } from "./machine.ts";
import { nativeTarget } from "./target.ts";

export interface NativeOptions {
  /** How many threads share the work, from 1 (the default) to 256. Results have the same bits for any number. */
  readonly threads?: number;
}

/**
 * A fresh backend with a memory of its own. Throws UnsupportedError, saying why, where there is no C compiler or no folder
 * to keep compiled kernels in.
 */
export function createNativeBackend({ threads = 1 }: NativeOptions = {}): MachineBackend {
  checkThreads(threads);
  const compiled = library();
  const machine = new NativeMachine(pagedArena(threads > 1).arena, threads, compiled);
  return new MachineBackend("native", nativeTarget(compiled.toolchain.lanes), machine);
}
