/** Batch: several graphs side by side as one, without edges between them. */
import { arrayOf } from "../ir/dtype.ts";
import { DataError } from "../ir/errors.ts";
import { Data, type DataFields, type FieldValue, type GraphArray, printFields } from "./data.ts";
import { EdgeIndex } from "./edge-index.ts";
import { beginsOf } from "./joined.ts";
import { graphOfNodes, joinField } from "./joined-fields.ts";
import type { Arrays } from "./reused-arrays.ts";

/** Graphs as one: node numbers are shifted, `batch` tells the graph of each node, `ptr` where each graph begins. */
export class Batch extends Data {
  readonly numGraphs: number;
  readonly #graphs: readonly Data[];

  /**
   * Every field is joined along its first axis; `edgeIndex` and other fields with `index` or `face` in their names count
   * nodes, are shifted, and joined along their last axis. Numbers become arrays, texts lists.
   *
   * @param arrays where the arrays of the batch are taken from; fresh ones unless given.
   * @throws DataError for no graph at all or graphs with different fields, ShapeError for rows of different widths.
   */
  constructor(graphs: readonly Data[], arrays: Arrays = arrayOf) {
    const [model] = graphs;
    if (model === undefined) {
      throw new DataError({
        where: "Batch",
        problem: "a batch needs a graph",
        expected: "one graph or more",
        got: "none",
        try: "skip the batch",
      });
    }
    super(joinedFields(graphs, model, arrays), { keepOrder: true });
    this.numGraphs = graphs.length;
    this.#graphs = graphs;
  }

  /** `Batch.from(graphs)`: PyTorch Geometric's `from_data_list`. */
  static from(graphs: readonly Data[]): Batch {
    return new Batch(graphs);
  }

  /** The graph of each node: int32 [nodes]. */
  get batch(): GraphArray {
    return this.array("batch");
  }

  /** Where each graph's nodes begin: int32 [graphs + 1]. */
  get ptr(): GraphArray {
    return this.array("ptr");
  }

  /** The graphs it was made of. */
  unbatch(): readonly Data[] {
    return this.#graphs;
  }

  override toString(): string {
    return printFields("DataBatch", this.fields);
  }
}

function joinedFields(graphs: readonly Data[], model: Data, arrays: Arrays): DataFields {
  const ptr = beginsOf(graphs.length, (i) => graphs[i]!.numNodes);
  const fields: Record<string, FieldValue> = {};
  for (const name of model.fields.keys()) {
    fields[name] =
      name === "edgeIndex"
        ? EdgeIndex.join(
            graphs.map((g) => g.edgeIndex),
            arrays,
          )
        : joinField(name, graphs, ptr, arrays);
  }
  if (fields.numNodes !== undefined) fields.numNodes = ptr.at(-1)!;
  fields.batch = graphOfNodes(ptr, arrays);
  fields.ptr = { data: ptr, shape: [ptr.length], dtype: "int32" };
  return fields;
}
