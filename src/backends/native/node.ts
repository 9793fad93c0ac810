/** Node's own modules, asked for when they are needed: pages load the files of this folder and never call them. */

interface Modules {
  "node:child_process": typeof import("node:child_process");
  "node:crypto": typeof import("node:crypto");
  "node:fs": typeof import("node:fs");
  "node:os": typeof import("node:os");
}

export function nodeModule<N extends keyof Modules>(name: N): Modules[N] {
  return process.getBuiltinModule(name) as Modules[N];
}

/** Whether this is Node, or something that has its modules. */
export function hasNode(): boolean {
  return typeof (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule === "function";
}
