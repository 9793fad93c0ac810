/**
 * Specs: initializers and regularizers as plain data `{ type, …parameters }`, read from a name, an object or a Keras
 * file, and written as Keras writes them.
 */
import { UnsupportedError } from "../ir/errors.ts";
import { type Fields, readOptions, refuse } from "./fields.ts";
import { camelCase, keyInFile, snakeCase, suggestion } from "./naming.ts";

export interface Spec {
  readonly type: string;
  readonly [parameter: string]: unknown;
}

/** One kind of spec, such as the initializers: class names with their parameters. */
export interface SpecKind {
  /** In words, for messages: `initializer`. */
  readonly what: string;
  /** Keras's module, such as `keras.initializers`. */
  readonly module: string;
  readonly types: ReadonlyMap<string, { readonly fields: Fields }>;
  /** Other names, in snake case, of a class. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** The class name for `GlorotUniform`, `glorotUniform` or `glorot_uniform`. */
function typeNamed(kind: SpecKind, name: string): string | undefined {
  if (kind.types.has(name)) return name;
  const snake = snakeCase(name);
  if (Object.hasOwn(kind.aliases, snake)) return kind.aliases[snake];
  return [...kind.types.keys()].find((t) => snakeCase(t) === snake);
}

/** Reads a name, a spec of our own or Keras's `{ class_name, config }`. */
export function readSpec<S extends Spec>(kind: SpecKind, value: unknown, at: string): S {
  const given = unpack(value);
  if (given === undefined) {
    refuse(at, `the name of an ${kind.what}, or an object with a \`type\``, value);
  }
  const type = typeNamed(kind, given.name);
  if (type === undefined) {
    throw new UnsupportedError({
      where: at,
      problem: `there is no ${kind.what} ${JSON.stringify(given.name.slice(0, 80))}`,
      expected: `one of ${[...kind.types.keys()].join(", ")}`,
      got: given.name.slice(0, 80),
      try: suggestion(given.name, kind.types.keys()) ?? `use one of the ${kind.what}s listed`,
    });
  }
  const { fields } = kind.types.get(type)!;
  return { type, ...readOptions(fields, given.parameters, `${at} ${type}`) } as unknown as S;
}

function unpack(value: unknown): { name: string; parameters: Record<string, unknown> } | undefined {
  if (typeof value === "string") return { name: value, parameters: {} };
  if (typeof value !== "object" || value === null) return undefined;
  const own = new Map(Object.entries(value));
  const inFile = own.get("class_name");
  if (typeof inFile === "string") {
    const config = own.get("config") ?? {};
    if (typeof config !== "object" || config === null) return undefined;
    const parameters = Object.entries(config).map(([k, v]): [string, unknown] => [camelCase(k), v]);
    return {
      name: inFile,
      parameters: Object.fromEntries(parameters.filter(([k]) => k !== "name" && k !== "dtype")),
    };
  }
  const type = own.get("type");
  own.delete("type");
  return typeof type === "string" ? { name: type, parameters: Object.fromEntries(own) } : undefined;
}

/** As Keras 3 writes it. */
export function writeSpec(kind: SpecKind, spec: Spec): unknown {
  const { fields } = kind.types.get(spec.type)!;
  const config = Object.entries(fields).map(([key, field]) => [keyInFile(key), field.write(spec[key])]);
  return {
    module: kind.module,
    class_name: spec.type,
    config: Object.fromEntries(config),
    registered_name: null,
  };
}
