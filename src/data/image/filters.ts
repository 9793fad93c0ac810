/** Filters and statistics on planes. All borders repeat the outermost pixel. */
import { type Plane, plane } from "./pixels.ts";

/** Applies `row` to every row and then to every column; `row` reads n values and writes n values. */
function separable(p: Plane, row: (from: Float32Array, to: Float32Array, n: number) => void): Plane {
  const { width, height } = p;
  const out = plane(width, height);
  const from = new Float32Array(Math.max(width, height));
  const to = new Float32Array(Math.max(width, height));
  for (let y = 0; y < height; y++) {
    from.set(p.data.subarray(y * width, (y + 1) * width));
    row(from, to, width);
    out.data.set(to.subarray(0, width), y * width);
  }
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) from[y] = out.data[y * width + x]!;
    row(from, to, height);
    for (let y = 0; y < height; y++) out.data[y * width + x] = to[y]!;
  }
  return out;
}

/** Mean over squares of side 2 radius + 1. */
export function boxMean(p: Plane, radius: number): Plane {
  return separable(p, (from, to, n) => {
    let sum = from[0]! * radius;
    for (let i = 0; i <= radius; i++) sum += from[Math.min(i, n - 1)]!;
    for (let i = 0; i < n; i++) {
      to[i] = sum / (2 * radius + 1);
      sum += from[Math.min(i + radius + 1, n - 1)]! - from[Math.max(i - radius, 0)]!;
    }
  });
}

/** Smooths with the weights 1 2 1, `times` over: a Gaussian of standard deviation √(times / 2) pixels. */
export function binomial(p: Plane, times: number): Plane {
  let out = p;
  for (let k = 0; k < times; k++) {
    out = separable(out, (from, to, n) => {
      for (let i = 0; i < n; i++) {
        to[i] = (from[Math.max(i - 1, 0)]! + 2 * from[i]! + from[Math.min(i + 1, n - 1)]!) / 4;
      }
    });
  }
  return out;
}

/**
 * Running maximum over 2 radius + 1 values with three comparisons a value (van Herk 1992). `sign` -1 gives the minimum.
 */
function runningExtreme(
  sign: 1 | -1,
  radius: number,
): (from: Float32Array, to: Float32Array, n: number) => void {
  const window = 2 * radius + 1;
  let values = new Float32Array(0);
  let suffix = values;
  return (from, to, n) => {
    const padded = Math.ceil((n + 2 * radius) / window) * window;
    if (values.length < padded) {
      values = new Float32Array(padded);
      suffix = new Float32Array(padded);
    }
    values.fill(sign * from[0]!, 0, radius);
    for (let i = 0; i < n; i++) values[i + radius] = sign * from[i]!;
    values.fill(sign * from[n - 1]!, n + radius, padded);
    for (let block = 0; block < padded; block += window) {
      let best = -Infinity;
      for (let i = block + window - 1; i >= block; i--) suffix[i] = best = Math.max(best, values[i]!);
      // The values become their own running maxima from the block's start.
      for (let i = block + 1; i < block + window; i++) values[i] = Math.max(values[i]!, values[i - 1]!);
    }
    for (let i = 0; i < n; i++) to[i] = sign * Math.max(suffix[i]!, values[i + window - 1]!);
  };
}

/** Grey dilation: the maximum over squares of side 2 radius + 1. */
export function dilate(p: Plane, radius: number): Plane {
  return radius < 1 ? p : separable(p, runningExtreme(1, radius));
}

/** Grey erosion: the minimum over squares of side 2 radius + 1. */
export function erode(p: Plane, radius: number): Plane {
  return radius < 1 ? p : separable(p, runningExtreme(-1, radius));
}

/**
 * Grey closing: fills what is dark and narrower than 2 radius + 1 pixels; slopes of light and edges of shadows stay,
 * up to the rim, because the picture is continued there by its point reflection.
 */
export function close(p: Plane, radius: number): Plane {
  const { width, height, data } = p;
  const wide = plane(width + 2 * radius, height + 2 * radius);
  for (let y = 0; y < wide.height; y++) {
    const v = y - radius;
    const rimY = Math.min(Math.max(v, 0), height - 1);
    const mirrorY = Math.min(Math.max(2 * rimY - v, 0), height - 1);
    for (let x = 0; x < wide.width; x++) {
      const u = x - radius;
      const rimX = Math.min(Math.max(u, 0), width - 1);
      const mirrorX = Math.min(Math.max(2 * rimX - u, 0), width - 1);
      const rim = data[rimY * width + rimX]!;
      const value = rimX === u && rimY === v ? rim : 2 * rim - data[mirrorY * width + mirrorX]!;
      wide.data[y * wide.width + x] = Math.max(0, value);
    }
  }
  const closed = erode(dilate(wide, radius), radius);
  const out = plane(width, height);
  for (let y = 0; y < height; y++) {
    const at = (y + radius) * wide.width + radius;
    out.data.set(closed.data.subarray(at, at + width), y * width);
  }
  return out;
}

