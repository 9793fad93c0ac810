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
    (p) => p.endsWith(".js") && p.startsWith("dist/") && !existsSync(new URL(source(p), root)),
  );
  expect(orphans).toEqual([]);
  expect(packed!.unpackedSize).toBeLessThan(4 * 2 ** 20);
});

function source(output: string): string {
  return output.replace(/^dist/, "src").replace(/\.js$/, ".ts");
}

test("every door of the package opens", async () => {
  const { exports } = json<Manifest>("package.json");
  for (const [subpath, target] of Object.entries(exports)) {
    const files = typeof target === "string" ? [target] : Object.values(target);
    for (const file of files) expect(existsSync(new URL(file, root)), `${subpath}: ${file}`).toBe(true);
    if (typeof target === "string") continue;
    const module: object = await import(new URL(target.default!, root).href);
    expect(Object.keys(module).length, subpath).toBeGreaterThan(0);
  }
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
