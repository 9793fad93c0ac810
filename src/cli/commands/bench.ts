/** `tendril bench`: the benchmarks of a checkout, which published packages do not contain. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileExists } from "../../data/index.ts";
import { CancelledError, UnsupportedError, UsageError } from "../../ir/errors.ts";
import { defineCommand } from "../command.ts";
import { packageFolder } from "../package.ts";

export const bench = defineCommand({
  name: "bench",
  about: "Measures speed, in a checkout of the repository.",
  positionals: [{ name: "NAME", many: true, optional: true, about: "benchmarks; all unless some are named" }],
  flags: {
    python: { kind: "text", value: "PYTHON", about: "a Python with Keras or PyTorch to compare with" },
    runs: { kind: "whole", value: "N", min: 1, about: "how often each is measured" },
    threads: { kind: "whole", value: "N", min: 1, max: 64, about: "threads to compute on" },
    rows: { kind: "whole", value: "N", min: 1, about: "the most rows of an epoch" },
    backends: {
      kind: "text",
      value: "LIST",
      about: "backends to measure, with commas between; wasm if not told",
    },
    markdown: { kind: "text", value: "FILE", about: "a file to write the table to" },
    only: {
      kind: "text",
      value: "TEXT",
      about: "only contestants whose names contain one of these, with commas between",
    },
  },
  examples: ["tendril bench", "tendril bench lecture-cnn matmul --json"],
  async run(names, values, { json, signal }) {
    const script = join(packageFolder, "bench", "main.ts");
    if (!(await fileExists(script))) {
      throw new UnsupportedError({
        where: "tendril bench",
        problem: "the benchmarks are not part of the package",
        expected: script,
        got: "no such file",
        try: "clone the repository and run it there",
      });
    }
    const { python, runs, threads, rows, backends, markdown, only } = values;
    const flags = Object.entries({ python, runs, threads, rows, backends, markdown, only }).flatMap(
      ([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]),
    );
    const text = await output(
      ["--import", "tsx", script, ...names, ...flags, ...(json ? ["--json"] : [])],
      signal,
    );
    return { data: json ? JSON.parse(text) : undefined, text };
  },
});

/** What the script prints; its text for people goes straight on. */
function output(args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: packageFolder,
      signal,
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (cause) => reject(signal.aborted ? stopped(cause) : cause));
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(chunks).toString("utf8"));
      else reject(failed(code));
    });
  });
}

function failed(code: number | null): UsageError {
  return new UsageError({
    where: "tendril bench",
    problem: "the benchmarks did not come to an end",
    expected: "benchmarks that are there, and what they need",
    got: `exit code ${code}`,
    try: "see the lines above",
  });
}

function stopped(cause: Error): CancelledError {
  return new CancelledError({
    where: "tendril bench",
    problem: "stopped on request",
    try: "run it again",
    cause,
  });
}
