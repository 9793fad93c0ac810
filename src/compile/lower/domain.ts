/** Which axes of a loop nest may be walked as one. */
import type { Shape, Size } from "../../ir/index.ts";
import { mulSize, sameSize } from "../../ir/index.ts";
import { followsOn } from "../evaluate.ts";
import type { CNode } from "../graph.ts";

/**
 * The sizes of `shape`, without ones, with neighbouring axes merged wherever none of `roots` (nodes of that shape)
 * tells them apart on the way to memory. `keep(i)` forbids merging axis i with axis i + 1.
 */
export function collapse(
  shape: Shape,
  roots: readonly CNode[],
  inMemory: (n: CNode) => boolean,
  keep: (axis: number) => boolean = () => false,
): { size: Size; axes: number[] }[] {
  const out: { size: Size; axes: number[] }[] = [];
  for (const [i, size] of shape.entries()) {
    if (size === 1) continue;
    const last = out[out.length - 1];
    const before = last?.axes[last.axes.length - 1];
    const suffix = shape.slice(i).reduce(mulSize, 1);
    const mergeable =
      before !== undefined &&
      !range(before, i).some(keep) &&
      roots.every((r) => seamless(r, suffix, inMemory, new Set()));
    if (last && mergeable) {
      last.size = mulSize(last.size, size);
      last.axes.push(i);
    } else out.push({ size, axes: [i] });
  }
  return out;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Whether nothing between `n` and memory happens at the seam behind which `suffix` elements follow each other. */
function seamless(n: CNode, suffix: Size, inMemory: (n: CNode) => boolean, seen: Set<CNode>): boolean {
  if (inMemory(n) || seen.has(n)) return true;
  seen.add(n);
  const { spec } = n;
  if (spec.kind === "map") return n.inputs.every((x) => seamless(x, suffix, inMemory, seen));
  if (spec.kind === "source") return true;
  const pass = (x: CNode, axis: number): boolean =>
    seamless(x, x.shape.slice(axis).reduce(mulSize, 1), inMemory, new Set(seen));
  if (spec.kind === "move" && spec.move === "reshape") return seamless(n.inputs[0]!, suffix, inMemory, seen);
  const seams = n.shape
    .map((_, i) => i)
    .filter((i) => i > 0 && sameSize(n.shape.slice(i).reduce(mulSize, 1), suffix));
  if (seams.length === 0) return !n.shape.some((s) => s !== 1) || insideAxis(n, suffix);
  if (spec.kind === "move" && spec.move !== "place") {
    const x = n.inputs[0]!;
    return seams.every((i) => {
      if (spec.move === "slice") {
        const whole = spec.starts[i] === 0 && spec.steps[i] === 1 && sameSize(x.shape[i]!, n.shape[i]!);
        return whole && pass(x, i);
      }
      const [a, b] = [spec.axes[i - 1]!, spec.axes[i]!];
      const repeats = (d: number, to: number): boolean => d < 0 || (x.shape[d] === 1 && n.shape[to] !== 1);
      if (repeats(a, i - 1) && repeats(b, i)) return true;
      return !repeats(a, i - 1) && !repeats(b, i) && b === a + 1 && pass(x, b);
    });
  }
  if (spec.kind === "strided") return seams.every((i) => followsOn(spec, n.shape, i - 1, i));
  if (spec.kind === "gather" && (spec.fn === "take" || spec.fn === "along")) {
    const [x, index] = n.inputs as [CNode, CNode];
    if (spec.fn === "along") return false;
    const rank = index.shape.length;
    return seams.every((i) => {
      if (i > spec.axis && i < spec.axis + rank) return pass(index, i - spec.axis);
      if (i <= spec.axis && i > 0) return i < spec.axis && pass(x, i);
      return i > spec.axis + rank && pass(x, i - rank + 1);
    });
  }
  return false;
}

/** Whether a seam lies inside one axis, where a node that keeps axes whole cannot notice it. */
function insideAxis(n: CNode, suffix: Size): boolean {
  if (n.spec.kind === "move" && n.spec.move === "permute") return false;
  return typeof suffix === "number" && n.shape.every((s) => typeof s === "number");
}
