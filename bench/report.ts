/** Results as data, and as a Markdown table: a row for each case, a column for each contestant. */
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
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Medians and spreads of a case; we are compared with the fastest peer. */
export function summarise(
  { name, unit, larger }: Benchmark,
  label: string,
  measured: readonly Measured[],
): Result[] {
  const peers = measured.filter((m) => !m.ours).map((m) => median(m.runs));
  const fastest = larger ? Math.max(...peers) : Math.min(...peers);
  return measured.map(({ entrant, contestant, ours, runs, megabytes }) => {
    const middle = median(runs);
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
function cell(r: Result | undefined, memory: boolean): string {
  if (r === undefined) return "–";
  const spread = ` ±${Math.round((50 * (r.high - r.low)) / r.median)}%`;
  const used = memory && r.megabytes !== undefined ? `, ${show(r.megabytes)} MB` : "";
  const ratio = r.ratio === undefined ? "" : ` (${r.ratio.toFixed(2)}×)`;
  return `${show(r.median)}${spread}${used}${ratio}`;
}

/** The table, and under it who the contestants are. `memory` names the benchmarks whose memory is told. */
export function markdown(results: readonly Result[], memory: ReadonlySet<string>): string {
  const entrants = [...new Set(results.map((r) => r.entrant))];
  const cases = [...new Map(results.map((r) => [`${r.benchmark} ${r.case}`.trim(), r])).entries()];
  const head = ["benchmark", "unit", ...entrants];
  const rows = cases.map(([label, one]) => [
    label,
    one.unit,
    ...entrants.map((e) =>
      cell(
        results.find((r) => r.benchmark === one.benchmark && r.case === one.case && r.entrant === e),
        memory.has(one.benchmark),
      ),
    ),
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((c, i) => c.padEnd(widths[i]!)).join(" | ")} |`;
  const table = [line(head), line(widths.map((w) => "-".repeat(w))), ...rows.map(line)];
  const names = [...new Set(results.map((r) => r.contestant))];
  return [
    ...table,
    "",
    "Medians, ± half the spread; (×): how many times as fast as the fastest peer.",
    `${names.join("; ")}.`,
  ].join("\n");
}
