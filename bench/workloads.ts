/**
 * What is measured. A workload is plain data: the contestants, some of them in Python, all read the same description.
 *
 * Over 400 lines: every benchmark is a row of one table.
 */

/** A network: convolutions (each with 2×2 max pooling behind it), then dense layers; `relu` inside. */
export interface Network {
  /** Shape of a sample. */
  readonly input: readonly number[];
  /** Filters of each convolution. */
  readonly convolutions: readonly number[];
  /** Side of the convolutions' kernels; 3 if not told. */
  readonly kernel?: number;
  /** In front of the dense layers: two 3×3 convolutions with batch normalization, the input added to them, global average. */
  readonly residual?: boolean;
  readonly dense: readonly number[];
  /** Classes (softmax, sparse cross-entropy, accuracy), or 1 for a sigmoid with binary cross-entropy. */
  readonly classes: number;
  /** The targets are the inputs: a sigmoid for each, with binary cross-entropy. */
  readonly reconstructs?: boolean;
  readonly rows: number;
}

/** A network trained through `fit` with Adam. */
export interface Training extends Network {
  readonly kind: "train";
  readonly batch: number;
  /** Epochs of a run, which begins with handing over the data and looking at the labels; 1 unless given. */
  readonly epochs?: number;
}

/** The outputs of a network for all rows at once. */
export interface Prediction extends Network {
  readonly kind: "predict";
}

/** A two-dimensional convolution with padding "same": its value and both gradients. */
export interface Convolution {
  readonly kind: "conv";
  readonly batch: number;
  /** Side of the images. */
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  /** Each channel by itself. */
  readonly depthwise?: boolean;
}

/** The product of two square float32 matrices. */
export interface Product {
  readonly kind: "matmul";
  readonly size: number;
}

/** An epoch of training a graph network with Adam; one graph and so one step, or batches of many graphs. */
export interface GraphTraining {
  readonly kind: "graph";
  /** Zachary's karate club, or undirected edges between random nodes. */
  readonly graph: "karate" | "random";
  /** Nodes and undirected edges of the graph; of many graphs on average. */
  readonly nodes: number;
  readonly pairs: number;
  readonly features: number;
  /** Share of the features that are not 0; they are the same then, and the rows sum to 1. Uniform numbers without it. */
  readonly density?: number;
  /** Nodes whose labels count. */
  readonly labelled?: number;
  readonly graphs?: number;
  readonly batch?: number;
  /** Widths of the graph convolutions with an activation; a last one gives the classes, unless there is a `classifier`. */
  readonly hidden: readonly number[];
  readonly activation: "tanh" | "relu" | "elu";
  /** Attention with so many heads (GAT); without it GCN. */
  readonly heads?: number;
  /** Of the inputs of all convolutions, and of the attention. */
  readonly dropout?: number;
  /** A dense layer gives the classes. With many graphs the mean over each graph's nodes comes before it. */
  readonly classifier?: boolean;
  readonly classes: number;
  /** Epochs of one measurement. */
  readonly epochs: number;
}

/** A process from its first import to the first trained step of a network. */
export interface Startup extends Network {
  readonly kind: "startup";
}

/** What the first training step of a network takes more than later ones, in a process of its own. */
export interface Compiling extends Network {
  readonly kind: "compile";
  /** What is in the cache of compiled code: nothing, or what another such process has left. */
  readonly cache: "empty" | "filled";
  /** Whether the backend runs already, and has the weights: what is left is the compiling. */
  readonly running?: boolean;
}

/** A piece of a step as the compiler fuses it, or with its parts kept `apart`: what fusing gains. */
export interface Fusion {
  readonly kind: "fusion";
  /** A convolution with activation and pooling behind it, or Adam's update of a weight. */
  readonly of: "pooling" | "optimizer";
  readonly apart: boolean;
}

/** What the machine does at most: products and sums without memory, or memory beyond the caches. */
export interface Limit {
  readonly kind: "limit";
  readonly of: "arithmetic" | "memory";
}

export type Workload =
  | Training
  | Prediction
  | Product
  | Convolution
  | GraphTraining
  | Startup
  | Compiling
  | Fusion
  | Limit;

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
  /** Whether the memory of the contestants is told too. */
  readonly memory?: boolean;
  readonly cases: readonly Case[];
}

