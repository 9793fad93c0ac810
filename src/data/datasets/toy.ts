/**
 * Small data sets of points, seeded, after scikit-learn's `make_*` functions (sklearn.datasets.samples_generator): the
 * same formulas, names and defaults, with our own random numbers, so the points are not scikit-learn's.
 */
import { UsageError } from "../../ir/errors.ts";
import { Stream } from "../digits/random.ts";

/** Points with classes. */
export interface PointDataset {
  /** Row-major, `y.length` × `features`. */
  readonly x: Float32Array;
  /** The class of each point, 0 … classes − 1. */
  readonly y: Int32Array;
  readonly features: number;
  readonly classes: number;
}

/** What every set takes. */
export interface PointOptions {
  /** Number of points. Default 100. */
  nSamples?: number | undefined;
  /** Standard deviation of the Gaussian noise added to the points. Default 0. */
  noise?: number | undefined;
  /** Whether the points come in random order. Default true. */
  shuffle?: boolean | undefined;
  /** Any whole number; another seed is another set. Default 0. */
  seed?: number | undefined;
}

/** Keys of the random streams: what the numbers are for. */
const STREAMS = { noise: 16, order: 17, places: 18, points: 19 };

/** Normal numbers from uniform ones (Box and Muller 1958), one of each pair. */
function normal(stream: Stream): number {
  // 1 − u is in (0, 1], of which the logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - stream.unit())) * Math.cos(2 * Math.PI * stream.unit());
}

/** A point and its class. */
type Point = readonly [coordinates: readonly number[], label: number];

/** Adds noise, shuffles, and packs. */
function pack(where: string, points: readonly Point[], classes: number, options: PointOptions): PointDataset {
  const { noise = 0, shuffle = true, seed = 0 } = options;
  check(where, "noise", noise, noise >= 0, "a number of 0 or more");
  check(where, "seed", seed, Number.isSafeInteger(seed), "a whole number");
  const order = points.map((_, i) => i);
  if (shuffle) shuffleInPlace(order, new Stream(seed, STREAMS.order, 0));
  const features = points[0]?.[0].length ?? 2;
  const jitter = new Stream(seed, STREAMS.noise, 0);
  const x = new Float32Array(points.length * features);
  const y = new Int32Array(points.length);
  order.forEach((from, to) => {
    const [coordinates, label] = points[from]!;
    y[to] = label;
    for (let k = 0; k < features; k++) {
      x[to * features + k] = coordinates[k]! + (noise === 0 ? 0 : noise * normal(jitter));
    }
  });
  return { x, y, features, classes };
}

/** Fisher and Yates. */
function shuffleInPlace(order: number[], stream: Stream): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
}

/** UsageError unless `ok`. */
function check(where: string, name: string, value: unknown, ok: boolean, expected: string): void {
  if (ok) return;
  throw new UsageError({
    where: `${where}({ ${name} })`,
    problem: "the option does not make sense",
    expected,
    got: String(value),
    try: `leave ${name} out to get its default`,
  });
}

function sampleCount(where: string, options: PointOptions, fallback: number = 100): number {
  const n = options.nSamples ?? fallback;
  check(where, "nSamples", n, Number.isSafeInteger(n) && n >= 0 && n <= 2 ** 26, "a whole number, 0 … 2^26");
  return n;
}

/** `count` numbers from 0 to `end`, with or without the end itself. */
function spaced(count: number, end: number, withEnd: boolean): number[] {
  const steps = withEnd ? count - 1 : count;
  return Array.from({ length: count }, (_, i) => (steps === 0 ? 0 : (i * end) / steps));
}

/**
 * Exclusive or: class 1 where exactly one coordinate is 1. The four corners (0, 0), (0, 1), (1, 0), (1, 1) again and
 * again; `nSamples` 4 without noise, in order, is the truth table.
 */
export function makeXor(options: PointOptions = {}): PointDataset {
  const points = Array.from({ length: sampleCount("makeXor", options, 4) }, (_, i): Point => {
    const [a, b] = [(i >> 1) & 1, i & 1];
    return [[a, b], a ^ b];
  });
  return pack("makeXor", points, 2, { shuffle: false, ...options });
}

/** Two interleaving half circles (`make_moons`). */
export function makeMoons(options: PointOptions = {}): PointDataset {
  const n = sampleCount("makeMoons", options);
  const outer = spaced(Math.floor(n / 2), Math.PI, true).map((t): Point => [[Math.cos(t), Math.sin(t)], 0]);
  const inner = spaced(n - outer.length, Math.PI, true).map(
    (t): Point => [[1 - Math.cos(t), 0.5 - Math.sin(t)], 1],
  );
  return pack("makeMoons", [...outer, ...inner], 2, options);
}

export interface CirclesOptions extends PointOptions {
  /** Radius of the inner circle, 0 … 1; the outer one has 1. Default 0.8. */
  factor?: number | undefined;
}

/** A circle in a circle (`make_circles`); the inner one is class 1. */
export function makeCircles(options: CirclesOptions = {}): PointDataset {
  const { factor = 0.8 } = options;
  check("makeCircles", "factor", factor, factor >= 0 && factor < 1, "a number of 0 or more, below 1");
  const n = sampleCount("makeCircles", options);
  const circle = (count: number, radius: number, label: number) =>
    spaced(count, 2 * Math.PI, false).map(
      (t): Point => [[radius * Math.cos(t), radius * Math.sin(t)], label],
    );
  const outer = circle(Math.floor(n / 2), 1, 0);
  return pack("makeCircles", [...outer, ...circle(n - outer.length, factor, 1)], 2, options);
}

