import type { Transform } from "../dataset.ts";
import {
  type GeometryOptions,
  geometryLabel,
  largestSize,
  offsets,
  withEdgeValues,
} from "./edge-geometry.ts";
import { named } from "./transform.ts";

/** Adds `pos[source] - pos[target]` of each edge to `edgeAttr`, scaled to `interval` by the largest size of a coordinate. */
export function Cartesian(options: GeometryOptions = {}): Transform {
  const { norm = true, maxValue, cat = true, interval = [0, 1] } = options;
  return named(geometryLabel("Cartesian", options), (data) => {
    const steps = offsets(data);
    if (!norm) return withEdgeValues(data, steps, cat);
    const most = maxValue ?? largestSize(steps);
    const [low, high] = interval;
    const scaled = steps.data.map((v) => ((high - low) * v) / (2 * most) + (low + high) / 2);
    return withEdgeValues(data, { ...steps, data: scaled }, cat);
  });
}
