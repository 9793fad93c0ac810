/** Who may import whom, what a browser can load, and that outsiders use the public doors only. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, type Import, importsOf, root, type Source } from "./sources.ts";

/** For each folder of `src`, the folders it may import from; its own is always allowed. `ir/errors` means that file alone. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  ir: [],
  compile: ["ir"],
  backends: ["ir"],
  core: ["ir", "compile", "backends"],
  formats: ["ir/errors", "ir/steps"],
  data: ["ir", "core", "formats"],
  nn: ["ir", "core", "formats", "data"],
  graph: ["ir", "core", "formats", "data", "nn"],
  select: ["ir", "core", "formats", "data", "nn", "graph"],
  trees: ["ir", "core", "formats", "data", "select"],
  browser: ["ir", "core", "formats", "nn"],
  plot: ["ir", "core", "formats", "data", "nn", "graph", "select", "trees"],
  cli: ["ir", "core", "formats", "data", "nn", "graph", "select", "trees", "plot"],
};

/** Files directly in `src` gather folders into one door. */
const doors = "src/*.ts";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** Every problem with imports, one line each. */
export function checkImports(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((s) => [s.path, s]));
  return [...direction(sources), ...browser(byPath), ...outsiders(sources), ...documents()];
}

function folderOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? parts[1]! : doors;
}

function direction(sources: readonly Source[]): string[] {
  return sources
    .filter((s) => s.path.startsWith("src/"))
    .flatMap(({ path, imports }) => {
      const from = folderOf(path);
      const may = from === doors ? Object.keys(allowed) : allowed[from];
      if (may === undefined) return [`${path}: src/${from} is not in the table of scripts/check/imports.ts`];
      return imports
        .filter((i) => i.file !== undefined && !permitted(from, may, i.file))
        .map((i) => {
          return `${path}: ${from} may not import ${i.text} (allowed: ${may.join(", ") || "nothing"})`;
        });
    });
}

function permitted(from: string, may: readonly string[], file: string): boolean {
  if (!file.startsWith("src/")) return false;
  const to = folderOf(file);
  return to === from || may.includes(to) || may.some((m) => file === `src/${m}.ts`);
}

/** The doors that write files and so load packages at once. The others must load in workers, which have no import map. */
const withPackages = new Set(["tendril/formats", "tendril/plot"]);

/** What a page loads with the public doors: no `node:` module, packages only where that is said, and only dependencies. */
function browser(byPath: ReadonlyMap<string, Source>): string[] {
  const packages = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));
  const seen = new Set<string>();
  const problems: string[] = [];
  let plain = true;
  const visit = (path: string, chain: readonly string[]): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const here = [...chain, path];
    for (const { text, file, kind } of byPath.get(path)?.imports ?? []) {
      if (kind !== "static") continue;
      if (file !== undefined) visit(file, here);
      else if (text.startsWith("node:"))
        problems.push(`${here.join(" → ")}: loads ${text}, which browsers lack`);
      else if (plain) problems.push(`${here.join(" → ")}: loads ${text} at once; import it where it is used`);
      else if (!packages.has(packageOf(text))) problems.push(`${path}: ${text} is no dependency`);
    }
  };
  const doors = [...publicDoors()];
  for (const [, door] of doors.filter(([name]) => !withPackages.has(name))) visit(door, []);
  plain = false;
  for (const [, door] of doors) visit(door, []);
  return problems;
}

/** The public subpaths (`tendril/nn`) and the source file behind each. */
function publicDoors(): Map<string, string> {
  const doors = new Map<string, string>();
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const file = typeof target === "string" ? target : target.default;
    if (!file.endsWith(".js")) continue;
    doors.set(manifest.name + subpath.slice(1), file.replace("./dist/", "src/").replace(/\.js$/, ".ts"));
  }
  return doors;
}

function packageOf(text: string): string {
  return text
    .split("/")
    .slice(0, text.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Examples and benchmarks stand for users: they see what users see. */
function outsiders(sources: readonly Source[]): string[] {
  return sources
    .filter((s) => /^(examples|bench|lab|docs)\//.test(s.path))
    .flatMap(({ path, imports }) => publicOnly(path, imports));
}

function publicOnly(path: string, imports: readonly Import[]): string[] {
  const doors = publicDoors();
  const own = path.slice(0, path.indexOf("/") + 1);
  return imports
    .filter(({ text, file }) => {
      if (file !== undefined) return !file.startsWith(own);
      return packageOf(text) === manifest.name && !doors.has(text);
    })
    .map(({ text }) => `${path}: imports ${text}; use ${[...doors.keys()].join(", ")}`);
}

/** Programs in the documents import what exists. */
function documents(): string[] {
  return filesBelow("", [".md"]).flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const blocks = [...text.matchAll(/^```(?:ts|js|typescript|javascript)\n([\s\S]*?)^```/gm)];
    return blocks.flatMap(([, code = ""]) =>
      publicOnly(
        path,
        importsOf(path, code).filter((i) => i.file === undefined),
      ),
    );
  });
}
