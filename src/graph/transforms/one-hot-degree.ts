import { DataError } from "../../ir/errors.ts";
import { besideColumns } from "../arrays.ts";
import type { Transform } from "../dataset.ts";
import { named } from "./transform.ts";

export interface OneHotDegreeOptions {
  /** The largest degree; there is a column for each of 0 … `maxDegree`. */
  maxDegree: number;
  /** Count the edges that end at a node, not those that begin there. Default false. */
  inDegree?: boolean | undefined;
  /** Add the columns to `x` instead of replacing it. Default true. */
  cat?: boolean | undefined;
}

/** Adds the degree of each node as a one-hot row to `x`. The transform throws DataError for a larger degree. */
export function OneHotDegree({ maxDegree, inDegree = false, cat = true }: OneHotDegreeOptions): Transform {
  return named(`OneHotDegree(${maxDegree})`, (data) => {
    const degree = data.edgeIndex.degree(inDegree ? "in" : "out");
    const columns = maxDegree + 1;
    const rows = new Float32Array(degree.length * columns);
    degree.forEach((d, node) => {
      if (d > maxDegree) tooMany(node, d, maxDegree);
      rows[node * columns + d] = 1;
    });
    const oneHot = { data: rows, shape: [degree.length, columns], dtype: "float32" } as const;
    return data.with({ x: besideColumns(cat ? data.x : undefined, oneHot) });
  });
}

function tooMany(node: number, degree: number, most: number): never {
  throw new DataError({
    where: "OneHotDegree",
    problem: "a node has more edges than there are columns",
    expected: `a degree of at most ${most}`,
    got: `${degree} at node ${node}`,
    try: `maxDegree: ${degree}`,
  });
}
