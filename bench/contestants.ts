/**
 * The contestants: each is a process that waits while others are measured.
 *
 * It is started with a description of the workload as its last argument, warms up, writes `{"ready": "name and version"}` or
 * `{"absent": "why"}`, and for every line that it reads does the work once and writes
 * `{"seconds": s, "rows": n, "megabytes": m, "flops": f, "bytes": b}`, where `rows` may be left out if it did the whole
 * workload, `megabytes` (the most memory the process has had) if it is not known, and the floating-point operations and
 * bytes of the run where nobody counts them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Workload } from "./workloads.ts";

/** Who can take part. */
export interface Entrant {
  readonly name: string;
  /** Whether it is Tendril. */
  readonly ours: boolean;
  /** How many threads it has been told to take; peers in JavaScript take one or what they like. */
  readonly threads?: number;
  /** The command, without the description of the workload. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Field {
  readonly backends: readonly string[];
  readonly threads: number;
  /** Where there is none, no peer in Python takes part. */
  readonly python: string | undefined;
  /** A folder with the packages of the peers in JavaScript; without it they are looked for beside this one. */
  readonly peers: string | undefined;
}

/** Tendril's backends with one thread and with `threads`, the peers in JavaScript, and with a Python those in Python. */
export function entrants({ backends, threads, python, peers }: Field): Entrant[] {
  const tendril = (backend: string, n: number): Entrant => ({
    name: `Tendril ${backend}, ${n} thread${n === 1 ? "" : "s"}`,
    ours: true,
    threads: n,
    command: [process.execPath, here("./tendril.mjs"), `${backend}:${n}`],
  });
  const script = (name: string, file: string): Entrant => ({
    name,
    ours: false,
    command: [process.execPath, here(file)],
    ...(peers === undefined ? {} : { env: { TENDRIL_BENCH_PEERS: pathToFileURL(`${peers}/`).href } }),
  });
  const inPython = (name: string, file: string): Entrant => ({
    name,
    ours: false,
    command: [python ?? "", here(file), `${threads}`],
    env: { TF_CPP_MIN_LOG_LEVEL: "3", OMP_NUM_THREADS: `${threads}` },
  });
  return [
    ...backends.flatMap((b) => [tendril(b, 1), ...(threads > 1 ? [tendril(b, threads)] : [])]),
    script("TensorFlow.js", "./peers/tfjs.mjs"),
    script("jax-js", "./peers/jax-js.mjs"),
    ...(python === undefined
      ? []
      : [
          inPython("Keras", "./peers/keras_peer.py"),
          inPython("PyTorch", "./peers/torch_peer.py"),
          inPython("PyG", "./peers/pyg_peer.py"),
        ]),
  ];
}

interface Answer {
  readonly ready?: string;
  readonly absent?: string;
  readonly seconds?: number;
  readonly rows?: number;
  readonly megabytes?: number;
  readonly flops?: number;
  readonly bytes?: number;
}

/** Floating-point operations, and bytes read and written. */
export interface Counts {
  readonly flops: number;
  readonly bytes: number;
}

/** A started entrant. */
export class Contestant {
  /** As it calls itself, with its version. */
  name: string;
  readonly entrant: Entrant;
  /** The most memory it has had, as far as it is known. */
  megabytes: number | undefined;
  /** What a run takes, as far as it is known. */
  counts: Counts | undefined;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #workload: Workload;

  private constructor(entrant: Entrant, process: ChildProcess, lines: Interface, workload: Workload) {
    this.name = entrant.name;
    this.entrant = entrant;
    this.#process = process;
    this.#lines = lines[Symbol.asyncIterator]();
    this.#workload = workload;
  }

  /** Starts and warms up; a string says why the entrant cannot take part. */
  static async start(entrant: Entrant, workload: Workload): Promise<Contestant | string> {
    const [program, ...args] = entrant.command;
    const child = spawn(program!, [...args, JSON.stringify(workload)], {
      stdio: ["pipe", "pipe", process.env.TENDRIL_BENCH_VERBOSE ? "inherit" : "ignore"],
      env: { ...process.env, ...entrant.env },
    });
    const failed = new Promise<Answer>((resolve) => {
      child.on("error", (error) => resolve({ absent: error.message }));
    });
    const lines = createInterface({ input: child.stdout! });
    const contestant = new Contestant(entrant, child, lines, workload);
    const answer = await Promise.race([contestant.#next(), failed]);
    if (answer.ready !== undefined) {
      contestant.name = answer.ready;
      return contestant;
    }
    contestant.stop();
    return answer.absent ?? "it ended without a word";
  }

  async #next(): Promise<Answer> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) return {};
      if (value.startsWith("{")) return JSON.parse(value) as Answer;
    }
  }

  /** Does the work once and returns the seconds it takes; work on part of the rows is scaled up. */
  async run(): Promise<number> {
    this.#process.stdin?.write("run\n");
    const { seconds, rows, megabytes, flops, bytes } = await this.#next();
    this.megabytes = megabytes;
    this.counts = flops === undefined || bytes === undefined ? undefined : { flops, bytes };
    if (seconds === undefined) throw new Error(`${this.name} ended while it was measured`);
    if (rows === undefined || !("rows" in this.#workload)) return seconds;
    return (seconds * this.#workload.rows) / rows;
  }

  stop(): void {
    this.#process.stdin?.end();
    this.#process.kill();
  }
}

/** Starts an entrant for a single cold measurement; a string says why it cannot take part. */
export async function runCold(
  entrant: Entrant,
  workload: Workload,
): Promise<{ name: string; seconds: number } | string> {
  const contestant = await Contestant.start(entrant, workload);
  if (typeof contestant === "string") return contestant;
  try {
    return { name: contestant.name, seconds: await contestant.run() };
  } finally {
    contestant.stop();
  }
}
