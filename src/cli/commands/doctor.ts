/** `tendril doctor`: what this machine offers, for people and for reports of bugs. */
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from "node:os";
import {
  type BackendName,
  clearNativeKernels,
  compile,
  getBackend,
  memory,
  type NativeReport,
  nativeReport,
  tensor,
} from "../../core/index.ts";
import { defaultCache } from "../../data/index.ts";
import { figureOf, renderPng } from "../../plot/index.ts";
import { defineCommand } from "../command.ts";
import { engineFlags } from "../flags.ts";
import { packageVersion } from "../package.ts";
import { printable } from "../terminal.ts";
import { listDatasets } from "./data.ts";

export const doctor = defineCommand({
  name: "doctor",
  about: "Shows versions, backends, compiled kernels, data and memory.",
  positionals: [],
  flags: { "clear-kernels": { kind: "switch", about: "first remove the kernels compiled for this machine" } },
  examples: ["tendril doctor", "tendril doctor --json", "tendril doctor --clear-kernels"],
  async run(_names, { clearKernels }) {
    if (clearKernels) clearNativeKernels();
    const report = {
      versions: { tendril: await packageVersion(), node: process.versions.node, v8: process.versions.v8 },
      system: {
        platform: `${platform()} ${release()} ${arch()}`,
        processor: cpus()[0]?.model ?? "unknown",
        cores: availableParallelism(),
      },
      backends: await Promise.all(engineFlags.backend.choices.map(tryBackend)),
      native: nativeReport(),
      pictures: await attempt(async () => {
        await renderPng(figureOf({ kind: "text", title: "Aa" }, 64, 64));
      }),
      cache: (await defaultCache()).where,
      data: await listDatasets(),
      memory: { process: process.memoryUsage.rss(), free: freemem(), total: totalmem(), engine: memory() },
    };
    return { data: report, text: textOf(report) };
  },
});

interface BackendReport {
  readonly name: BackendName;
  readonly works: boolean;
  readonly threads: number;
  /** Why it does not work. */
  readonly problem?: string;
}

/** Adds some numbers on a backend. */
async function tryBackend(name: BackendName): Promise<BackendReport> {
  const problem = await attempt(async () => {
    const sum = await compile((x) => x.add(1).sum(), { backend: name })(tensor([1, 2, 3]));
    if ((await sum.item()) !== 9) throw new Error("1 + 1 + 2 + 1 + 3 + 1 is not 9");
  });
  if (problem !== null) return { name, works: false, threads: 0, problem };
  return { name, works: true, threads: getBackend(name).threads };
}

/** What went wrong, or null. */
async function attempt(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.split("\n")[0]! : String(error);
  }
}

function compilerText({ compiler, lanes }: NativeReport): string {
  return compiler === null ? "none that works" : `${compiler}, vectors of ${32 * lanes} bits`;
}

function kernelsText({ folder, units, bytes }: NativeReport): string {
  return `${units} unit${units === 1 ? "" : "s"}, ${(bytes / 1e6).toFixed(1)} MB, in ${folder}`;
}

function textOf(report: {
  readonly versions: Readonly<Record<string, string>>;
  readonly system: { readonly platform: string; readonly processor: string; readonly cores: number };
  readonly backends: readonly BackendReport[];
  readonly native: NativeReport;
  readonly pictures: string | null;
  readonly cache: string;
  readonly data: Awaited<ReturnType<typeof listDatasets>>;
  readonly memory: { readonly process: number; readonly free: number; readonly total: number };
}): string {
  const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString("en")} MiB`;
  const rows: [string, string][] = [
    ...Object.entries(report.versions),
    ["system", report.system.platform],
    ["processor", `${report.system.processor}, ${report.system.cores} cores`],
    ...report.backends.map((b): [string, string] => [
      `backend ${b.name}`,
      b.works
        ? `works${b.name === "wasm" ? " (SIMD)" : ""}, ${b.threads} thread${b.threads === 1 ? "" : "s"}`
        : `does not work: ${b.problem}`,
    ]),
    ["C compiler", compilerText(report.native)],
    ["compiled kernels", kernelsText(report.native)],
    ["pictures", report.pictures === null ? "SVG and PNG" : `SVG only: ${report.pictures}`],
    ["cache", report.cache],
    ...report.data.map((d): [string, string] => [`data ${d.name}`, d.found ?? "not on this machine"]),
    ["memory", `${mebibytes(report.memory.free)} free of ${mebibytes(report.memory.total)}`],
    ["this process", mebibytes(report.memory.process)],
  ];
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${printable(right)}\n`).join("");
}
