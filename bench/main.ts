/**
 * `npm run bench -- [NAMES] [--python PYTHON] [--peers DIR] [--runs N] [--threads N] [--rows N] [--backends LIST]
 * [--only LIST] [--json] [--markdown FILE]`
 *
 * Measures Tendril and the peers that are installed. All contestants of a case are started and warmed up, then take turns;
 * the median of the runs counts, the spread is told. A table goes to the standard output (and as a page to the file of
 * `--markdown`), or with `--json` one document; what is going on to the standard error.
 */
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { Contestant, type Counts, type Entrant, entrants, runCold } from "./contestants.ts";
import {
  type Limits,
  type Measured,
  markdown,
  median,
  page,
  type Result,
  show,
  summarise,
} from "./report.ts";
import { type Benchmark, benchmarks, type Case, inUnit, type Limit, type Workload } from "./workloads.ts";

const usage = `npm run bench -- [NAMES] [options]

Names: ${benchmarks.map((b) => b.name).join(", ")}; all of them where none is given.

  --python PYTHON    measure Keras, PyTorch and PyTorch Geometric of this interpreter too
  --peers DIR        a folder where @tensorflow/tfjs and @jax-js/jax are installed, to measure them too
  --backends LIST    default wasm,native
  --threads N        the most threads, default 2
  --runs N           runs of each contestant, default 5
  --rows N           epochs of at most so many rows
  --only LIST        contestants whose names contain one of these words
  --markdown FILE    a page with the tables goes to this file too
  --json             one JSON document instead of the table`;

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      python: { type: "string" },
      peers: { type: "string" },
      runs: { type: "string", default: "5" },
      threads: { type: "string", default: `${Math.min(2, availableParallelism())}` },
      rows: { type: "string", default: `${Number.MAX_SAFE_INTEGER}` },
      backends: { type: "string", default: "wasm,native" },
      only: { type: "string", default: "" },
      markdown: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  const unknown = positionals.find((p) => !benchmarks.some((b) => b.name === p));
  if (unknown !== undefined) {
    throw new Error(`no benchmark ${unknown}; there are ${benchmarks.map((b) => b.name).join(", ")}`);
  }
  const chosen = benchmarks.filter((b) => positionals.length === 0 || positionals.includes(b.name));
  const whole = (name: "runs" | "threads" | "rows") => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`--${name} takes a number from 1, not ${values[name]}`);
    return value;
  };
  return { ...values, runs: whole("runs"), threads: whole("threads"), rows: whole("rows"), chosen };
}

