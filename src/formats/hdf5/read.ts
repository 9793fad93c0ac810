/** From the bytes of an HDF5 file to a tree: groups (old and new form), attributes, datasets. */
import { type H5Attribute, type H5Dataset, type H5Group, h5Group } from "../h5-tree.ts";
import type { ByteReader } from "../reader.ts";
import { checkedSize, decodeElements, decodeText, readStored } from "./data.ts";
import { readDataspace, readDatatype } from "./datatype.ts";
import type { Hdf5File } from "./file.ts";
import { type Message, messages, readHeader, single } from "./header.ts";
import { FractalHeap, GlobalHeap, localHeap, nameAt } from "./heaps.ts";
import { walkNewTree, walkOldTree } from "./trees.ts";

/** Groups inside groups deeper than this are nobody's real file. */
const MAX_DEPTH = 64;
const MAX_OBJECTS = 100_000;

/** Records of the trees that index links and attributes by name. */
const LINK_NAMES = 5;
const ATTRIBUTE_NAMES = 8;

/** Reads a file into a tree. */
export class TreeReader {
  readonly file: Hdf5File;
  readonly maxRatio: number;
  readonly heap: GlobalHeap;
  /** Addresses of the groups that have been read: coming back to one is a loop. */
  readonly groups = new Set<number>();
  objects = 0;

  constructor(file: Hdf5File, maxRatio: number) {
    this.file = file;
    this.maxRatio = maxRatio;
    this.heap = new GlobalHeap(file);
  }

  read(): H5Group {
    const root = this.object(this.file.root, "/", 0);
    if (!("groups" in root)) throw this.file.damaged("/", "the root is not a group");
    return root;
  }

  /** The group or dataset whose header is at `address`. */
  object(address: number, path: string, depth: number): H5Group | H5Dataset {
    this.count(path);
    const header = readHeader(this.file, address, path);
    const isDataset = header.some((m) => m.kind === messages.layout);
    if (isDataset) return this.dataset(header, path);
    if (this.groups.has(address)) throw this.file.damaged(path, "a group contains itself, or has two names");
    if (depth > MAX_DEPTH) throw this.file.damaged(path, `groups are nested more than ${MAX_DEPTH} deep`);
    this.groups.add(address);
    return this.group(header, path, depth);
  }

  group(header: readonly Message[], path: string, depth: number): H5Group {
    const out: H5Group = { ...h5Group(), attrs: this.attributes(header, path) };
    const isGroup = [messages.symbolTable, messages.linkInfo].some((k) => header.some((m) => m.kind === k));
    if (!isGroup) throw this.file.damaged(path, "this is neither a group nor a dataset");
    this.links(header, path, (name, address) => {
      const child = path === "/" ? `/${name}` : `${path}/${name}`;
      if (name === "" || name === "." || name.includes("/"))
        throw this.file.damaged(path, "a name that cannot be");
      if (out.groups.has(name) || out.datasets.has(name))
        throw this.file.damaged(child, "the name is there twice");
      const node = this.object(address, child, depth + 1);
      if ("groups" in node) out.groups.set(name, node);
      else out.datasets.set(name, node);
    });
    return out;
  }

  /** Calls `child` for every name in a group, in whichever of the three forms the group has. */
  links(header: readonly Message[], path: string, child: (name: string, address: number) => void): void {
    const { file } = this;
    const table = single(header, messages.symbolTable);
    if (table !== undefined) {
      const tree = file.definedAddress(table, "a group");
      const names = localHeap(file, file.definedAddress(table, "the names of a group"));
      walkOldTree(file, tree, 0, file.lengthSize, (_key, node) => this.symbols(names, node, path, child));
    }
    for (const m of header) if (m.kind === messages.link) this.link(m.body, path, child);
    const info = single(header, messages.linkInfo);
    if (info === undefined) return;
    const [version, flags] = [info.u8("a group"), info.u8("a group")];
    if (version !== 0) throw info.corrupt(`${path} is a group of an unknown version`, {}, 0);
    if (flags & 1) info.skip(8);
    this.indexed(info, LINK_NAMES, 4, path, (body) => this.link(body, path, child));
  }

  /** A node of an old group's table (§III.C). */
  symbols(
    names: ByteReader,
    address: number,
    path: string,
    child: (name: string, address: number) => void,
  ): void {
    const { file } = this;
    const r = file.reader(address);
    file.expectBlock(r, "SNOD", 1);
    r.skip(1);
    const count = r.u16("a group");
    for (let i = 0; i < count; i++) {
      const name = decodeText(file, nameAt(names, file.address(r) ?? names.bytes.length), path);
      const target = file.address(r);
      const cached = r.u32("a group");
      r.skip(20);
      if (cached === 2) throw file.unsupported(`${path}/${name}`, "a link by name");
      if (target === undefined) throw file.damaged(`${path}/${name}`, "the name leads to nothing");
      child(name, target);
    }
  }

