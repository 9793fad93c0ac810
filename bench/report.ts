/** Results as data, and as Markdown tables: a row for each case, a column for each contestant. */
import type { Counts } from "./contestants.ts";
import type { Benchmark } from "./workloads.ts";

/** The measurements of one contestant at one case. */
export interface Result {
  readonly benchmark: string;
  readonly case: string;
  /** Who took part, and as it calls itself, with its version. */
  readonly entrant: string;
  readonly contestant: string;
  readonly unit: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: readonly number[];
  /** The most memory its process has had, in MB. */
  readonly megabytes: number | undefined;
  /** What a run takes of what the machine does at most, 1 for all of it; undefined for peers, and where nobody counts. */
  readonly ofPeak: number | undefined;
  readonly ofBandwidth: number | undefined;
  /** How many times as fast as the fastest peer of the case; undefined for peers, and where there is none. */
  readonly ratio: number | undefined;
}

/** What was measured of one contestant. */
export interface Measured {
  readonly entrant: string;
  readonly contestant: string;
  readonly ours: boolean;
  readonly runs: readonly number[];
  readonly megabytes?: number | undefined;
  /** Operations and bytes a second, in the median run. */
  readonly rates?: Counts | undefined;
}

/** What the machine does at most in a second, with as many threads as the entrant has. */
export type Limits = ReadonlyMap<string, Counts>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Medians and spreads of a case; we are compared with the fastest peer. */
export function summarise(
  { name, unit, larger }: Benchmark,
  label: string,
  measured: readonly Measured[],
  limits: Limits,
): Result[] {
  const peers = measured.filter((m) => !m.ours).map((m) => median(m.runs));
  const fastest = larger ? Math.max(...peers) : Math.min(...peers);
  return measured.map(({ entrant, contestant, ours, runs, megabytes, rates }) => {
    const middle = median(runs);
    const most = limits.get(entrant);
    return {
      benchmark: name,
      case: label,
      entrant,
      contestant,
      unit,
      median: middle,
      low: Math.min(...runs),
      high: Math.max(...runs),
      runs,
      megabytes,
      ofPeak: rates && most && rates.flops / most.flops,
      ofBandwidth: rates && most && rates.bytes / most.bytes,
      ratio: ours && peers.length > 0 ? (larger ? middle / fastest : fastest / middle) : undefined,
    };
  });
}

/** Three significant digits, thousands apart. */
export function show(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(value, 1e-9))));
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The median and half the spread in percent; for us also how many times as fast as the fastest peer. */
function cell(r: Result, memory: boolean): string {
  const spread = ` ±${Math.round((50 * (r.high - r.low)) / r.median)}%`;
  const used = memory && r.megabytes !== undefined ? `, ${show(r.megabytes)} MB` : "";
  const ratio = r.ratio === undefined ? "" : ` (${r.ratio.toFixed(2)}×)`;
  return `${show(r.median)}${spread}${used}${ratio}`;
}

/** The table, and under it who the contestants are. `memory` names the benchmarks whose memory is told. */
export function markdown(results: readonly Result[], memory: ReadonlySet<string>, limits: Limits): string {
  const names = [...new Set(results.map((r) => r.contestant))];
  return [
    table(results, (r) => cell(r, memory.has(r.benchmark))),
    "",
    "Medians, ± half the spread; (×): how many times as fast as the fastest peer.",
    `${names.join("; ")}.`,
    ...shares(results, limits),
  ].join("\n");
}

/** The tables as a page: what was measured, where, and by which command. */
export function page(
  tables: string,
  measured: readonly { readonly name: string; readonly about: string }[],
  machine: string,
  command: string,
): string {
  return [
    "# Speed",
    "",
    `\`${command}\``,
    "",
    `${machine}. All contestants of a row took turns in one run; other machines and other moments give other numbers.`,
    "",
    tables,
    "",
    ...measured.map(({ name, about }) => `- **${name}**: ${about}`),
    "",
  ].join("\n");
}

/** A table of what each of ours takes of the machine, and what the machine does at most. */
function shares(results: readonly Result[], limits: Limits): string[] {
  const known = results.filter((r) => r.ofPeak !== undefined && r.ofBandwidth !== undefined);
  if (known.length === 0) return [];
  const most = Array.from(limits, ([entrant, { flops, bytes }]) => {
    return `${entrant}: ${show(flops / 1e9)} GFLOP/s, ${show(bytes / 1e9)} GB/s`;
  });
  return [
    "",
    table(known, (r) => `${percent(r.ofPeak!)} / ${percent(r.ofBandwidth!)}`),
    "",
    "Shares of the peak (the fastest that generated code multiplies and adds, in registers or on a product in the cache) and of",
    "the bandwidth of memory (of all that kernels read and write: more than 100 % comes from the caches). Measured in this run:",
    `${most.join("; ")}.`,
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;

/** A row for each case, a column for each entrant. */
function table(results: readonly Result[], cellOf: (r: Result) => string): string {
  const entrants = [...new Set(results.map((r) => r.entrant))];
  const cases = [...new Map(results.map((r) => [`${r.benchmark} ${r.case}`.trim(), r])).entries()];
  const head = ["benchmark", "unit", ...entrants];
  const rows = cases.map(([label, one]) => [
    label,
    one.unit,
    ...entrants.map((e) => {
      const r = results.find((r) => r.benchmark === one.benchmark && r.case === one.case && r.entrant === e);
      return r === undefined ? "–" : cellOf(r);
    }),
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((c, i) => c.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((w) => "-".repeat(w))), ...rows.map(line)].join("\n");
}
