/** Operations beside layers (`x + 1`) in the configurations of Keras files. */
import type { JsonValue, JsonView } from "../formats/json.ts";
import { FormatError, UnsupportedError } from "../ir/errors.ts";
import { suggestion } from "./naming.ts";
import { OperationLayer, type Template } from "./operation-layer.ts";
import { operations } from "./operations.ts";

/** True for a tensor among the arguments of a call. */
export function isTensor({ value }: JsonView): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "class_name" in value &&
    value.class_name === "__keras_tensor__"
  );
}

/** True for the entry of an operation; `.h5` files name no module, but a layer says there whether it is trained. */
export function isOperation(view: JsonView): boolean {
  const module = view.field("module").value;
  if (typeof module === "string") return module.startsWith("keras.src.ops.");
  const known = operations.has(view.field("class_name").as("string"));
  const nodes = view.field("inbound_nodes").value;
  const keras3 = Array.isArray(nodes) && nodes.length > 0 && !Array.isArray(nodes[0]);
  return known && keras3 && view.field("config").field("trainable").value === undefined;
}

/** The operation, which holds its arguments. UnsupportedError for one that is not known. */
export function readOperation(view: JsonView): OperationLayer {
  const operation = view.field("class_name").as("string");
  const config = view.field("config");
  const name = config.field("name").as("string");
  const where = `operation "${name}" of class ${operation}`;
  const [node] = view.field("inbound_nodes").items();
  if (node === undefined)
    throw new FormatError({
      where,
      problem: "an operation is never called",
      expected: "a node in inbound_nodes",
      got: "none",
      try: "check the program that wrote the file",
    });
  const kwargs = node.field("kwargs").value;
  // What is null was not given.
  const named = Object.values(kwargs ?? {}).some((value) => value !== null);
  if (!operations.has(operation) || named) {
    throw new UnsupportedError({
      where,
      problem: operations.has(operation)
        ? "its arguments by name are not known"
        : "the operation is not known",
      expected: `one of ${[...operations.keys()].join(", ")}`,
      got: operations.has(operation) ? JSON.stringify(kwargs).slice(0, 80) : operation,
      try:
        suggestion(operation, [...operations.keys()]) ?? "use a layer in its place, and save the model again",
      details: { layer: name, className: operation },
    });
  }
  const { args } = templateOf(node.field("args").items(), where);
  const given = Object.entries(config.value as Record<string, JsonValue>).filter(([key]) => key !== "name");
  return new OperationLayer({ name, operation, args, options: Object.fromEntries(given) });
}

/** Arguments with places where the tensors stand, and those tensors. */
export function templateOf(
  args: readonly JsonView[],
  where: string,
): { args: Template[]; tensors: JsonView[] } {
  const tensors: JsonView[] = [];
  const visit = (view: JsonView): Template => {
    if (isTensor(view)) return { class_name: "__operand__", config: tensors.push(view) - 1 };
    if (Array.isArray(view.value)) return view.items().map(visit);
    if (typeof view.value !== "object" || view.value === null) return view.value as Template;
    const kind = view.field("class_name").value;
    if (kind === "__slice__" || kind === "__ellipsis__") return view.value as Template;
    throw new UnsupportedError({
      where,
      problem: "this kind of argument is not read from files",
      expected: "outputs of layers, numbers, lists and slices",
      got: JSON.stringify(view.value).slice(0, 120),
      try: "make the array a weight of a layer, and save the model again",
    });
  };
  return { args: args.map(visit), tensors };
}
