/**
 * Reads Python pickles (protocols 0 to 5) without running anything: the opcodes build plain values, and a class or function
 * that a pickle names is looked up in a table that the caller passes. What is not in the table is refused.
 * Format: CPython's Lib/pickletools.py.
 *
 * Over 400 lines: the opcodes are one table over one machine.
 */
import { FormatError, LimitError, UnsupportedError } from "../ir/errors.ts";
import { ByteBudget, ByteReader, type FileLabel, MAX_DECODED_BYTES, showFile } from "./reader.ts";

/** Python's tuple, told apart from a list. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** What a pickle holds: dictionaries are Maps, large integers are bigint, objects are what the table of the caller makes. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | object;

/** A class or function that pickles may name. */
export interface PickleGlobal {
  /** What a call gives; errors it throws are passed on. */
  readonly call: (args: readonly PickleValue[]) => PickleValue;
  /** What stands for it where it is an argument and not called; its path unless given. */
  readonly value?: PickleValue;
  /** What `BUILD` does with the state of an object made by `call`; refused where it is missing. */
  readonly build?: (object: PickleValue, state: PickleValue) => void;
}

export interface ReadPickleOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** What may be named, by `module name`, e.g. `collections OrderedDict`. Nothing else can be. */
  globals?: ReadonlyMap<string, PickleGlobal> | undefined;
  /** The object behind a persistent id; persistent ids are refused without it. */
  persistent?: ((id: PickleValue) => PickleValue) | undefined;
  /** Refuse pickles that make more values than this. Default 10 million. */
  maxValues?: number | undefined;
  /** Refuse texts and byte strings of more bytes than this in all. Default 2 GiB. */
  maxBytes?: number | undefined;
}

/**
 * The value of the first pickle in `bytes`. Text of Python 2 is read as Latin-1, as `encoding="latin1"` does.
 *
 * @throws FormatError for damage, UnsupportedError for a class or function that is not in `globals`, LimitError.
 */
export function readPickle(bytes: Uint8Array, options: ReadPickleOptions = {}): PickleValue {
  return new Unpickler(bytes, options).run();
}

/** A class or function on the stack, not called yet. */
class Named {
  readonly path: string;
  readonly global: PickleGlobal;

  constructor(path: string, global: PickleGlobal) {
    this.path = path;
    this.global = global;
  }
}

/** What a class or function is as an argument. */
function argument(value: PickleValue): PickleValue {
  return value instanceof Named ? (value.global.value ?? value.path) : value;
}

const mark = Symbol("mark");
type Entry = PickleValue | typeof mark;
type Step = (m: Unpickler) => void;

class Unpickler {
  readonly r: ByteReader;
  readonly options: ReadPickleOptions;
  readonly stack: Entry[] = [];
  readonly memo = new Map<number, PickleValue>();
  /** Which class made an object: `BUILD` goes by it. */
  readonly madeBy = new WeakMap<object, Named>();
  #left: number;

  constructor(bytes: Uint8Array, options: ReadPickleOptions) {
    const file: FileLabel = { format: "pickle", name: options.name };
    const budget = new ByteBudget(file, options.maxBytes ?? MAX_DECODED_BYTES);
    this.r = new ByteReader(bytes, file, { littleEndian: true, budget });
    this.options = options;
    this.#left = options.maxValues ?? 10_000_000;
  }

  run(): PickleValue {
    for (;;) {
      const at = this.r.offset;
      const code = this.r.u8("the end of the pickle");
      if (code === STOP) {
        const value = this.pop();
        if (this.stack.length > 0) throw this.damaged("values are left over at the end");
        return value;
      }
      const step = steps.get(code);
      if (step === undefined) {
        throw this.r.corrupt("an unknown opcode", { got: `0x${code.toString(16)}` }, at);
      }
      step(this);
    }
  }

  damaged(problem: string): FormatError {
    return this.r.corrupt(problem);
  }

