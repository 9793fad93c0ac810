/**
 * The raw files of the Planetoid sets (`ind.cora.x` and its like, https://github.com/kimiyoung/planetoid): pickles of SciPy and
 * NumPy arrays and of a dictionary of neighbours, read through a table of what they may name.
 */
import { FormatError } from "../ir/errors.ts";
import { type PickleGlobal, PickleTuple, type PickleValue, readPickle } from "./pickle.ts";
import { ByteBudget, MAX_DECODED_BYTES } from "./reader.ts";

/** A matrix of float32 numbers, row-major. */
export interface PlanetoidMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

export interface ReadPlanetoidOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse matrices of more bytes than this. Default 2 GiB. */
  maxBytes?: number | undefined;
}

/** A NumPy array that is being put together. */
class Numpy {
  shape: readonly number[] = [];
  type = "";
  raw = "";
}
class NumpyType {
  readonly code: string;
  big = false;

  constructor(code: string) {
    this.code = code;
  }
}
class Sparse {
  fields: ReadonlyMap<PickleValue, PickleValue> = new Map();
}

const bytesOf: ReadonlyMap<string, number> = new Map([
  ["f4", 4],
  ["f8", 8],
  ["i4", 4],
  ["i8", 8],
  ["u1", 1],
  ["b1", 1],
]);

function damaged(options: ReadPlanetoidOptions, problem: string): FormatError {
  return new FormatError({
    where: options.name ?? "Planetoid file",
    problem,
    try: "get the file again; it is damaged or not one of a Planetoid set",
  });
}

/** What the pickles may name, and how it is put together. */
function globalsFor(options: ReadPlanetoidOptions): ReadonlyMap<string, PickleGlobal> {
  const array: PickleGlobal = {
    call: () => new Numpy(),
    build: (object, state) => {
      const [, shape, type, , raw] = state instanceof PickleTuple ? state.items : [];
      const sizes = shape instanceof PickleTuple ? shape.items : [];
      if (!(object instanceof Numpy) || !(type instanceof NumpyType) || typeof raw !== "string" || type.big) {
        throw damaged(options, "an array is not understood");
      }
      object.shape = sizes.map((n) => {
        if (Number.isSafeInteger(n) && (n as number) >= 0) return n as number;
        throw damaged(options, "a size of an array is no whole number");
      });
      object.type = type.code;
      object.raw = raw;
    },
  };
  const type: PickleGlobal = {
    call: ([code]) => new NumpyType(String(code)),
    build: (object, state) => {
      const order = state instanceof PickleTuple ? state.items[1] : undefined;
      if (object instanceof NumpyType) object.big = order === ">";
    },
  };
  const sparse: PickleGlobal = {
    call: () => new Sparse(),
    build: (object, state) => {
      if (!(object instanceof Sparse) || !(state instanceof Map)) {
        throw damaged(options, "a sparse matrix is not understood");
      }
      object.fields = state;
    },
  };
  const refuse = (): never => {
    throw damaged(options, "a class is used in an unknown way");
  };
  return new Map<string, PickleGlobal>([
    ["scipy.sparse.csr csr_matrix", sparse],
    ["scipy.sparse._csr csr_matrix", sparse],
    ["numpy.core.multiarray _reconstruct", array],
    ["numpy._core.multiarray _reconstruct", array],
    ["numpy ndarray", { call: refuse }],
    ["numpy dtype", type],
    ["collections defaultdict", { call: () => new Map() }],
    ["__builtin__ list", { call: refuse }],
    ["builtins list", { call: refuse }],
  ]);
}

/** The numbers of a NumPy array, whose bytes stand in a Latin-1 text. */
function numbersOf(array: PickleValue | undefined, options: ReadPlanetoidOptions): Float64Array {
  const size = array instanceof Numpy ? bytesOf.get(array.type) : undefined;
  if (!(array instanceof Numpy) || size === undefined) throw damaged(options, "an array is not understood");
  const count = array.shape.reduce((a, b) => a * b, 1);
  if (count * size !== array.raw.length) throw damaged(options, "an array does not fill its shape");
  const view = new DataView(new ArrayBuffer(array.raw.length));
  for (let i = 0; i < array.raw.length; i++) view.setUint8(i, array.raw.charCodeAt(i));
  const readers: Readonly<Record<string, (at: number) => number>> = {
    f4: (at) => view.getFloat32(at, true),
    f8: (at) => view.getFloat64(at, true),
    i4: (at) => view.getInt32(at, true),
    i8: (at) => Number(view.getBigInt64(at, true)),
    u1: (at) => view.getUint8(at),
    b1: (at) => view.getUint8(at),
  };
  const read = readers[array.type]!;
  return Float64Array.from({ length: count }, (_, i) => read(i * size));
}

