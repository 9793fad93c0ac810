/** Lines per folder, and the limits on the length of files. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, type Source } from "./sources.ts";

const mostLines = 400;
/** Documents that everybody reads stay short. */
const documents: Readonly<Record<string, number>> = { "README.md": 120, "ARCHITECTURE.md": 200 };

export function lineCount(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** Every file that is too long, one line each. */
export function checkSizes(sources: readonly Source[]): string[] {
  const long = sources
    .filter((s) => lineCount(s.text) > mostLines && !saysWhy(s.text))
    .map(
      (s) =>
        `${s.path}: ${lineCount(s.text)} lines; split it, or say why in its header ("Over 400 lines: …")`,
    );
  const wordy = Object.entries(documents).flatMap(([name, most]) => {
    const path = join(root, name);
    const lines = existsSync(path) ? lineCount(readFileSync(path, "utf8")) : 0;
    return lines > most ? [`${name}: ${lines} lines, at most ${most}`] : [];
  });
  return [...long, ...wordy];
}

function saysWhy(text: string): boolean {
  const header = /^(?:#!.*\n)?\s*\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "";
  return /over 400 lines/i.test(header);
}

/** Files and lines of each folder, as a table. */
export function sizeTable(sources: readonly Source[]): string {
  const totals = new Map<string, { files: number; lines: number }>();
  for (const { path, text } of sources) {
    const parts = path.split("/");
    const folder = parts.slice(0, Math.min(parts.length - 1, parts[0] === "src" ? 2 : 1)).join("/") || ".";
    for (const key of new Set([folder, "all"])) {
      const total = totals.get(key) ?? { files: 0, lines: 0 };
      totals.set(key, { files: total.files + 1, lines: total.lines + lineCount(text) });
    }
  }
  const rows = [...totals].sort(([a], [b]) => Number(a === "all") - Number(b === "all") || (a < b ? -1 : 1));
  return rows
    .map(
      ([folder, { files, lines }]) =>
        `${folder.padEnd(16)}${`${files}`.padStart(6)} files${`${lines}`.padStart(8)} lines`,
    )
    .join("\n");
}