const images = { input: [28, 28, 1], classes: 10 } as const;
const slide = { ...images, convolutions: [8], dense: [16] } as const;
const lecture = { ...slide, batch: 200 } as const;
const wide = { ...images, convolutions: [32, 64], dense: [128], batch: 200 } as const;
const lenet = { ...images, convolutions: [6, 16], kernel: 5, dense: [120, 84], batch: 200 } as const;
const points = { convolutions: [], classes: 1 } as const;

/** Images, side, channels, filters, side of the kernel. */
const convolutions: readonly (readonly [number, number, number, number, number])[] = [
  [64, 28, 1, 32, 3],
  [64, 32, 16, 16, 3],
  [32, 16, 64, 64, 3],
  [32, 8, 128, 128, 3],
  [32, 16, 64, 128, 1],
  [64, 28, 8, 16, 5],
];

const cora = {
  kind: "graph",
  graph: "random",
  nodes: 2708,
  pairs: 5278,
  features: 1433,
  density: 0.013,
  labelled: 140,
  classes: 7,
  epochs: 100,
} as const;

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
    name: "lenet",
    about: "Conv 6 and 16 of 5×5, Dense 120, 84, 10: an epoch of 30,000 images by fit, batch 200, Adam",
    unit: "images/s",
    larger: true,
    cases: [{ label: "", workload: { kind: "train", ...lenet, rows: 30_000 } }],
  },
  {
    name: "mlp",
    about: "81-128-64-1: an epoch of 64,000 rows by fit, batch 256, Adam",
    unit: "rows/s",
    larger: true,
    cases: [
      {
        label: "",
        workload: { kind: "train", ...points, input: [81], dense: [128, 64], batch: 256, rows: 64_000 },
      },
    ],
  },
  {
    name: "autoencoder",
    about: "784-32-784: an epoch of 25,600 rows, of 5 by fit, batch 256, Adam",
    unit: "rows/s",
    larger: true,
    cases: [
      {
        label: "",
        workload: {
          kind: "train",
          ...points,
          input: [784],
          dense: [32],
          classes: 784,
          reconstructs: true,
          batch: 256,
          epochs: 5,
          rows: 25_600,
        },
      },
    ],
  },
  {
    name: "residual",
    about:
      "16×16×32: Conv 32, BatchNormalization, ReLU, Conv 32, BatchNormalization, Add, ReLU, average, Dense 10: " +
      "an epoch of 3,200 rows by fit, batch 64, Adam",
    unit: "rows/s",
    larger: true,
    cases: [
      {
        label: "",
        workload: {
          kind: "train",
          input: [16, 16, 32],
          convolutions: [],
          residual: true,
          dense: [],
          classes: 10,
          batch: 64,
          rows: 3_200,
        },
      },
    ],
  },
  {
    name: "predict-one",
    about: "the slide's network on one image",
    unit: "µs",
    larger: false,
    cases: [{ label: "", workload: { kind: "predict", ...slide, rows: 1 } }],
  },
  {
    name: "predict",
    about: "the slide's network on 2,000 images",
    unit: "images/s",
    larger: true,
    cases: [{ label: "", workload: { kind: "predict", ...slide, rows: 2_000 } }],
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
          ...points,
          input: [9],
          dense: [32, 8],
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
    name: "conv",
    about: "a convolution, value and both gradients: images × side × side × channels → filters, kernel",
    unit: "GFLOP/s",
    larger: true,
    cases: [
      ...convolutions.map(([batch, size, channels, filters, kernel]) => ({
        label: `${batch}×${size}×${size}×${channels} → ${filters}, ${kernel}×${kernel}`,
        workload: { kind: "conv", batch, size, channels, filters, kernel } as const,
      })),
      {
        label: "32×16×16×64 depthwise, 3×3",
        workload: {
          kind: "conv",
          batch: 32,
          size: 16,
          channels: 64,
          filters: 64,
          kernel: 3,
          depthwise: true,
        },
      },
    ],
  },
  {
    name: "fusion",
    about:
      "what fusing gains: the slide's convolution, relu and max pooling on 200 images; Adam on 1,352×16 weights",
    unit: "µs",
    larger: false,
    cases: (["pooling", "optimizer"] as const).flatMap((of) =>
      [true, false].map((apart) => ({
        label: `${of} ${apart ? "apart" : "fused"}`,
        workload: { kind: "fusion", of, apart } as const,
      })),
    ),
  },
  {
    name: "karate",
    about: "the karate club, GCN 34-4-4-2 with a dense layer behind it: an epoch",
    unit: "ms",
    larger: false,
    cases: [
      {
        label: "",
        workload: {
          kind: "graph",
          graph: "karate",
          nodes: 34,
          pairs: 78,
          features: 34,
          hidden: [4, 4, 2],
          activation: "tanh",
          classifier: true,
          classes: 4,
          epochs: 400,
        },
      },
    ],
  },
  {
    name: "cora",
    about:
      "a graph of Cora's size (2,708 nodes, 10,556 directed edges, 1,433 features, 1.3 % of them not 0): an epoch",
    unit: "ms",
    larger: false,
    cases: [
      { label: "GCN 16, dropout 0.5", workload: { ...cora, hidden: [16], activation: "relu", dropout: 0.5 } },
      {
        label: "GAT 8×8, dropout 0.6",
        workload: { ...cora, hidden: [8], heads: 8, activation: "elu", dropout: 0.6 },
      },
    ],
  },
  {
    name: "proteins",
    about:
      "1,000 graphs of 39 nodes and 146 directed edges on average, batch 64, GCN 64-64-64, mean, dense layer: an epoch of 5",
    unit: "ms",
    larger: false,
    cases: [
      {
        label: "",
        workload: {
          kind: "graph",
          graph: "random",
          nodes: 39,
          pairs: 73,
          features: 3,
          graphs: 1000,
          batch: 64,
          hidden: [64, 64, 64],
          activation: "relu",
          classifier: true,
          classes: 2,
          epochs: 5,
        },
      },
    ],
  },
  {
    name: "large-graph",
    about: "100,000 nodes, 2,000,000 directed edges, 64 features, GCN 64, then 10 classes: an epoch",
    unit: "ms",
    larger: false,
    memory: true,
    cases: [
      {
        label: "",
        workload: {
          kind: "graph",
          graph: "random",
          nodes: 100_000,
          pairs: 1_000_000,
          features: 64,
          labelled: 10_000,
          hidden: [64],
          activation: "relu",
          classes: 10,
          epochs: 1,
        },
      },
    ],
  },
  {
    name: "startup",
    about: "a cold process: from the first import to the first trained step of the slide's network",
    unit: "ms",
    larger: false,
    cases: [{ label: "", workload: { kind: "startup", ...lecture, rows: 200 } }],
  },
  {
    name: "compile",
    about:
      "the training step of Conv 32, Conv 64, Dense 128 made ready in a new process: the first step less a later one",
    unit: "ms",
    larger: false,
    cases: [
      ...(["empty", "filled"] as const).map((cache) => ({
        label: `${cache} cache`,
        workload: { kind: "compile", ...wide, rows: 64, cache } as const,
      })),
      {
        label: "filled cache, backend running",
        workload: { kind: "compile", ...wide, rows: 64, cache: "filled", running: true },
      },
    ],
  },
];

/** Floating-point operations of a run of a product or a convolution. */
function operations(workload: Product | Convolution): number {
  if (workload.kind === "matmul") return 2 * workload.size ** 3;
  const { batch, size, channels, filters, kernel, depthwise } = workload;
  return 3 * 2 * batch * size ** 2 * kernel ** 2 * channels * (depthwise ? 1 : filters);
}

/** The number of a measurement in the unit of its benchmark, from the seconds that one run took. */
export function inUnit(unit: string, workload: Workload, seconds: number): number {
  if (unit === "ms") return seconds * 1e3;
  if (unit === "µs") return seconds * 1e6;
  if (workload.kind === "matmul" || workload.kind === "conv") return operations(workload) / seconds / 1e9;
  const { rows, batch } = workload as Training;
  return unit === "µs/step" ? (seconds * 1e6) / Math.ceil(rows / batch) : rows / seconds;
}
