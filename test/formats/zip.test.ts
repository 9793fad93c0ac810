import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { isZip, ZipArchive } from "../../src/formats/zip.ts";
import { FormatError, LimitError, UnsupportedError } from "../../src/ir/errors.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";

const text = new TextEncoder().encode("edges of a graph, ".repeat(20));
const files = { "set/a.txt": text, "set/b.bin": Uint8Array.of(1, 2, 3), "empty.txt": new Uint8Array(0) };
const archive = zipSync(files, { mtime: "2020-01-01" });
const stored = zipSync(files, { level: 0, mtime: "2020-01-01" });

function readAll(bytes: Uint8Array): Record<string, Uint8Array> {
  const zip = new ZipArchive(bytes);
  return Object.fromEntries(zip.entries.map((e) => [e.name, zip.read(e.name)!]));
}

describe("zip", () => {
  test("entries are read by name, deflated or stored", () => {
    for (const bytes of [archive, stored]) {
      expect(isZip(bytes)).toBe(true);
      expect(readAll(bytes)).toEqual(files);
      expect(new ZipArchive(bytes).read("nothing")).toBeUndefined();
    }
    expect(new ZipArchive(zipSync({})).entries).toEqual([]);
  });

  test("no truncation passes, no flip alters a content", () => {
    for (const seed of [archive, stored]) {
      for (const { name, bytes } of truncations(seed)) {
        expect(verdict(name, () => readAll(bytes)).error, name).toBeInstanceOf(FormatError);
      }
      for (const { name, bytes } of bitFlips(seed, 3)) {
        const { value } = verdict(name, () => readAll(bytes));
        for (const [entry, content] of Object.entries(value ?? {})) {
          expect(content, `${name} ${entry}`).toEqual(files[entry as keyof typeof files]);
        }
      }
    }
  });

  test("bombs and limits", () => {
    const bomb = zipSync({ zeros: new Uint8Array(70_000_000) });
    expect(() => new ZipArchive(bomb).read("zeros")).toThrow(/maxRatio/);
    expect(() => new ZipArchive(archive, { maxBytes: 10 }).read("set/a.txt")).toThrow(LimitError);
    expect(() => new ZipArchive(archive, { maxEntries: 2 })).toThrow(/maxEntries/);
  });

  test("two entries that share bytes are refused", () => {
    const bytes = stored.slice();
    const view = new DataView(bytes.buffer);
    const end = bytes.length - 22;
    const directory = view.getUint32(end + 16, true);
    const second = directory + 46 + "set/a.txt".length;
    view.setUint32(second + 42, view.getUint32(directory + 42, true), true);
    expect(() => new ZipArchive(bytes)).toThrow(/overlaps/);
  });

  test("an unknown method is named", () => {
    const bytes = stored.slice();
    const directory = new DataView(bytes.buffer).getUint32(bytes.length - 6, true);
    bytes[directory + 10] = 12;
    expect(() => new ZipArchive(bytes).read("set/a.txt")).toThrow(UnsupportedError);
  });
});
