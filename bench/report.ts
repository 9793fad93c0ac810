/** Results as data, and as a Markdown table. */
import type { Benchmark } from "./workloads.ts";

/** The measurements of one contestant at one case. */
export interface Result {
  readonly benchmark: string;
  readonly case: string;
  readonly contestant: string;
  readonly unit: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: readonly number[];
  /** How many times as fast as the first contestant of the case. */
  readonly speed: number;
}

/** What was measured of one contestant. */
export interface Measured {
  readonly contestant: string;
  readonly runs: readonly number[];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Medians and spreads of a case; the first contestant is what the others are compared with. */
export function summarise(
  { name, unit, larger }: Benchmark,
  label: string,
  measured: readonly Measured[],
): Result[] {
  const first = measured[0] === undefined ? Number.NaN : median(measured[0].runs);
  return measured.map(({ contestant, runs }) => {
    const middle = median(runs);
    return {
      benchmark: name,
      case: label,
      contestant,
      unit,
      median: middle,
      low: Math.min(...runs),
      high: Math.max(...runs),
      runs,
      speed: larger ? middle / first : first / middle,
    };
  });
}

/** Three significant digits, thousands apart. */
function show(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(value, 1e-9))));
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The table: one row for each contestant at each case. */
export function markdown(results: readonly Result[]): string {
  const head = ["benchmark", "contestant", "median", "spread", "unit", "speed"];
  const rows = results.map((r) => [
    r.case === "" ? r.benchmark : `${r.benchmark} ${r.case}`,
    r.contestant,
    show(r.median),
    `${show(r.low)} – ${show(r.high)}`,
    r.unit,
    `${r.speed.toFixed(2)}×`,
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((c, i) => c.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((w) => "-".repeat(w))), ...rows.map(line)].join("\n");
}