/** The value below which the fraction `q` of the data lies, from at most about 100,000 evenly taken values; 0 of nothing. */
export function quantile(data: ArrayLike<number>, q: number): number {
  const step = Math.max(1, Math.floor(data.length / 50_000));
  const sample = new Float32Array(Math.ceil(data.length / step));
  for (let i = 0, j = 0; i < data.length; i += step) sample[j++] = data[i]!;
  sample.sort();
  return sample[Math.min(sample.length - 1, Math.floor(q * sample.length))] ?? 0;
}

/** Median over squares of side 2 radius + 1, by sorting: for small planes. */
export function medianFilter(p: Plane, radius: number): Plane {
  const { width, height, data } = p;
  const out = plane(width, height);
  const window = new Float32Array((2 * radius + 1) ** 2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let n = 0;
      for (let v = Math.max(0, y - radius); v <= Math.min(height - 1, y + radius); v++) {
        for (let u = Math.max(0, x - radius); u <= Math.min(width - 1, x + radius); u++) {
          window[n++] = data[v * width + u]!;
        }
      }
      out.data[y * width + x] = window.subarray(0, n).sort()[n >> 1]!;
    }
  }
  return out;
}

/** Value at a real position (pixel centres at whole numbers), bilinear. */
export function sample(p: Plane, x: number, y: number): number {
  const cx = Math.min(Math.max(x, 0), p.width - 1);
  const cy = Math.min(Math.max(y, 0), p.height - 1);
  const x0 = Math.floor(cx);
  const y0 = Math.floor(cy);
  const x1 = Math.min(x0 + 1, p.width - 1);
  const y1 = Math.min(y0 + 1, p.height - 1);
  const fx = cx - x0;
  const fy = cy - y0;
  const top = p.data[y0 * p.width + x0]! * (1 - fx) + p.data[y0 * p.width + x1]! * fx;
  const bottom = p.data[y1 * p.width + x0]! * (1 - fx) + p.data[y1 * p.width + x1]! * fx;
  return top * (1 - fy) + bottom * fy;
}

/** The plane at another size: the mean over each new pixel's area where it shrinks, bilinear where it grows. */
export function resize(p: Plane, width: number, height: number): Plane {
  const out = plane(width, height);
  const sx = p.width / width;
  const sy = p.height / height;
  if (sx <= 1 && sy <= 1) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        out.data[y * width + x] = sample(p, (x + 0.5) * sx - 0.5, (y + 0.5) * sy - 0.5);
      }
    }
    return out;
  }
  // Each axis by overlap of the new pixel's interval with the old pixels.
  const half = plane(width, p.height);
  for (let y = 0; y < p.height; y++)
    averageLine(p.data, y * p.width, 1, p.width, half.data, y * width, 1, width);
  for (let x = 0; x < width; x++) averageLine(half.data, x, width, p.height, out.data, x, width, height);
  return out;
}

function averageLine(
  from: Float32Array,
  fromAt: number,
  fromStep: number,
  n: number,
  to: Float32Array,
  toAt: number,
  toStep: number,
  m: number,
): void {
  const scale = n / m;
  for (let j = 0; j < m; j++) {
    const a = j * scale;
    const b = a + scale;
    let sum = 0;
    for (let i = Math.floor(a); i < b && i < n; i++) {
      sum += from[fromAt + i * fromStep]! * (Math.min(b, i + 1) - Math.max(a, i));
    }
    to[toAt + j * toStep] = sum / scale;
  }
}

/** Distance in pixels from every pixel to the nearest one that `seed` accepts (Felzenszwalb and Huttenlocher 2012). */
export function distanceTo(p: Plane, seed: (value: number) => boolean): Plane {
  const { width, height } = p;
  const far = 1e9;
  const out = plane(width, height);
  for (let i = 0; i < out.data.length; i++) out.data[i] = seed(p.data[i]!) ? 0 : far;
  const n = Math.max(width, height);
  const f = new Float64Array(n);
  const vertex = new Int32Array(n);
  const from = new Float64Array(n + 1);
  const line = (at: number, step: number, length: number) => {
    for (let i = 0; i < length; i++) f[i] = out.data[at + i * step]!;
    let k = 0;
    vertex[0] = 0;
    from[0] = -Infinity;
    from[1] = Infinity;
    for (let q = 1; q < length; q++) {
      let s = crossing(f, q, vertex[k]!);
      while (s <= from[k]!) s = crossing(f, q, vertex[--k]!);
      vertex[++k] = q;
      from[k] = s;
      from[k + 1] = Infinity;
    }
    k = 0;
    for (let q = 0; q < length; q++) {
      while (from[k + 1]! < q) k++;
      out.data[at + q * step] = (q - vertex[k]!) ** 2 + f[vertex[k]!]!;
    }
  };
  for (let x = 0; x < width; x++) line(x, width, height);
  for (let y = 0; y < height; y++) line(y * width, 1, width);
  for (let i = 0; i < out.data.length; i++) out.data[i] = Math.sqrt(out.data[i]!);
  return out;
}

function crossing(f: Float64Array, q: number, v: number): number {
  return (f[q]! + q * q - (f[v]! + v * v)) / (2 * (q - v));
}