  /** A link message (§IV.A.2.g). */
  link(r: ByteReader, path: string, child: (name: string, address: number) => void): void {
    const { file } = this;
    const [version, flags] = [r.u8("a link"), r.u8("a link")];
    if (version !== 1) throw r.corrupt(`${path} has a link of an unknown version`, {}, 0);
    const type = flags & 8 ? r.u8("a link") : 0;
    if (flags & 4) r.skip(8);
    if (flags & 16) r.skip(1);
    const size = flags & 3;
    const length = size === 0 ? r.u8() : size === 1 ? r.u16() : size === 2 ? r.u32() : r.u64();
    const name = decodeText(file, r.slice(length, "the name of a link"), path);
    if (type !== 0) throw file.unsupported(`${path}/${name}`, "a link by name or to another file");
    child(name, file.definedAddress(r, `link ${name}`));
  }

  /**
   * Follows a "link info" or "attribute info" message to a heap and a tree, where there are too many for the header.
   *
   * @param skip bytes of a record before the identifier.
   */
  indexed(info: ByteReader, type: number, skip: number, path: string, use: (body: ByteReader) => void): void {
    const { file } = this;
    const heapAddress = file.address(info);
    const tree = file.address(info);
    if (heapAddress === undefined || tree === undefined) return;
    const heap = new FractalHeap(file, heapAddress, path);
    walkNewTree(file, tree, type, (record) => {
      record.skip(skip);
      use(heap.object(record.part(Math.min(heap.idLength, record.remaining), "an identifier"), path));
    });
  }

  attributes(header: readonly Message[], path: string): Map<string, H5Attribute> {
    const out = new Map<string, H5Attribute>();
    for (const m of header) if (m.kind === messages.attribute) this.attribute(m.body, path, out);
    const info = single(header, messages.attributeInfo);
    if (info !== undefined) {
      const [version, flags] = [info.u8("attributes"), info.u8("attributes")];
      if (version !== 0) throw info.corrupt(`${path} has attributes of an unknown version`, {}, 0);
      if (flags & 1) info.skip(2);
      this.indexed(info, ATTRIBUTE_NAMES, 0, path, (body) => this.attribute(body, path, out));
    }
    return out;
  }

  /** An attribute message (§IV.A.2.m). Types that are not read, such as references, are passed over. */
  attribute(r: ByteReader, path: string, out: Map<string, H5Attribute>): void {
    const { file } = this;
    const version = r.u8("an attribute");
    const flags = r.u8("an attribute");
    if (version < 1 || version > 3) throw r.corrupt(`${path} has an attribute of an unknown version`, {}, 0);
    if (version > 1 && flags & 3) throw file.unsupported(path, "an attribute whose type is shared");
    const sizes = [r.u16("an attribute"), r.u16("an attribute"), r.u16("an attribute")];
    if (version === 3) r.skip(1);
    // Version 1 pads each part to a multiple of eight bytes.
    const [nameBytes, typeBytes, spaceBytes] = sizes.map((size) => {
      const part = r.part(size, "an attribute");
      if (version === 1) r.skip((8 - (size % 8)) % 8);
      return part;
    });
    const rawName = nameBytes!.bytes;
    const end = rawName.indexOf(0);
    const name = decodeText(file, end < 0 ? rawName : rawName.subarray(0, end), path);
    const place = `${path}@${name}`;
    this.count(place);
    if (out.has(name)) throw file.damaged(place, "the attribute is there twice");
    const type = readDatatype(file, typeBytes!, place);
    const shape = readDataspace(file, spaceBytes!, place);
    if (type.kind === "other") return;
    const size = checkedSize(file, shape, type.size, place);
    const stored = r.slice(size, `attribute ${name}`);
    const raw = file.budget.alloc(size, place);
    raw.set(stored);
    const { data } = decodeElements(file, this.heap, type, shape, raw, place);
    out.set(name, data.length === 0 ? [] : shape.length === 0 ? scalar(data[0]!) : data);
  }

  dataset(header: readonly Message[], path: string): H5Dataset {
    const { file } = this;
    const [space, datatype, layout] = [messages.dataspace, messages.datatype, messages.layout].map((kind) => {
      const found = single(header, kind);
      if (found === undefined) throw file.damaged(path, "the dataset lacks its type, its shape or its place");
      return found;
    });
    const type = readDatatype(file, datatype!, path);
    const shape = readDataspace(file, space!, path);
    if (type.kind === "other") throw file.unsupported(path, `data of type ${type.name}`);
    const from = {
      layout: layout!,
      filters: single(header, messages.filters),
      isExternal: header.some((m) => m.kind === messages.externalFiles),
    };
    const raw = readStored(file, from, shape, type.size, this.maxRatio, path);
    return {
      ...decodeElements(file, this.heap, type, shape, raw, path),
      attrs: this.attributes(header, path),
    };
  }

  count(path: string): void {
    if (++this.objects > MAX_OBJECTS)
      throw this.file.damaged(path, `there are more than ${MAX_OBJECTS} objects`);
  }
}

/** A 64-bit integer as a number where it is one exactly. */
function scalar(value: string | number | bigint): string | number | bigint {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
