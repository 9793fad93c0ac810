/**
 * Names of the places where operations are recorded (`model/dense/matmul`). They appear in errors, printed programs and
 * profiles, and never change a result.
 */

const path: string[] = [];

/** Runs `fn`; every operation recorded in it is labelled as being inside `name`. Scopes nest. */
export function scope<T>(name: string, fn: () => T): T {
  path.push(name);
  try {
    return fn();
  } finally {
    path.pop();
  }
}

/** The full name of `op` at this point: the open scopes and the operation. */
export function placeOf(op: string): string {
  return path.length === 0 ? op : `${path.join("/")}/${op}`;
}