export interface SpiralsOptions extends PointOptions {
  /** Number of arms. Default 2. */
  classes?: number | undefined;
  /** How often an arm winds around the centre. Default 1.5. */
  turns?: number | undefined;
}

/** Arms of an Archimedean spiral, radius 0 … 1, each a class (the "two spirals" of Lang and Witbrock 1988). */
export function makeSpirals(options: SpiralsOptions = {}): PointDataset {
  const { classes = 2, turns = 1.5 } = options;
  check(
    "makeSpirals",
    "classes",
    classes,
    Number.isSafeInteger(classes) && classes >= 1,
    "a whole number from 1",
  );
  check("makeSpirals", "turns", turns, Number.isFinite(turns), "a finite number");
  const n = sampleCount("makeSpirals", options);
  const points = Array.from({ length: n }, (_, i): Point => {
    const arm = i % classes;
    const radius = (Math.floor(i / classes) + 1) / Math.ceil(n / classes);
    const angle = 2 * Math.PI * (turns * radius + arm / classes);
    return [[radius * Math.cos(angle), radius * Math.sin(angle)], arm];
  });
  return pack("makeSpirals", points, classes, options);
}

export interface BlobsOptions extends Omit<PointOptions, "noise"> {
  /** Number of clusters, or their centres. Default 3. */
  centers?: number | readonly (readonly number[])[] | undefined;
  /** Default 2; given by the centres where these are given. */
  nFeatures?: number | undefined;
  /** Standard deviation of the clusters. Default 1. */
  clusterStd?: number | undefined;
  /** Range in which random centres lie. Default −10 … 10. */
  centerBox?: readonly [number, number] | undefined;
}

/** Round Gaussian clusters (`make_blobs`). */
export function makeBlobs(options: BlobsOptions = {}): PointDataset {
  const { centers = 3, clusterStd = 1, centerBox = [-10, 10], seed = 0 } = options;
  const count = typeof centers === "number" ? centers : centers.length;
  const nFeatures = typeof centers === "number" ? (options.nFeatures ?? 2) : (centers[0]?.length ?? 0);
  check("makeBlobs", "centers", count, Number.isSafeInteger(count) && count >= 1, "at least one centre");
  check(
    "makeBlobs",
    "nFeatures",
    nFeatures,
    Number.isSafeInteger(nFeatures) && nFeatures >= 1,
    "a whole number from 1",
  );
  check("makeBlobs", "clusterStd", clusterStd, clusterStd >= 0, "a number of 0 or more");
  const places = new Stream(seed, STREAMS.places, 0);
  const at =
    typeof centers === "number"
      ? Array.from({ length: count }, () =>
          Array.from({ length: nFeatures }, () => places.between(centerBox[0], centerBox[1])),
        )
      : centers;
  const equal = at.every((c) => c.length === nFeatures);
  check("makeBlobs", "centers", "centres of different lengths", equal, "centres of one length");
  const n = sampleCount("makeBlobs", options);
  const spread = new Stream(seed, STREAMS.points, 0);
  // As scikit-learn: the first n mod k clusters have one point more.
  const points = at.flatMap((center, label) =>
    Array.from(
      { length: Math.floor(n / count) + (label < n % count ? 1 : 0) },
      (): Point => [center.map((c) => c + clusterStd * normal(spread)), label],
    ),
  );
  return pack("makeBlobs", points, count, options);
}

export interface GaussianQuantilesOptions extends Omit<PointOptions, "noise"> {
  /** Centre. Default the origin. */
  mean?: readonly number[] | undefined;
  /** Variance in every direction. Default 1. */
  cov?: number | undefined;
  /** Default 2. */
  nFeatures?: number | undefined;
  /** Default 3. */
  nClasses?: number | undefined;
}

/** One round Gaussian, divided into shells of equally many points (`make_gaussian_quantiles`). */
export function makeGaussianQuantiles(options: GaussianQuantilesOptions = {}): PointDataset {
  const { cov = 1, nFeatures = 2, nClasses = 3, seed = 0 } = options;
  const mean = options.mean ?? new Array<number>(nFeatures).fill(0);
  const n = sampleCount("makeGaussianQuantiles", options);
  const where = "makeGaussianQuantiles";
  check(where, "cov", cov, cov >= 0, "a number of 0 or more");
  check(
    where,
    "nFeatures",
    nFeatures,
    Number.isSafeInteger(nFeatures) && nFeatures >= 1,
    "a whole number from 1",
  );
  check(where, "mean", mean, mean.length === nFeatures, `${nFeatures} numbers`);
  check(
    where,
    "nClasses",
    nClasses,
    Number.isSafeInteger(nClasses) && nClasses >= 1 && (n === 0 || nClasses <= n),
    "1 … nSamples",
  );
  const spread = new Stream(seed, STREAMS.points, 1);
  const offsets = Array.from({ length: n }, () =>
    Array.from({ length: nFeatures }, () => Math.sqrt(cov) * normal(spread)),
  );
  const distance = (offset: readonly number[]) => offset.reduce((sum, v) => sum + v * v, 0);
  offsets.sort((a, b) => distance(a) - distance(b));
  const step = Math.max(1, Math.floor(n / nClasses));
  const points = offsets.map(
    (offset, i): Point => [offset.map((v, k) => v + mean[k]!), Math.min(nClasses - 1, Math.floor(i / step))],
  );
  return pack(where, points, nClasses, options);
}
