/** Flags that several commands share, and what they mean. */
import { type BackendName, getBackend } from "../core/index.ts";
import type { Flags } from "./command.ts";

export const dataFlag = {
  data: {
    kind: "text",
    value: "DIR",
    about: "folder with the files of data sets (else TENDRIL_DATA, the cache, a download)",
  },
} as const satisfies Flags;

export const engineFlags = {
  backend: {
    kind: "choice",
    choices: ["wasm", "js", "reference"],
    default: "wasm",
    about: "where tensors are computed; js and reference are slow, for comparison",
  },
  threads: {
    kind: "whole",
    value: "N",
    min: 1,
    max: 64,
    about: "threads to compute on; any number gives the same results",
  },
} as const satisfies Flags;

/** What computes, as reports name it. */
export interface Engine {
  readonly backend: string;
  readonly threads: number;
}

/** The backend of the flags with that many threads, and how many it really has. */
export function startEngine(values: {
  readonly backend: (typeof engineFlags.backend.choices)[number];
  readonly threads: number | undefined;
}): Engine & { readonly name: BackendName } {
  const { backend, threads } = values;
  const name: BackendName = backend === "wasm" && threads !== undefined ? `wasm:${threads}` : backend;
  return { name, backend, threads: getBackend(name).threads };
}