  push(value: Entry): void {
    if (--this.#left < 0) {
      throw new LimitError({
        where: showFile(this.r.file),
        problem: "the pickle makes too many values",
        expected: `at most ${this.options.maxValues ?? 10_000_000}`,
        got: "more",
        try: "pass a larger maxValues if the file is trusted",
      });
    }
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined || value === mark) throw this.damaged("a value is missing on the stack");
    return value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined || value === mark) throw this.damaged("a value is missing on the stack");
    return value;
  }

  /** The values above the last mark, which is removed with them. */
  popMark(): PickleValue[] {
    const at = this.stack.lastIndexOf(mark);
    if (at < 0) throw this.damaged("a mark is missing on the stack");
    const values = this.stack.splice(at);
    return values.slice(1) as PickleValue[];
  }

  topOf<T>(is: (v: PickleValue) => v is T & PickleValue, what: string): T {
    const value = this.top();
    if (!is(value)) throw this.damaged(`a ${what} is expected on the stack`);
    return value;
  }

  named(module: string, name: string): Named {
    const path = `${module} ${name}`;
    const global = this.options.globals?.get(path);
    if (global !== undefined) return new Named(path, global);
    throw new UnsupportedError({
      where: showFile(this.r.file),
      problem: "the pickle names a class or function that is not read here; nothing in a file is ever run",
      expected: `one of ${[...(this.options.globals?.keys() ?? [])].map((p) => p.replace(" ", ".")).join(", ") || "none"}`,
      got: path.replace(" ", "."),
      try: "save plain tensors (a state dict), or safetensors",
      details: { global: path.replace(" ", ".") },
    });
  }

  call(callee: PickleValue, args: PickleValue): void {
    if (!(callee instanceof Named)) throw this.damaged("only a named class or function can be called");
    if (!(args instanceof PickleTuple)) throw this.damaged("arguments must be a tuple");
    const made = callee.global.call(args.items.map(argument));
    if (typeof made === "object" && made !== null) this.madeBy.set(made, callee);
    this.push(made);
  }

  build(): void {
    const state = this.pop();
    const object = this.top();
    const maker = typeof object === "object" && object !== null ? this.madeBy.get(object) : undefined;
    if (maker?.global.build === undefined) throw this.damaged("a state is given to a value that has none");
    maker.global.build(object, state);
  }

  setItems(pairs: readonly PickleValue[]): void {
    const map = this.topOf(isMap, "dictionary");
    if (pairs.length % 2 !== 0) throw this.damaged("a key has no value");
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i]!, pairs[i + 1]!);
  }

  get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.damaged("a value is used before it is made");
    this.push(value);
  }

  persistent(id: PickleValue): void {
    const find = this.options.persistent;
    if (find === undefined) throw this.damaged("the pickle refers to something outside of it");
    this.push(find(id instanceof PickleTuple ? new PickleTuple(id.items.map(argument)) : id));
  }

  /** The text up to the next line end. */
  line(): string {
    const { bytes } = this.r;
    const end = bytes.indexOf(10, this.r.offset);
    if (end < 0) throw this.damaged("a line has no end");
    const text = latin1(this.r.slice(end - this.r.offset, "a line"));
    this.r.skip(1);
    return text;
  }

  bytes(length: number): Uint8Array {
    return this.r.slice(length, "a string");
  }

  text(length: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes(length));
    } catch (cause) {
      if (cause instanceof FormatError) throw cause;
      throw this.damaged("a text is not UTF-8");
    }
  }

  /** A number of decimal digits from a line; FormatError for anything else. */
  decimal(form: RegExp, text: string): string {
    if (!form.test(text)) throw this.damaged("a number is not one");
    return text;
  }
}

const isMap = (v: PickleValue): v is Map<PickleValue, PickleValue> => v instanceof Map;
const isList = (v: PickleValue): v is PickleValue[] => Array.isArray(v);
const isSet = (v: PickleValue): v is Set<PickleValue> => v instanceof Set;

/** Byte strings of Python 2 as text. In pieces: a call takes a limited number of arguments. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

/** A little-endian two's complement integer of any length. */
function long(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  if (bytes.length > 0 && bytes.at(-1)! & 0x80) value -= 1n << BigInt(8 * bytes.length);
  return small(value);
}

