/** Modules: objects whose weights are their fields, named by path. */
import { Variable } from "../core/index.ts";

/** Base class of layers, models and graph operators. */
export abstract class Module {
  /** The fields that weights are looked for in: all that hold objects. Asked often, so without lists of names. */
  children(): [field: string, value: unknown][] {
    const found: [string, unknown][] = [];
    for (const field in this) {
      const value: unknown = this[field];
      if (typeof value === "object" && value !== null) found.push([field, value]);
    }
    return found;
  }

  /** Every weight with its path, such as `layers.0.kernel`, in the order of the fields; see `named`. */
  named(): [path: string, weight: Variable][] {
    return named(this);
  }
}

/**
 * The weights below a module, each once, with the path of fields and positions that leads to it. Fields are walked in the
 * order of their declaration. The same path is the key of a saved weight, of the optimizer's state and in messages.
 */
export function named(module: Module): [path: string, weight: Variable][] {
  const found = new Map<Variable, string>();
  const walked = new Set<Module>();
  const visit = (value: unknown, path: string): void => {
    if (value instanceof Variable) {
      if (!found.has(value)) found.set(value, path);
    } else if (value instanceof Module) {
      if (walked.has(value)) return;
      walked.add(value);
      for (const [field, inner] of value.children()) {
        visit(inner, path === "" ? field : `${path}.${field}`);
      }
    } else if (Array.isArray(value)) {
      value.forEach((inner, i) => {
        visit(inner, `${path}.${i}`);
      });
    }
  };
  visit(module, "");
  return [...found].map(([weight, path]) => [path, weight]);
}
