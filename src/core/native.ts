/** What there is on this machine for native code, for people and for reports of bugs. Node only. */
import { stopRunsOn } from "../backends/native/addon.ts";
import { clearStore, reportStore, type StoreReport } from "../backends/native/store.ts";
import { findToolchain } from "../backends/native/toolchain.ts";

export interface NativeReport extends StoreReport {
  /** The command and version of the C compiler; null where none works. */
  readonly compiler: string | null;
  /** Lanes of the machine's vector registers; 0 where no compiler says. */
  readonly lanes: number;
}

/** The C compiler that the native backend uses, and the kernels it has compiled: where, how many units, how many bytes. */
export function nativeReport(): NativeReport {
  const store = reportStore();
  try {
    const { compiler, version, lanes } = findToolchain();
    return { ...store, compiler: `${compiler} ${version}`, lanes };
  } catch {
    return { ...store, compiler: null, lanes: 0 };
  }
}

/** Removes all compiled kernels from the cache; they are compiled again when they are needed. */
export function clearNativeKernels(): void {
  clearStore();
}

/**
 * Lets these signals, which this process must handle itself, stop native runs that have changed no variable yet; such a run
 * throws CancelledError. Without it a handler waits until the run in progress is over.
 */
export function stopRunsOnSignals(signals: readonly NodeJS.Signals[]): void {
  stopRunsOn(signals);
}
