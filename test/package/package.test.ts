/** What is published, and what it brings along (reliability SC-1, SC-3). */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);

function json<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, root), "utf8")) as T;
}

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

type Module = Readonly<Record<string, unknown>>;

const load = (path: string): Promise<Module> => import(new URL(path, root).href);

/** Every package that users get with ours, and why. */
const brought: Readonly<Record<string, string>> = {
  fflate: "deflate, which PNG and zip consist of",
  "@resvg/resvg-wasm": "SVG to PNG without a browser; loaded on first use",
};

test("the package holds what it needs, and nothing else", async () => {
  const npm = process.env.npm_execpath;
  const [program, ...first] = npm === undefined ? ["npm"] : [process.execPath, npm];
  const args = [...first, "pack", "--dry-run", "--json", "--ignore-scripts"];
  const { stdout } = await promisify(execFile)(program!, args, { cwd: root, maxBuffer: 2 ** 26 });
  const [packed] = JSON.parse(stdout) as { files: { path: string }[]; unpackedSize: number }[];
  const paths = packed!.files.map((f) => f.path);
  const expected =
    /^(dist\/[\w./-]+\.(js|d\.ts)|bin\/tendril\.js|assets\/[\w./-]+|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  expect(paths.filter((p) => !expected.test(p))).toEqual([]);
  expect(paths).toEqual(expect.arrayContaining(["dist/index.js", "bin/tendril.js", "LICENSE", "README.md"]));
  const orphans = paths.filter(
    (p) => /^dist\/(?!node\/).*\.js$/.test(p) && !existsSync(new URL(source(p), root)),
  );
  expect(orphans).toEqual([]);
  expect(packed!.unpackedSize).toBeLessThan(6 * 2 ** 20);
});

function source(output: string): string {
  return output.replace(/^dist/, "src").replace(/\.js$/, ".ts");
}

test("every door of the package opens, with the same names for Node as for pages", async () => {
  const doors = Object.entries(json<Manifest>("package.json").exports);
  for (const [subpath, target] of doors) {
    const files = typeof target === "string" ? [target] : Object.values(target);
    for (const file of files) expect(existsSync(new URL(file, root)), `${subpath}: ${file}`).toBe(true);
    if (typeof target === "string") continue;
    expect(Object.keys(target), subpath).toEqual(["types", "node", "default"]);
    const [forNode, forPages] = await Promise.all([target.node!, target.default!].map(load));
    expect(Object.keys(forPages!).length, subpath).toBeGreaterThan(0);
    expect(Object.keys(forNode!).sort(), subpath).toEqual(Object.keys(forPages!).sort());
    for (const [name, value] of Object.entries(forPages!)) {
      expect(typeof forNode![name], `${subpath}: ${name}`).toBe(typeof value);
      if (typeof value === "function")
        expect((forNode![name] as typeof value).name, subpath).toBe(value.name);
    }
  }
});

test("Node gets the bundle, and one instance of everything from all doors", async () => {
  const { exports } = json<Manifest>("package.json");
  const doors = new Map<string, Module>();
  for (const [subpath, target] of Object.entries(exports)) {
    if (typeof target === "string") continue;
    const name = subpath.replace(".", "tendril");
    expect(import.meta.resolve(name)).toBe(new URL(target.node!, root).href);
    doors.set(subpath, await load(target.node!));
  }
  const main = doors.get(".")!;
  for (const part of ["./core", "./nn"]) {
    for (const [name, value] of Object.entries(doors.get(part)!)) expect(main[name], name).toBe(value);
  }
  const { readIdx } = doors.get("./formats") as { readIdx: (bytes: Uint8Array) => unknown };
  const { GCNConv } = doors.get("./graph") as { GCNConv: new (inputs: number, outputs: number) => object };
  const { FormatError, Module } = main as Record<string, new () => object>;
  expect(() => readIdx(new Uint8Array(3))).toThrow(FormatError);
  expect(new GCNConv(2, 2)).toBeInstanceOf(Module);
});

test("what it depends on is on the list, from registries and by checksum", () => {
  const { dependencies, optionalDependencies } = json<Manifest>("package.json");
  expect(Object.keys({ ...dependencies, ...optionalDependencies }).sort()).toEqual(
    Object.keys(brought).sort(),
  );
  const lock = json<{ packages: Record<string, { resolved?: string; integrity?: string }> }>(
    "package-lock.json",
  );
  for (const [path, { resolved, integrity }] of Object.entries(lock.packages)) {
    if (path === "") continue;
    expect(resolved, path).toBeUndefined();
    expect(integrity, path).toMatch(/^sha512-/);
  }
});
