/** Heaps: of names in old groups (§III.D), of texts (§III.E), and of links and attributes in new groups (§III.G). */
import type { ByteReader } from "../reader.ts";
import type { Hdf5File } from "./file.ts";
import { lookup3 } from "./lookup3.ts";
import { littleEndian, walkNewTree } from "./trees.ts";

/** The data of a local heap: zero-terminated names. */
export function localHeap(file: Hdf5File, address: number): ByteReader {
  const r = file.reader(address);
  file.expectBlock(r, "HEAP", 0);
  r.skip(3);
  const size = file.length(r);
  file.length(r);
  const data = file.definedAddress(r, "a heap of names");
  return file.reader(data).part(size, "a heap of names");
}

/** The bytes from `offset` to the next zero. */
export function nameAt(heap: ByteReader, offset: number): Uint8Array {
  heap.seek(offset);
  const end = heap.bytes.indexOf(0, offset);
  if (end < 0) throw heap.corrupt("a name has no end");
  return heap.bytes.subarray(offset, end);
}

/** The collections of variable-length texts, read as they are needed. */
export class GlobalHeap {
  readonly file: Hdf5File;
  readonly #collections = new Map<number, Map<number, Uint8Array>>();

  constructor(file: Hdf5File) {
    this.file = file;
  }

  /** Object `index` of the collection at `address`. */
  object(address: number, index: number, path: string): Uint8Array {
    let collection = this.#collections.get(address);
    if (collection === undefined) {
      collection = this.#read(address);
      this.#collections.set(address, collection);
    }
    const object = collection.get(index);
    if (object === undefined) throw this.file.damaged(path, "a text is not where the file says");
    return object;
  }

  #read(address: number): Map<number, Uint8Array> {
    const head = this.file.reader(address);
    this.file.expectBlock(head, "GCOL", 1);
    head.skip(3);
    const size = this.file.length(head);
    const used = head.offset - address;
    const r = head.part(Math.max(0, size - used), "a heap of texts");
    const out = new Map<number, Uint8Array>();
    const headBytes = 8 + this.file.lengthSize;
    while (r.remaining >= headBytes) {
      const index = r.u16();
      r.skip(6);
      const length = this.file.length(r);
      // Object 0 is the free space at the end.
      if (index === 0) break;
      out.set(index, r.slice(length, "a text"));
      r.skip(Math.min(r.remaining, (8 - (length % 8)) % 8));
    }
    return out;
  }
}

/** A fractal heap: objects by identifiers that say where they are. */
export class FractalHeap {
  readonly file: Hdf5File;
  readonly address: number;
  readonly idLength: number;
  #offsetBytes: number;
  #lengthBytes: number;
  #checksummedBlocks: boolean;
  #hugeTree: number | undefined;
  #width: number;
  #startSize: number;
  #maxDirectSize: number;
  #root: number | undefined;
  #rootRows: number;

