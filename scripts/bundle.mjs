/**
 * Makes `dist/node` from the modules of `dist`: the same library in few files, because Node needs more time to find and open
 * a module than to run it. All doors share one set of chunks, so there is one instance of every class in a process. Plain JavaScript, as
 * build.mjs, which calls it.
 *
 * All files lie in one folder, as deep as the folders of `dist`: `new URL("./helper.js", import.meta.url)` means the same in
 * a chunk as in the module it came from, if the modules that are named so differ in name. What these addresses name is checked.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { rolldown } from "rolldown";

/** What is started by name, beside the doors of the package: the command line, threads, a module hook. */
const started = [
  "cli/main.js",
  "cli/png-worker.js",
  "cli/library-hook.js",
  "backends/wasm/helper.js",
  "browser/worker.js",
];

/**
 * Bundles the modules of `dist`, a folder of the package at `root`.
 *
 * @throws Error where something cannot be resolved, or an address names no file.
 */
export async function bundleForNode(root) {
  const doors = doorsOf(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const entries = [...doors, ...started.map((path) => [basename(path, ".js"), `./dist/${path}`])];
  const input = Object.fromEntries(entries);
  if (Object.keys(input).length < entries.length) throw new Error(`two files of one name: ${entries}`);
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: "node",
    transform: { define: { TENDRIL_BUILD: JSON.stringify(await hashOfModules(join(root, "dist"))) } },
    // Packages stay what they are, found and loaded as before.
    external: (id, _importer, isResolved) => !isResolved && /^[^./]/.test(id),
    onLog(level, log, handle) {
      // A door of the package may load at once what others load late.
      if (log.code === "INEFFECTIVE_DYNAMIC_IMPORT") return;
      handle(level === "warn" ? "error" : level, log);
    },
  });
  const { output } = await bundle.generate({
    format: "es",
    entryFileNames: "[name].js",
    chunkFileNames: "chunk-[name].js",
    comments: false,
    // Errors, summaries and stack traces name classes and functions.
    keepNames: true,
    minifyInternalExports: false,
  });
  await bundle.close();
  await replaceFolder(join(root, "dist", "node"), output);
}

/** A hash of all built modules: it tells builds apart, which may plan and print kernels differently. */
async function hashOfModules(folder) {
  const names = (await readdir(folder, { recursive: true })).filter(
    (name) => name.endsWith(".js") && !name.startsWith("node"),
  );
  const hash = createHash("sha256");
  for (const name of names.sort()) hash.update(`${name}\0`).update(await readFile(join(folder, name)));
  return hash.digest("hex");
}

/** The name of the file for Node and the module behind each door: `["core", "./dist/core/index.js"]`. */
function doorsOf({ exports }) {
  return Object.values(exports)
    .filter((target) => target.node)
    .map((target) => [basename(target.node, ".js"), target.default]);
}

/** Writes and checks files beside `folder`, then changes places: nothing old stays, and nothing half is ever there. */
async function replaceFolder(folder, output) {
  const [fresh, old] = [`${folder}.new`, `${folder}.old`];
  for (const rest of [fresh, old]) await rm(rest, { recursive: true, force: true });
  await mkdir(fresh);
  await Promise.all(output.map((chunk) => writeFile(join(fresh, chunk.fileName), chunk.code)));
  checkAddresses(fresh, output);
  if (existsSync(folder)) await rename(folder, old);
  await rename(fresh, folder);
  await rm(old, { recursive: true, force: true });
}

/** Throws where `new URL("…", import.meta.url)` names no file. Sources (`.ts`, `.mjs`) are not meant in built code. */
function checkAddresses(folder, output) {
  for (const { fileName, code } of output) {
    for (const [address] of code.matchAll(/new URL\([^;]*?import\.meta\.url\)/g)) {
      const named = [...address.matchAll(/"(\.[^"]*)"/g)].map(([, path]) => path);
      const built = named.filter((path) => !/\.m?ts$|\.mjs$/.test(path));
      const absent = built.filter((path) => !existsSync(join(folder, path)));
      if (built.length === 0) throw new Error(`${fileName}: ${address} has to say a file`);
      if (absent.length > 0) throw new Error(`${fileName}: ${address} names no file: ${absent.join(", ")}`);
    }
  }
}
