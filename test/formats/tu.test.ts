import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readTu } from "../../src/formats/tu.ts";
import { ZipArchive } from "../../src/formats/zip.ts";
import { DataError, FormatError } from "../../src/ir/errors.ts";

function reading(files: Record<string, string>) {
  const encoder = new TextEncoder();
  return readTu((part) => (files[part] === undefined ? undefined : encoder.encode(files[part])), {
    name: "T",
  });
}

const good = { A: "1, 2\n2, 1\n4, 5\n", graph_indicator: "1\n1\n2\n3\n3\n", graph_labels: "-1\n1\n1\n" };

describe("TUDataset", () => {
  test("nodes and graphs count from 0; missing files are missing; line ends and commas may vary", () => {
    const set = reading({ ...good, node_attributes: "1,2.5,\r\n3,-4e1\r\n0,0\r\n0,0\r\n0,.5\r\n\r\n" });
    expect([...set.edges.source, ...set.edges.target]).toEqual([0, 1, 3, 1, 0, 4]);
    expect([...set.graphOfNode]).toEqual([0, 0, 1, 2, 2]);
    expect(set.graphs).toBe(3);
    expect([...set.nodeAttributes!.data.slice(0, 4)]).toEqual([1, 2.5, 3, -40]);
    expect(set.edgeLabels).toBeUndefined();
    expect([...set.graphLabels!.data]).toEqual([-1, 1, 1]);
  });

  test("a graph in the middle may have no nodes, a set no edges", () => {
    expect(reading({ A: "", graph_indicator: "1\n3\n", graph_labels: "0\n1\n0\n1\n" }).graphs).toBe(4);
  });

  test.each<[string, Partial<typeof good> & Record<string, string>, RegExp]>([
    ["a node that does not exist", { A: "1, 2\n1, 6\n" }, /T_A.txt, line 2/],
    ["a node of 2^31", { A: "1, 2147483648\n" }, /no such node/],
    ["half an edge", { A: "1\n" }, /two nodes/],
    ["an edge between graphs", { A: "2, 3\n" }, /joins two graphs/],
    ["text", { A: "1, x\n" }, /not a number/],
    ["graphs out of order", { graph_indicator: "1\n2\n1\n3\n3\n" }, /line 3/],
    ["graphs from 0", { graph_indicator: "0\n1\n1\n1\n1\n" }, /line 1/],
    ["too few labels", { graph_labels: "1\n" }, /1 lines|3 lines/],
    ["a label of half", { graph_labels: "1\n2\n0.5\n" }, /line 3/],
    ["ragged attributes", { node_attributes: "1,2\n1\n1\n1\n1\n" }, /line 2/],
  ])("%s is refused", (_, part, message) => {
    expect(() => reading({ ...good, ...part })).toThrow(FormatError);
    expect(() => reading({ ...good, ...part })).toThrow(message);
  });

  test("a missing file is named", () => {
    expect(() => reading({ A: "" })).toThrow(DataError);
    expect(() => reading({ A: "" })).toThrow(/graph_indicator/);
  });

  const mutag = "../shared/data/tudataset/MUTAG.zip";
  test.skipIf(!existsSync(mutag))("MUTAG (needs ../shared)", () => {
    const zip = new ZipArchive(readFileSync(mutag));
    const set = readTu((part) => zip.read(`MUTAG/MUTAG_${part}.txt`), { name: "MUTAG" });
    expect([set.graphs, set.graphOfNode.length, set.edges.source.length]).toEqual([188, 3371, 7442]);
  });
});
