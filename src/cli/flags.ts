/** Flags that several commands share, and what they mean. */
import { type BackendName, defaultBackend, getBackend } from "../core/index.ts";
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
    choices: ["auto", "native", "wasm", "js", "reference"],
    about:
      "where tensors are computed: auto (the default) is wasm, and native where that pays and a C compiler is there; js and reference are slow, for comparison",
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
  readonly backend: (typeof engineFlags.backend.choices)[number] | undefined;
  readonly threads: number | undefined;
}): Engine & { readonly name: BackendName } {
  const { threads } = values;
  const backend = values.backend ?? defaultBackend;
  const counted = backend === "auto" || backend === "native" || backend === "wasm";
  const name: BackendName = counted && threads !== undefined ? `${backend}:${threads}` : backend;
  return { name, backend, threads: getBackend(name).threads };
}
