/** Where data enter a model. */
import type { Tensor } from "../../core/index.ts";
import type { DType } from "../../ir/dtype.ts";
import { internal, UsageError } from "../../ir/errors.ts";
import { Dim, type Shape } from "../../ir/size.ts";
import { optional, orNull, readInteger, readList, refuse, required } from "../fields.ts";
import { Layer } from "../layer.ts";
import { type Application, SymbolicTensor, shapeFromSizes } from "../symbolic.ts";

const dtypes: readonly DType[] = ["float32", "int32", "uint8", "bool"];

/** Element types of Keras that are read as the nearest of ours. */
const nearest: Readonly<Record<string, DType>> = { float64: "float32", float16: "float32", int64: "int32" };

function readDType(value: unknown, at: string): DType {
  const word = String(value);
  const name = Object.hasOwn(nearest, word) ? nearest[word] : word;
  return dtypes.find((d) => d === name) ?? refuse(at, `one of ${dtypes.join(", ")}`, value);
}

const no = optional<boolean, boolean>(false, (value, at) =>
  value === false ? false : refuse(at, "false: sparse, ragged and optional inputs are not supported", value),
);

const fields = {
  batchShape: required<readonly (number | null)[]>(
    readList(orNull(readInteger(0)), "a list of sizes, null where a size is open"),
    (shape) => shape,
    ["batch_input_shape"],
  ),
  dtype: optional<DType, DType>("float32", readDType),
  sparse: no,
  ragged: no,
  optional: no,
};

/** The layer behind `Input`: it has one symbolic output and is never called. */
export class InputLayer extends Layer<typeof fields> {
  static override readonly type = "InputLayer";
  static override readonly fields = fields;
  /** The tensor that stands for the data. */
  readonly tensor: SymbolicTensor;

  constructor(options: {
    batchShape: readonly (number | null)[];
    dtype?: DType | undefined;
    name?: string | undefined;
    shape?: Shape;
  }) {
    const { shape, ...given } = options;
    super(given as never);
    const outputs: SymbolicTensor[] = [];
    const application: Application = { layer: this, inputs: [], listed: false, outputs };
    this.tensor = new SymbolicTensor(
      shape ?? shapeFromSizes(this.config.batchShape, this.name),
      this.config.dtype,
      application,
      0,
    );
    outputs.push(this.tensor);
    this.applications.push(application);
    this.outputShapes = [this.tensor.shape];
    this.built = true;
  }

  override call(): Tensor {
    internal("an input layer is not called");
  }
}

export interface InputOptions {
  /** Shape of one sample; null where a size is open. */
  shape?: readonly (number | null)[];
  /** Fixes the number of rows. */
  batchSize?: number;
  /** The whole shape, rows first, instead of `shape`. Symbolic sizes are kept. */
  batchShape?: readonly (number | null | Dim)[];
  dtype?: DType;
  name?: string;
}

/**
 * A symbolic tensor for data that enter a model.
 *
 * @throws UsageError unless exactly one of `shape` and `batchShape` is given.
 */
export function Input(options: InputOptions): SymbolicTensor {
  const { shape, batchSize, batchShape, dtype, name } = options;
  if ((shape === undefined) === (batchShape === undefined)) {
    throw new UsageError({
      where: "Input",
      problem: "the shape must be given once",
      expected: "`shape` (of one sample) or `batchShape`",
      got: shape === undefined ? "neither" : "both",
      try: "write Input({ shape: [28, 28, 1] })",
    });
  }
  const sizes = batchShape ?? [batchSize ?? null, ...shape!];
  const symbolic = sizes.some((s) => s instanceof Dim);
  return new InputLayer({
    batchShape: sizes.map((s) => (s instanceof Dim ? null : s)),
    dtype,
    name,
    ...(symbolic && { shape: sizes as Shape }),
  }).tensor;
}
