/** What is measured. A workload is plain data: the contestants, some of them in Python, all read the same description. */

/** A network trained through `fit`: convolutions (each 3×3 with 2×2 max pooling), then dense layers, Adam. */
export interface Training {
  readonly kind: "train";
  /** Shape of a sample. */
  readonly input: readonly number[];
  readonly convolutions: readonly number[];
  readonly dense: readonly number[];
  /** Classes (softmax, sparse cross-entropy, accuracy), or 1 for a sigmoid with binary cross-entropy. */
  readonly classes: number;
  readonly rows: number;
  readonly batch: number;
}

/** The product of two square float32 matrices. */
export interface Product {
  readonly kind: "matmul";
  readonly size: number;
}

/** A process from its first import to the first trained step of a network. */
export interface Startup extends Omit<Training, "kind"> {
  readonly kind: "startup";
}

export type Workload = Training | Product | Startup;

/** A row of the results. */
export interface Case {
  /** What tells it from other cases of the benchmark. */
  readonly label: string;
  readonly workload: Workload;
}

/** A benchmark of `npm run bench`. */
export interface Benchmark {
  readonly name: string;
  readonly about: string;
  readonly unit: string;
  /** Whether a larger number is the better one. */
  readonly larger: boolean;
  readonly cases: readonly Case[];
}

const images = { input: [28, 28, 1], classes: 10, batch: 200 } as const;
const lecture = { ...images, convolutions: [8], dense: [16] } as const;
const wide = { ...images, convolutions: [32, 64], dense: [128] } as const;

/** Every benchmark. To add one: a row here, and what a new kind of workload means in each contestant. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: "lecture-cnn",
    about: "the slide's network (21,898 parameters): an epoch of 30,000 images by fit, batch 200, Adam",
    unit: "images/s",
    larger: true,
    cases: [{ label: "", workload: { kind: "train", ...lecture, rows: 30_000 } }],
  },
  {
    name: "wide-cnn",
    about:
      "Conv 32, Conv 64, Dense 128 (225,034 parameters): an epoch of 30,000 images by fit, batch 200, Adam",
    unit: "images/s",
    larger: true,
    cases: [{ label: "", workload: { kind: "train", ...wide, rows: 30_000 } }],
  },
  {
    name: "mlp-tiny",
    about: "9-32-8-1: a step of fit, batch 32, Adam",
    unit: "µs/step",
    larger: false,
    cases: [
      {
        label: "",
        workload: {
          kind: "train",
          input: [9],
          convolutions: [],
          dense: [32, 8],
          classes: 1,
          rows: 32_000,
          batch: 32,
        },
      },
    ],
  },
  {
    name: "matmul",
    about: "the product of two square float32 matrices",
    unit: "GFLOP/s",
    larger: true,
    cases: [64, 128, 256, 512, 1024].map((size) => ({
      label: `${size}`,
      workload: { kind: "matmul", size },
    })),
  },
  {
    name: "startup",
    about: "a cold process: from the first import to the first trained step of the slide's network",
    unit: "ms",
    larger: false,
    cases: [{ label: "", workload: { kind: "startup", ...lecture, rows: 200 } }],
  },
];

/** The number of a measurement in the unit of its benchmark, from the seconds that one run took. */
export function inUnit(unit: string, workload: Workload, seconds: number): number {
  if (unit === "ms") return seconds * 1e3;
  if (workload.kind === "matmul") return (2 * workload.size ** 3) / seconds / 1e9;
  if (unit === "images/s") return workload.rows / seconds;
  return (seconds * 1e6) / Math.ceil(workload.rows / workload.batch);
}