function small(value: bigint): number | bigint {
  const n = Number(value);
  return Number.isSafeInteger(n) ? n : value;
}

/** Lists and dictionaries are long; integers of arbitrary length are not read beyond this many bytes. */
const MAX_LONG = 1024;

function readLong(m: Unpickler, length: number): void {
  if (length < 0 || length > MAX_LONG) throw m.damaged("an integer is too long");
  m.push(long(m.bytes(length)));
}

function tuple(m: Unpickler, size: number): void {
  const items: PickleValue[] = [];
  for (let i = 0; i < size; i++) items.unshift(m.pop());
  m.push(new PickleTuple(items));
}

function memoize(m: Unpickler, index: number): void {
  m.memo.set(index, m.top());
}

/** Python's escapes in the strings of protocol 0. */
function unquote(m: Unpickler, line: string): string {
  const quote = line[0];
  if ((quote !== "'" && quote !== '"') || line.at(-1) !== quote || line.length < 2) {
    throw m.damaged("a string has no quotes");
  }
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return line.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, e: string) => {
    return e.length === 3 ? String.fromCharCode(Number.parseInt(e.slice(1), 16)) : (escapes[e] ?? e);
  });
}

/** NEWOBJ and its like: a class called with the arguments of `__new__`. */
function newObject(m: Unpickler, keywords: boolean): void {
  if (keywords && !(isMap(m.top()) && (m.pop() as Map<PickleValue, PickleValue>).size === 0)) {
    throw m.damaged("arguments by name are not read here");
  }
  const args = m.pop();
  m.call(m.pop(), args);
}

function integerLine(m: Unpickler): number | bigint | boolean {
  const text = m.line();
  if (text === "00") return false;
  if (text === "01") return true;
  return small(BigInt(m.decimal(/^-?\d{1,1000}L?$/, text).replace("L", "")));
}

function global(m: Unpickler, module: PickleValue, name: PickleValue): void {
  if (typeof module !== "string" || typeof name !== "string") throw m.damaged("a name is no text");
  m.push(m.named(module, name));
}

const STOP = 0x2e;

