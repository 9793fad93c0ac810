/**
 * Reads PyTorch's `.pt` files: a zip of a pickle and raw storages. Only what a state dict is made of is understood: tensors,
 * dictionaries, lists, numbers and texts. No code of a file is run.
 */
import { FormatError, UnsupportedError } from "../ir/errors.ts";
import { fromBfloat, fromHalf } from "./half.ts";
import { type PickleGlobal, PickleTuple, type PickleValue, readPickle } from "./pickle.ts";
import { ByteBudget, type FileLabel, MAX_DECODED_BYTES, showFile } from "./reader.ts";
import type { SafeTensor } from "./safetensors.ts";
import { isZip, ZipArchive } from "./zip.ts";

/** What a `.pt` file may hold. Dictionaries with other keys than texts are refused. */
export type TorchValue =
  | null
  | boolean
  | number
  | string
  | TorchTensor
  | readonly TorchValue[]
  | ReadonlyMap<string, TorchValue>;

/** A tensor of a file, row-major and contiguous whatever its strides were; types as in safetensors. */
export type TorchTensor = SafeTensor;

interface StorageType {
  readonly dtype: SafeTensor["dtype"];
  readonly bytes: number;
  readonly get: (view: DataView, at: number) => number | bigint;
  readonly make: (count: number) => SafeTensor["data"];
}

const float32 = (n: number) => new Float32Array(n);

/** The storages by the names of their classes. */
const storages: ReadonlyMap<string, StorageType> = new Map<string, StorageType>([
  [
    "Double",
    { dtype: "F64", bytes: 8, get: (v, i) => v.getFloat64(i, true), make: (n) => new Float64Array(n) },
  ],
  ["Float", { dtype: "F32", bytes: 4, get: (v, i) => v.getFloat32(i, true), make: float32 }],
  ["Half", { dtype: "F16", bytes: 2, get: (v, i) => fromHalf(v.getUint16(i, true)), make: float32 }],
  ["BFloat16", { dtype: "BF16", bytes: 2, get: (v, i) => fromBfloat(v.getUint16(i, true)), make: float32 }],
  [
    "Long",
    { dtype: "I64", bytes: 8, get: (v, i) => v.getBigInt64(i, true), make: (n) => new BigInt64Array(n) },
  ],
  ["Int", { dtype: "I32", bytes: 4, get: (v, i) => v.getInt32(i, true), make: (n) => new Int32Array(n) }],
  ["Short", { dtype: "I16", bytes: 2, get: (v, i) => v.getInt16(i, true), make: (n) => new Int16Array(n) }],
  ["Char", { dtype: "I8", bytes: 1, get: (v, i) => v.getInt8(i), make: (n) => new Int8Array(n) }],
  ["Byte", { dtype: "U8", bytes: 1, get: (v, i) => v.getUint8(i), make: (n) => new Uint8Array(n) }],
  [
    "Bool",
    { dtype: "BOOL", bytes: 1, get: (v, i) => (v.getUint8(i) ? 1 : 0), make: (n) => new Uint8Array(n) },
  ],
]);

class Storage {
  readonly type: StorageType;
  readonly view: DataView;
  readonly count: number;

  constructor(type: StorageType, content: Uint8Array) {
    this.type = type;
    this.view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    this.count = content.length / type.bytes;
  }
}

export interface ReadTorchOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** Refuse tensors of more bytes than this in all. Default 2 GiB. */
  maxBytes?: number | undefined;
}

/**
 * Reads what `torch.save` wrote (PyTorch 1.6 and later).
 *
 * @throws FormatError for damage, UnsupportedError for the older format and for anything but tensors in containers,
 *   LimitError beyond the limits.
 */
export function readTorch(bytes: Uint8Array, options: ReadTorchOptions = {}): TorchValue {
  const file: FileLabel = { format: "PyTorch", name: options.name };
  if (!isZip(bytes)) {
    throw new UnsupportedError({
      where: showFile(file),
      problem: "this is not a zip archive, which PyTorch has written since version 1.6",
      expected: "a zip archive",
      got: "other bytes",
      try: "load the file with a current PyTorch and save it again",
    });
  }
  const archive = new ZipArchive(bytes, { name: options.name, maxBytes: options.maxBytes });
  const pickle = archive.entries.find((e) => /^[^/]+\/data\.pkl$/.test(e.name))?.name;
  const damaged = (problem: string, got?: string): FormatError =>
    new FormatError({
      where: showFile(file),
      problem,
      ...(got === undefined ? {} : { got }),
      try: "get the file again; it is damaged or not what its name says",
    });
  if (pickle === undefined) throw damaged("the archive holds no data.pkl");
  const folder = pickle.slice(0, pickle.indexOf("/") + 1);
  const order = archive.read(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order) !== "little") {
    throw damaged("the numbers are not little-endian");
  }

  const budget = new ByteBudget(file, options.maxBytes ?? MAX_DECODED_BYTES);
  const loaded = new Map<string, Storage>();
  const persistent = (id: PickleValue): Storage => {
    const [tag, type, key] = id instanceof PickleTuple ? id.items : [];
    if (tag !== "storage" || !(type instanceof StorageClass) || typeof key !== "string") {
      throw damaged("a reference to a storage is not understood");
    }
    const known = loaded.get(key);
    if (known !== undefined && known.type === type.type) return known;
    const content = archive.read(`${folder}data/${key}`);
    if (content === undefined) throw damaged("a storage is missing", key);
    if (content.length % type.type.bytes !== 0) throw damaged("a storage has a broken length", key);
    const storage = new Storage(type.type, content);
    loaded.set(key, storage);
    return storage;
  };
  const rebuild = (args: readonly PickleValue[]): PickleValue => tensorOf(args, budget, damaged);
  const content = archive.read(pickle)!;
  const value = readPickle(content, {
    name: options.name,
    globals: globalsFor(rebuild, damaged),
    persistent,
  });
  return torchValue(value, damaged, 0);
}

