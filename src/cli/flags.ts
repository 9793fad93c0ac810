/** Flags that several commands share, and what they mean. */
import { type BackendName, defaultBackend, getBackend } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
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

export const keepFlags = {
  backup: {
    kind: "text",
    value: "DIR",
    about: "keep the state of the training here, after each epoch and on Ctrl-C",
  },
  resume: { kind: "text", value: "DIR", about: "go on with the training kept here, and keep it here" },
} as const satisfies Flags;

/** The folders of `keepFlags`. */
export interface KeepValues {
  readonly backup?: string | undefined;
  readonly resume?: string | undefined;
}

/** A training is begun or gone on with, not both. */
export function checkKeepFlags({ backup, resume }: KeepValues): void {
  if (backup === undefined || resume === undefined) return;
  throw new UsageError({
    where: "tendril train",
    problem: "--backup and --resume cannot be given together",
    expected: "--backup DIR to begin, --resume DIR to go on",
    got: `--backup ${backup} --resume ${resume}`,
    try: "--resume DIR alone: it goes on writing to the folder",
  });
}

/** What to do after an interruption; `saved` says what can be done with files of `--out`, where there are some. */
export function adviceAfter({ backup, resume }: KeepValues, saved: string | undefined): string {
  const folder = resume ?? backup;
  if (folder !== undefined) return `the same command with --resume ${folder} goes on where it stopped`;
  return saved ?? "give --out DIR to keep what was learnt, --backup DIR to go on later";
}

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