  constructor(file: Hdf5File, address: number, path: string) {
    this.file = file;
    this.address = address;
    const r = file.reader(address);
    file.expectBlock(r, "FRHP", 0);
    this.idLength = r.u16();
    const filterBytes = r.u16();
    this.#checksummedBlocks = (r.u8() & 2) !== 0;
    const maxManaged = r.u32();
    file.length(r);
    this.#hugeTree = file.address(r);
    file.length(r);
    file.address(r);
    r.skip(8 * file.lengthSize);
    this.#width = r.u16();
    this.#startSize = file.length(r);
    this.#maxDirectSize = file.length(r);
    const heapBits = r.u16();
    r.skip(2);
    this.#root = file.address(r);
    this.#rootRows = r.u16();
    if (filterBytes > 0) throw file.unsupported(path, "a compressed heap of links or attributes");
    file.checkSum(r, address);
    this.#offsetBytes = Math.ceil(heapBits / 8);
    const most = Math.min(this.#maxDirectSize, maxManaged);
    this.#lengthBytes = Math.floor(Math.floor(Math.log2(Math.max(1, most))) / 8) + 1;
    const isPower = (n: number) => n > 0 && Number.isInteger(Math.log2(n));
    if (![this.#startSize, this.#maxDirectSize, this.#width].every(isPower) || heapBits > 48) {
      throw r.corrupt("a heap of the file has impossible sizes", {}, address);
    }
  }

  /** The object with this identifier, which stands at `id`. */
  object(id: ByteReader, path: string): ByteReader {
    const { file } = this;
    const head = id.u8("an identifier");
    const type = (head >> 4) & 3;
    if (type === 0) {
      const offset = littleEndian(id, this.#offsetBytes);
      const length = littleEndian(id, this.#lengthBytes);
      return this.#managed(offset, length);
    }
    if (type === 1) return this.#huge(id, path);
    if (type === 2 && this.idLength <= 18) return id.part((head & 15) + 1, "an object of a heap");
    throw file.unsupported(path, "a heap of an unknown kind");
  }

  /** An object larger than the heap's blocks: by address, or by a number that a tree translates. */
  #huge(id: ByteReader, path: string): ByteReader {
    const { file } = this;
    if (this.idLength >= 1 + file.offsetSize + file.lengthSize) {
      const address = file.definedAddress(id, "an object of a heap");
      return file.reader(address).part(file.length(id), "an object of a heap");
    }
    const key = littleEndian(id, Math.min(6, this.idLength - 1));
    let found: ByteReader | undefined;
    if (this.#hugeTree !== undefined) {
      walkNewTree(file, this.#hugeTree, 1, (r) => {
        const address = file.definedAddress(r, "an object of a heap");
        const length = file.length(r);
        if (file.length(r) === key) found = file.reader(address).part(length, "an object of a heap");
      });
    }
    if (found === undefined) throw file.damaged(path, "an attribute or link is not where the file says");
    return found;
  }

  /** Rows 0 and 1 have blocks of the starting size; each further row's are twice as large. */
  #blockSize(row: number): number {
    return this.#startSize * 2 ** Math.max(0, row - 1);
  }

  /** An object at an offset of the heap's address space, found through the doubling table (§III.G). */
  #managed(offset: number, length: number): ByteReader {
    const { file } = this;
    let block = this.#root;
    let base = 0;
    let rows = this.#rootRows;
    let size = this.#startSize;
    while (block !== undefined && rows > 0) {
      const r = file.reader(block);
      file.expectBlock(r, "FHIB", 0);
      this.#checkOwner(r);
      let row = 0;
      let rowStart = base;
      while (row < rows && offset >= rowStart + this.#blockSize(row) * this.#width) {
        rowStart += this.#blockSize(row) * this.#width;
        row++;
      }
      if (row === rows) throw r.corrupt("an object of a heap is outside it");
      size = this.#blockSize(row);
      const column = Math.floor((offset - rowStart) / size);
      r.skip((row * this.#width + column) * file.offsetSize);
      block = file.address(r);
      base = rowStart + column * size;
      rows = size <= this.#maxDirectSize ? 0 : Math.log2(size) - Math.log2(this.#startSize * this.#width) + 1;
    }
    if (block === undefined) throw file.reader(this.address).corrupt("an object of a heap is outside it");
    const r = file.reader(block);
    const body = r.part(size, "a block of a heap");
    file.expectBlock(body, "FHDB", 0);
    this.#checkOwner(body);
    if (this.#checksummedBlocks) this.#checkBlock(body);
    body.seek(offset - base);
    return body.part(length, "an object of a heap");
  }

  /** A block names its heap, then its offset. */
  #checkOwner(r: ByteReader): void {
    if (this.file.address(r) !== this.address) throw r.corrupt("a block belongs to another heap");
    r.skip(this.#offsetBytes);
  }

  /** A direct block's checksum is computed with zeros in its own place. */
  #checkBlock(body: ByteReader): void {
    const copy = body.bytes.slice();
    copy.fill(0, body.offset, body.offset + 4);
    const stated = body.u32("a checksum");
    if (stated !== lookup3(copy)) throw body.corrupt("a checksum is wrong", {}, 0);
  }
}
