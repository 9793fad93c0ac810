/**
 * Names: snake-case names with per-class counters as Keras gives them, and the nearest word for error messages.
 *
 * The counters are one of Tendril's two globals: they live for the whole process, as in Keras, so that building the same
 * model twice gives `dense` and then `dense_1`; `clearSession()` resets them.
 */

import { UsageError } from "../ir/errors.ts";

const counters = new Map<string, number>();

/** `MaxPooling2D` → `max_pooling2d`, `LeakyReLU` → `leaky_re_lu`: Keras's rule for names made from class names. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The key of an option in a Keras file: `kernelInitializer` → `kernel_initializer`. */
export function keyInFile(option: string): string {
  return option.replace(/[A-Z]/g, (c) => "_" + c.toLowerCase());
}

/** `kernel_initializer` → `kernelInitializer`. */
export function camelCase(key: string): string {
  return key.replace(/_+([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}

/** The next free name of a class: `conv2d`, then `conv2d_1`, … */
export function uniqueName(className: string): string {
  const base = snakeCase(className);
  const taken = counters.get(base) ?? 0;
  counters.set(base, taken + 1);
  return taken === 0 ? base : `${base}_${taken}`;
}

/** `name`, if it can be that of a layer: files refer to layers by name, and weights by paths with slashes. */
export function checkName(name: unknown, type: string): string {
  if (typeof name === "string" && name !== "" && !name.includes("/")) return name;
  throw new UsageError({
    where: `${type} \`name\``,
    problem: "this is no name for a layer",
    expected: "a string that is not empty and has no `/`",
    got: JSON.stringify(name) ?? String(name),
    try: "leave `name` out, or choose another",
  });
}

/** Starts the name counters anew (Keras's `clear_session`). Existing models are not affected. */
export function clearSession(): void {
  counters.clear();
}

/** `` did you mean `relu`? `` for the candidate nearest to `word`, or undefined where none is near. */
export function suggestion(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best === undefined ? undefined : `did you mean \`${best}\`?`;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
