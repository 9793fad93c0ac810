/** B-trees: version 1 (§III.A.1), for old groups and chunks, and version 2 (§III.A.2), for everything new. */
import type { ByteReader } from "../reader.ts";
import type { Hdf5File } from "./file.ts";

/**
 * Calls `leaf` for the children of the lowest level of a version 1 tree, in order.
 *
 * @param type 0 for groups, 1 for chunks.
 * @param leaf gets the key before the child and the child's address.
 */
export function walkOldTree(
  file: Hdf5File,
  address: number,
  type: 0 | 1,
  keyBytes: number,
  leaf: (key: ByteReader, child: number) => void,
): void {
  const seen = new Set<number>();
  const visit = (at: number, level: number | undefined): void => {
    const r = file.reader(at);
    if (seen.has(at)) throw r.corrupt("a tree of the file has a loop");
    seen.add(at);
    file.expectBlock(r, "TREE");
    const [nodeType, nodeLevel, used] = [r.u8(), r.u8(), r.u16()];
    // Levels that fall by one at each step bound the depth.
    if (nodeType !== type || (level !== undefined && nodeLevel !== level) || nodeLevel > 32) {
      throw r.corrupt(
        "a node of a tree is of the wrong kind",
        { got: `type ${nodeType}, level ${nodeLevel}` },
        at,
      );
    }
    file.address(r);
    file.address(r);
    for (let i = 0; i < used; i++) {
      const key = r.part(keyBytes, "a tree's key");
      const child = file.definedAddress(r, "a node of a tree");
      if (nodeLevel === 0) leaf(key, child);
      else visit(child, nodeLevel - 1);
    }
  };
  visit(address, undefined);
}

/** The bytes that HDF5 takes for numbers up to `max`. */
function bytesFor(max: number): number {
  return Math.floor(Math.floor(Math.log2(max)) / 8) + 1;
}

/** Calls `record` for every record of a version 2 tree, in order. */
export function walkNewTree(
  file: Hdf5File,
  address: number,
  type: number,
  record: (r: ByteReader) => void,
): void {
  const r = file.reader(address);
  file.expectBlock(r, "BTHD", 0);
  const got = r.u8("a tree");
  const nodeSize = r.u32("a tree");
  const recordSize = r.u16("a tree");
  const depth = r.u16("a tree");
  r.skip(2);
  const root = file.address(r);
  const rootRecords = r.u16("a tree");
  file.length(r);
  file.checkSum(r, address);
  // A node has four letters, a version, a type and a checksum beside its records.
  const room = nodeSize - 10;
  if (got !== type || recordSize === 0 || room < recordSize || depth > 16) {
    throw r.corrupt(
      "a tree of the file is of the wrong kind",
      { got: `type ${got}, depth ${depth}` },
      address,
    );
  }
  if (root === undefined) return;

  const leafMost = Math.floor(room / recordSize);
  const countBytes = bytesFor(leafMost);
  /** Bytes for the number of all records below a child, by the child's level. */
  const totalBytes = [0];
  for (let level = 1, most = leafMost; level < depth; level++) {
    const pointer = file.offsetSize + countBytes + totalBytes[level - 1]!;
    const here = Math.floor((room - pointer) / (recordSize + pointer));
    most = (here + 1) * most + here;
    totalBytes.push(bytesFor(most));
  }

  const seen = new Set<number>();
  const visit = (at: number, level: number, count: number): void => {
    const node = file.reader(at);
    if (seen.has(at)) throw node.corrupt("a tree of the file has a loop");
    seen.add(at);
    file.expectBlock(node, level === 0 ? "BTLF" : "BTIN", 0);
    if (node.u8() !== type) throw node.corrupt("a node of a tree is of the wrong kind", {}, at);
    const records = Array.from({ length: count }, () => node.part(recordSize, "a tree's record"));
    if (level === 0) {
      file.checkSum(node, at);
      records.forEach(record);
      return;
    }
    const children = Array.from({ length: count + 1 }, () => {
      const child = file.definedAddress(node, "a node of a tree");
      const childCount = littleEndian(node, countBytes);
      node.skip(totalBytes[level - 1]!);
      return { child, childCount };
    });
    file.checkSum(node, at);
    children.forEach(({ child, childCount }, i) => {
      visit(child, level - 1, childCount);
      if (i < count) record(records[i]!);
    });
  };
  visit(root, depth, rootRecords);
}

/** An unsigned number of any number of bytes up to 6. */
export function littleEndian(r: ByteReader, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += r.u8("a number") * 256 ** i;
  return value;
}
