/** Runs scripts of the tests in processes of their own, on the built library. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface ChildOptions {
  /** Flags of Node. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What the script (a path below test/) prints as JSON. Rejects where it fails. */
export async function inChild<T>(script: string, args: readonly string[] = [], options: ChildOptions = {}) {
  const file = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...(options.flags ?? []), file, ...args], {
    env: { ...process.env, ...options.env },
    maxBuffer: 64 * 2 ** 20,
  });
  return JSON.parse(stdout) as T;
}