/**
 * The tensors of a state dict by name, as `torch.save(model.state_dict(), path)` writes them.
 *
 * @throws as `readTorch`; FormatError when the file holds anything else than one dictionary of tensors.
 */
export function readStateDict(bytes: Uint8Array, options: ReadTorchOptions = {}): Map<string, TorchTensor> {
  const value = readTorch(bytes, options);
  const out = new Map<string, TorchTensor>();
  for (const [name, tensor] of value instanceof Map ? value : [["", value]]) {
    if (!isTorchTensor(tensor)) {
      throw new FormatError({
        where: showFile({ format: "PyTorch", name: options.name }),
        problem: "this is not a state dict",
        expected: "a dictionary of tensors",
        got: name === "" ? "another value" : `an entry ${name} that is no tensor`,
        try: "save model.state_dict(), or read the file with readTorch",
      });
    }
    out.set(name, tensor);
  }
  return out;
}

/** True for the tensors among the values of a file. */
export function isTorchTensor(value: TorchValue): value is TorchTensor {
  return typeof value === "object" && value !== null && "dtype" in value && "shape" in value;
}

class StorageClass {
  readonly type: StorageType;

  constructor(type: StorageType) {
    this.type = type;
  }
}

type Damaged = (problem: string, got?: string) => FormatError;

/** All that the pickle of a state dict may name. */
function globalsFor(rebuild: PickleGlobal["call"], damaged: Damaged): ReadonlyMap<string, PickleGlobal> {
  const table = new Map<string, PickleGlobal>([
    ["collections OrderedDict", { call: () => new Map(), build: () => undefined }],
    ["torch._utils _rebuild_tensor_v2", { call: rebuild }],
    ["torch._utils _rebuild_parameter", { call: ([tensor]) => tensor ?? null }],
    ["torch Size", { call: ([items]) => items ?? [] }],
  ]);
  for (const [name, type] of storages) {
    const value = new StorageClass(type);
    const call = (): never => {
      throw damaged("a storage is made in an unknown way");
    };
    table.set(`torch ${name}Storage`, { call, value });
  }
  return table;
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, …)` as a contiguous array. */
function tensorOf(args: readonly PickleValue[], budget: ByteBudget, damaged: Damaged): SafeTensor {
  const [storage, offset, size, stride] = args;
  const shape = wholeNumbers(size);
  const strides = wholeNumbers(stride);
  if (!(storage instanceof Storage) || shape === undefined || strides?.length !== shape.length) {
    throw damaged("a tensor is not understood");
  }
  const count = shape.reduce((a, b) => a * b, 1);
  const last = shape.reduce((at, n, i) => at + (n - 1) * strides[i]!, Number(offset));
  if (!Number.isSafeInteger(offset) || Number(offset) < 0 || (count > 0 && last >= storage.count)) {
    throw damaged("a tensor reaches beyond its storage", `[${shape.join(", ")}] of ${storage.count} numbers`);
  }
  const { dtype, bytes, get, make } = storage.type;
  budget.take(count * Math.max(bytes, 4), "a tensor");
  const data = make(count);
  const index = new Array<number>(shape.length).fill(0);
  let at = Number(offset);
  for (let i = 0; i < count; i++) {
    data[i] = get(storage.view, at * bytes);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype, shape, data } as SafeTensor;
}

function wholeNumbers(value: PickleValue | undefined): number[] | undefined {
  const items = value instanceof PickleTuple ? value.items : value;
  if (!Array.isArray(items) || !items.every((n) => Number.isSafeInteger(n) && n >= 0)) return undefined;
  return items as number[];
}

/** Deeper nesting than any model has; also ends containers that hold themselves. */
const MAX_DEPTH = 64;

function torchValue(value: PickleValue, damaged: Damaged, depth: number): TorchValue {
  if (depth > MAX_DEPTH) throw damaged("values are nested too deeply");
  if (
    value === null ||
    typeof value === "boolean" ||
    typeof value === "number" ||
    typeof value === "string"
  ) {
    return value;
  }
  if (value instanceof PickleTuple || Array.isArray(value)) {
    const items = value instanceof PickleTuple ? value.items : value;
    return items.map((v) => torchValue(v, damaged, depth + 1));
  }
  if (value instanceof Map) {
    return new Map(
      [...value].map(([key, v]) => {
        if (typeof key !== "string") throw damaged("a key of a dictionary is no text");
        return [key, torchValue(v, damaged, depth + 1)] as const;
      }),
    );
  }
  if (typeof value === "object" && "dtype" in value && "shape" in value) return value as SafeTensor;
  throw damaged("the file holds something else than tensors, containers, numbers and texts");
}