/**
 * A matrix of features or classes: `ind.*.x`, `tx`, `allx` (sparse) or `y`, `ty`, `ally` (dense).
 *
 * @throws FormatError for damage, UnsupportedError for a pickle of something else, LimitError beyond `maxBytes`.
 */
export function readPlanetoidMatrix(bytes: Uint8Array, options: ReadPlanetoidOptions = {}): PlanetoidMatrix {
  const value = readPickle(bytes, { name: options.name, globals: globalsFor(options) });
  const budget = new ByteBudget(
    { format: "Planetoid", name: options.name },
    options.maxBytes ?? MAX_DECODED_BYTES,
  );
  if (value instanceof Numpy) {
    const [rows, columns, more] = value.shape;
    if (rows === undefined || columns === undefined || more !== undefined) {
      throw damaged(options, "the array is no matrix");
    }
    budget.take(rows * columns * 4, "the matrix");
    return { rows, columns, data: Float32Array.from(numbersOf(value, options)) };
  }
  if (value instanceof Sparse) return dense(value, options, budget);
  throw damaged(options, "the file holds no matrix");
}

/** A sparse matrix of compressed rows with all its zeros. */
function dense({ fields }: Sparse, options: ReadPlanetoidOptions, budget: ByteBudget): PlanetoidMatrix {
  const shape = fields.get("_shape") ?? fields.get("shape");
  const [rows, columns] = shape instanceof PickleTuple ? (shape.items as number[]) : [];
  const ptr = numbersOf(fields.get("indptr"), options);
  const index = numbersOf(fields.get("indices"), options);
  const values = numbersOf(fields.get("data"), options);
  const whole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!whole(rows) || !whole(columns) || ptr.length !== rows + 1 || index.length !== values.length) {
    throw damaged(options, "the parts of a sparse matrix do not fit together");
  }
  budget.take(rows * columns * 4, "the matrix");
  const data = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const [from, to] = [ptr[r]!, ptr[r + 1]!];
    if (from > to || to > index.length || (r === 0 && from !== 0)) {
      throw damaged(options, "the rows of a sparse matrix are not ascending");
    }
    for (let i = from; i < to; i++) {
      if (!(index[i]! >= 0 && index[i]! < columns)) throw damaged(options, "a column does not exist");
      data[r * columns + index[i]!]! += values[i]!;
    }
  }
  return { rows, columns, data };
}

/**
 * The neighbours of each node: `ind.*.graph`.
 *
 * @throws as `readPlanetoidMatrix`.
 */
export function readPlanetoidGraph(
  bytes: Uint8Array,
  options: ReadPlanetoidOptions = {},
): Map<number, number[]> {
  const value = readPickle(bytes, { name: options.name, globals: globalsFor(options) });
  if (!(value instanceof Map)) throw damaged(options, "the file holds no graph");
  const whole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  const graph = new Map<number, number[]>();
  for (const [node, neighbours] of value) {
    if (!whole(node) || !Array.isArray(neighbours) || !neighbours.every(whole)) {
      throw damaged(options, "a node or a list of neighbours is not understood");
    }
    graph.set(node, neighbours as number[]);
  }
  return graph;
}

/** The nodes of the test set, in their order: `ind.*.test.index`, one number a line. FormatError. */
export function readPlanetoidIndex(bytes: Uint8Array, options: ReadPlanetoidOptions = {}): number[] {
  const lines = new TextDecoder("latin1").decode(bytes).trim().split(/\s+/);
  const bad = lines.findIndex((l) => !/^\d{1,9}$/.test(l));
  if (bad >= 0) throw damaged(options, `line ${bad + 1} is no node`);
  return lines.map(Number);
}