/** The options, or the end: what is wrong with them is said in a line. */
function readOptions(): ReturnType<typeof options> {
  try {
    return options();
  } catch (error) {
    tell(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/** An epoch of fewer rows, for slow machines. */
function atMost(workload: Workload, rows: number): Workload {
  return "rows" in workload ? { ...workload, rows: Math.min(workload.rows, rows) } : workload;
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function identity(entrant: Entrant, contestant: string) {
  return { entrant: entrant.name, contestant, ours: entrant.ours };
}

/** Processes that stay, one run of each in turn. */
async function alternate(benchmark: Benchmark, { workload }: Case, who: readonly Entrant[], runs: number) {
  const started: Contestant[] = [];
  try {
    for (const entrant of who) {
      const contestant = await Contestant.start(entrant, workload);
      if (typeof contestant === "string") tell(`  ${entrant.name}: not measured (${contestant})`);
      else started.push(contestant);
    }
    const measured = started.map(({ entrant, name }) => ({
      ...identity(entrant, name),
      runs: [] as number[],
      megabytes: undefined as number | undefined,
      seconds: [] as number[],
      rates: undefined as Counts | undefined,
    }));
    for (let round = 0; round < runs; round++) {
      for (const [i, contestant] of started.entries()) {
        const one = measured[i]!;
        const seconds = await contestant.run();
        one.runs.push(inUnit(benchmark.unit, workload, seconds));
        one.seconds.push(seconds);
        one.megabytes = contestant.megabytes;
        one.rates = contestant.counts && perSecond(contestant.counts, median(one.seconds));
      }
    }
    return measured;
  } finally {
    for (const contestant of started) contestant.stop();
  }
}

function perSecond({ flops, bytes }: Counts, seconds: number): Counts {
  return { flops: flops / seconds, bytes: bytes / seconds };
}

/** What the machine does at most with as many threads as each of ours: the most that any of those manages. */
async function limitsOf(ours: readonly Entrant[]): Promise<Limits> {
  const byThreads = new Map<number | undefined, Counts>();
  for (const entrant of ours) {
    const [arithmetic, memory] = [await limit(entrant, "arithmetic"), await limit(entrant, "memory")];
    const most = byThreads.get(entrant.threads) ?? { flops: 0, bytes: 0 };
    byThreads.set(entrant.threads, {
      flops: Math.max(most.flops, arithmetic?.flops ?? 0),
      bytes: Math.max(most.bytes, memory?.bytes ?? 0),
    });
  }
  const known = ours.flatMap((e) => {
    const most = byThreads.get(e.threads)!;
    return most.flops > 0 && most.bytes > 0 ? [[e.name, most] as const] : [];
  });
  return new Map(known);
}

async function limit(entrant: Entrant, of: Limit["of"]): Promise<Counts | undefined> {
  const contestant = await Contestant.start(entrant, { kind: "limit", of });
  if (typeof contestant === "string") return undefined;
  try {
    const seconds = await contestant.run();
    return contestant.counts && perSecond(contestant.counts, seconds);
  } finally {
    contestant.stop();
  }
}

/** A new process for every run. */
async function coldStarts(benchmark: Benchmark, { workload }: Case, who: readonly Entrant[], runs: number) {
  const measured = new Map<Entrant, Measured>();
  let present = who;
  for (let round = 0; round < runs; round++) {
    for (const entrant of present) {
      const run = await runCold(entrant, workload);
      if (typeof run === "string") {
        tell(`  ${entrant.name}: not measured (${run})`);
        present = present.filter((e) => e !== entrant);
      } else {
        const seen = measured.get(entrant)?.runs ?? [];
        const runs = [...seen, inUnit(benchmark.unit, workload, run.seconds)];
        measured.set(entrant, { ...identity(entrant, run.name), runs });
      }
    }
  }
  return [...measured.values()];
}

const { backends, chosen, json, markdown: file, only, peers, python, rows, runs, threads } = readOptions();
const wanted = only.toLowerCase().split(",");
const who = entrants({ backends: backends.split(","), threads, python, peers }).filter((e) =>
  wanted.some((text) => e.name.toLowerCase().includes(text)),
);
const results: Result[] = [];
tell("what the machine does at most");
const limits = await limitsOf(who.filter((e) => e.ours));
for (const benchmark of chosen) {
  tell(`${benchmark.name}: ${benchmark.about}`);
  for (const whole of benchmark.cases) {
    const one = { ...whole, workload: atMost(whole.workload, rows) };
    const isCold = one.workload.kind === "startup" || one.workload.kind === "compile";
    const measure = isCold ? coldStarts : alternate;
    const measured: Measured[] = await measure(benchmark, one, who, runs);
    const found = summarise(benchmark, one.label, measured, limits);
    for (const r of found) tell(`  ${r.case} ${r.contestant}: ${show(r.median)} ${r.unit}`);
    results.push(...found);
  }
}
const document = { node: process.version, threads, runs, limits: Object.fromEntries(limits), results };
const memory = new Set(chosen.filter((b) => b.memory).map((b) => b.name));
const table = markdown(results, memory, limits);
if (file !== undefined) {
  const machine = `${cpus()[0]?.model ?? process.arch}, ${availableParallelism()} processors, Node ${process.version}`;
  const given = [...chosen.map((b) => b.name), `--runs ${runs}`, ...(python ? ["--python PYTHON"] : [])];
  await writeFile(file, page(table, chosen, machine, `npm run bench -- ${given.join(" ")}`));
}
process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${table}\n`);
