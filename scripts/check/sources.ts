/** The files of the repository and what they import, for the checks. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** One import of a file. */
export interface Import {
  /** As written. */
  readonly text: string;
  /** The file meant, from the root of the repository, for relative imports. */
  readonly file: string | undefined;
  /** How it is imported: `type` leaves no trace at run time, `dynamic` is loaded on use. */
  readonly kind: "static" | "type" | "dynamic";
}

/** A source file. `path` has forward slashes and begins at the root of the repository. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** The text without comments; strings stay. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** What is not ours, or is made by programs. */
const skipped = new Set(["node_modules", "dist", "runs", ".git", ".cache"]);

/** Paths of all files below `folder` whose name ends in one of `endings`. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesBelow(path, endings);
    return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
  });
}

/** All source files, read. */
export function readSources(): Source[] {
  return filesBelow("", [".ts", ".mjs"])
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      const code = withoutComments(text);
      return { path, text, code, imports: importsOf(path, code) };
    });
}

/** Strings are matched so that what looks like a comment inside them stays. */
const commentOrString =
  /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

function withoutComments(text: string): string {
  return text.replace(commentOrString, (_all, string: string | undefined) => string ?? "");
}

const importForms: readonly [RegExp, (text: string) => Import["kind"]][] = [
  [/^(import|export)\s([^;"']*?)\sfrom\s+"([^"]+)"/gm, (clause) => (isTypeOnly(clause) ? "type" : "static")],
  [/^(import)()\s+"([^"]+)"/gm, () => "static"],
  [/\b(import)\(()\s*"([^"]+)"/g, () => "dynamic"],
];

/** The imports of TypeScript or JavaScript text in `path`. */
export function importsOf(path: string, code: string): Import[] {
  const typeQueries = code.replace(/\btypeof import\([^)]*\)/g, "");
  return importForms.flatMap(([form, kind]) =>
    [...typeQueries.matchAll(form)].map(([, , clause = "", text = ""]): Import => {
      const file = text.startsWith(".") ? posix.join(dirname(path), text) : undefined;
      return { text, file, kind: kind(clause) };
    }),
  );
}

/** True for `type …` and for `{ type A, type B }`. */
function isTypeOnly(clause: string): boolean {
  if (clause.startsWith("type ")) return true;
  const names = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1] ?? "none";
  return names.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type "));
}