/** What each opcode does; names as in pickletools. */
const steps: ReadonlyMap<number, Step> = new Map<number, Step>([
  [0x80, (m) => checkProtocol(m)], // PROTO
  [0x95, (m) => void m.r.u64()], // FRAME
  [0x28, (m) => m.push(mark)], // MARK
  [0x30, (m) => void (m.stack.at(-1) === mark ? m.stack.pop() : m.pop())], // POP
  [0x31, (m) => void m.popMark()], // POP_MARK
  [0x32, (m) => m.push(m.top())], // DUP
  // Constants and numbers.
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4b, (m) => m.push(m.r.u8())], // BININT1
  [0x4d, (m) => m.push(m.r.u16())], // BININT2
  [0x4a, (m) => m.push(m.r.i32())], // BININT
  [0x49, (m) => m.push(integerLine(m))], // INT
  [0x4c, (m) => m.push(integerLine(m))], // LONG
  [0x8a, (m) => readLong(m, m.r.u8())], // LONG1
  [0x8b, (m) => readLong(m, m.r.i32())], // LONG4
  [0x46, (m) => m.push(Number(m.decimal(/^-?[\d.]+(?:e[+-]?\d+)?$/, m.line())))], // FLOAT
  [0x47, (m) => m.push(bigEndianDouble(m))], // BINFLOAT
  // Texts and bytes.
  [0x53, (m) => m.push(unquote(m, m.line()))], // STRING
  [0x54, (m) => m.push(latin1(m.bytes(m.r.i32())))], // BINSTRING
  [0x55, (m) => m.push(latin1(m.bytes(m.r.u8())))], // SHORT_BINSTRING
  [0x56, (m) => m.push(unicodeLine(m))], // UNICODE
  [0x8c, (m) => m.push(m.text(m.r.u8()))], // SHORT_BINUNICODE
  [0x58, (m) => m.push(m.text(m.r.u32()))], // BINUNICODE
  [0x8d, (m) => m.push(m.text(m.r.u64()))], // BINUNICODE8
  [0x43, (m) => m.push(m.bytes(m.r.u8()))], // SHORT_BINBYTES
  [0x42, (m) => m.push(m.bytes(m.r.u32()))], // BINBYTES
  [0x8e, (m) => m.push(m.bytes(m.r.u64()))], // BINBYTES8
  [0x96, (m) => m.push(m.bytes(m.r.u64()))], // BYTEARRAY8
  // Collections.
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x6c, (m) => m.push(m.popMark())], // LIST
  [0x61, (m) => appendTo(m, [m.pop()])], // APPEND
  [0x65, (m) => appendTo(m, m.popMark())], // APPENDS
  [0x29, (m) => tuple(m, 0)], // EMPTY_TUPLE
  [0x85, (m) => tuple(m, 1)], // TUPLE1
  [0x86, (m) => tuple(m, 2)], // TUPLE2
  [0x87, (m) => tuple(m, 3)], // TUPLE3
  [0x74, (m) => m.push(new PickleTuple(m.popMark()))], // TUPLE
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x64, (m) => dictionary(m, m.popMark())], // DICT
  [0x73, (m) => setOne(m)], // SETITEM
  [0x75, (m) => m.setItems(m.popMark())], // SETITEMS
  [0x8f, (m) => m.push(new Set())], // EMPTY_SET
  [0x90, (m) => addTo(m, m.popMark())], // ADDITEMS
  [0x91, (m) => m.push(new Set(m.popMark()))], // FROZENSET
  // The memo.
  [0x67, (m) => m.get(Number(m.decimal(/^\d{1,9}$/, m.line())))], // GET
  [0x68, (m) => m.get(m.r.u8())], // BINGET
  [0x6a, (m) => m.get(m.r.u32())], // LONG_BINGET
  [0x70, (m) => memoize(m, Number(m.decimal(/^\d{1,9}$/, m.line())))], // PUT
  [0x71, (m) => memoize(m, m.r.u8())], // BINPUT
  [0x72, (m) => memoize(m, m.r.u32())], // LONG_BINPUT
  [0x94, (m) => memoize(m, m.memo.size)], // MEMOIZE
  // Classes and functions, from the table of the caller only.
  [0x63, (m) => global(m, m.line(), m.line())], // GLOBAL
  [0x93, (m) => stackGlobal(m)], // STACK_GLOBAL
  [0x52, (m) => newObject(m, false)], // REDUCE
  [0x81, (m) => newObject(m, false)], // NEWOBJ
  [0x92, (m) => newObject(m, true)], // NEWOBJ_EX
  [0x62, (m) => m.build()], // BUILD
  [0x51, (m) => m.persistent(m.pop())], // BINPERSID
  [0x50, (m) => m.persistent(m.line())], // PERSID
]);

function checkProtocol(m: Unpickler): void {
  const version = m.r.u8();
  if (version > 5) throw m.r.corrupt("an unknown protocol", { expected: "0 … 5", got: String(version) });
}

function bigEndianDouble(m: Unpickler): number {
  const raw = m.r.slice(8, "a float");
  return new DataView(raw.buffer, raw.byteOffset, 8).getFloat64(0, false);
}

function unicodeLine(m: Unpickler): string {
  return m.line().replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
}

function appendTo(m: Unpickler, values: readonly PickleValue[]): void {
  const list = m.topOf(isList, "list");
  for (const v of values) list.push(v);
}

function addTo(m: Unpickler, values: readonly PickleValue[]): void {
  const set = m.topOf(isSet, "set");
  for (const v of values) set.add(v);
}

function dictionary(m: Unpickler, pairs: readonly PickleValue[]): void {
  m.push(new Map());
  m.setItems(pairs);
}

function setOne(m: Unpickler): void {
  const value = m.pop();
  m.setItems([m.pop(), value]);
}

function stackGlobal(m: Unpickler): void {
  const name = m.pop();
  global(m, m.pop(), name);
}
