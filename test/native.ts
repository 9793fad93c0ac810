/** The native backend for tests: there only where a C compiler is; kernels are compiled together, to be quick. */
import { test } from "vitest";
import { library } from "../src/backends/native/library.ts";
import type { Kernel, Plan } from "../src/ir/index.ts";

/** Why there is no native backend here, if there is none. */
export const nativeProblem: string | undefined = (() => {
  try {
    library();
    return undefined;
  } catch (error) {
    return String(error).split("\n").slice(0, 3).join("; ");
  }
})();

/** `backends` and `native`, or without it and with a skipped test that says why. */
export function withNative<T>(backends: readonly T[], native: T): readonly T[] {
  if (nativeProblem === undefined) return [...backends, native];
  test.skip(`native backend: ${nativeProblem}`, () => {});
  return backends;
}

/** Compiles the kernels of many plans in few units; each would have a compiler of its own otherwise. */
export function compileTogether(plans: readonly Plan[]): void {
  if (nativeProblem !== undefined) return;
  const kernels = new Map<string, Kernel>();
  for (const { rows } of plans) for (const { kernel } of rows) kernels.set(kernel.key, kernel);
  library().ensure([...kernels.values()]);
}

/** Declares the tests of other files once more, on the native backend; without it a skipped test says why. */
export async function onNative(...files: readonly (() => Promise<unknown>)[]): Promise<void> {
  if (nativeProblem !== undefined) {
    test.skip(`native backend: ${nativeProblem}`, () => {});
    return;
  }
  // Each file of tests has its environment to itself.
  process.env.TENDRIL_TEST_BACKEND = "native";
  for (const load of files) await load();
}
