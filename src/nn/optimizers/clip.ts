/** Clipping of gradients (Pascanu, Mikolov and Bengio 2013), by Keras's formulas. */
import { maximum, minimum, type Tensor, where } from "../../core/index.ts";

interface Clipping {
  clipnorm?: number | null;
  clipvalue?: number | null;
  globalClipnorm?: number | null;
}

/** The gradients, none of them above the limit that is set. Without a limit they are returned as they are. */
export function clipGradients(gradients: readonly Tensor[], limits: Clipping): readonly Tensor[] {
  const { clipnorm, clipvalue, globalClipnorm } = limits;
  if (clipnorm) return gradients.map((g) => clipByNorm(g, clipnorm));
  if (globalClipnorm) return clipByGlobalNorm(gradients, globalClipnorm);
  if (clipvalue) return gradients.map((g) => g.clip(-clipvalue, clipvalue));
  return gradients;
}

function squaredNorm(g: Tensor): Tensor {
  return g.square().sum();
}

function clipByNorm(g: Tensor, limit: number): Tensor {
  const squared = squaredNorm(g);
  const some = squared.greater(0);
  const norm = where(some, where(some, squared, 1).sqrt(), squared);
  return g.mul(limit).div(maximum(norm, limit));
}

function clipByGlobalNorm(gradients: readonly Tensor[], limit: number): readonly Tensor[] {
  if (gradients.length === 0) return gradients;
  const norm = gradients
    .map(squaredNorm)
    .reduce((a, b) => a.add(b))
    .sqrt();
  const scale = minimum(norm.reciprocal(), 1 / limit).mul(limit);
  return gradients.map((g) => g.mul(scale));
}
