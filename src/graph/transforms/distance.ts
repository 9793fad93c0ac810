import { rowWidth } from "../arrays.ts";
import type { Transform } from "../dataset.ts";
import {
  type GeometryOptions,
  geometryLabel,
  largestSize,
  offsets,
  withEdgeValues,
} from "./edge-geometry.ts";
import { named } from "./transform.ts";

/** Adds the distance between the ends of each edge to `edgeAttr`, scaled to `interval` by the largest one. */
export function Distance(options: GeometryOptions = {}): Transform {
  const { norm = true, maxValue, cat = true, interval = [0, 1] } = options;
  return named(geometryLabel("Distance", options), (data) => {
    const steps = offsets(data);
    const axes = rowWidth(steps);
    const length = new Float32Array(data.numEdges);
    for (let e = 0; e < length.length; e++) {
      let square = 0;
      for (let a = 0; a < axes; a++) square += steps.data[e * axes + a]! ** 2;
      length[e] = Math.sqrt(square);
    }
    const values = { data: length, shape: [length.length, 1], dtype: "float32" } as const;
    const most = maxValue ?? largestSize(values);
    const [low, high] = interval;
    const scaled = norm ? length.map((d) => (high - low) * (d / most) + low) : length;
    return withEdgeValues(data, { ...values, data: scaled }, cat);
  });
}
