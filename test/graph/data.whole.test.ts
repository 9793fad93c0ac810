/** Public data sets of graphs, read whole. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planetoidCsv } from "../../src/data/datasets/planetoid.ts";
import { gunzip } from "../../src/formats/gzip.ts";
import { Batch } from "../../src/graph/batch.ts";
import { Data } from "../../src/graph/data.ts";
import { Planetoid, TUDataset } from "../../src/graph/datasets.ts";
import { DataError } from "../../src/ir/errors.ts";

const shared = "../shared/data";
describe.skipIf(!existsSync(shared))("public data sets (need ../shared)", () => {
  test("PROTEINS", async () => {
    const dataset = await TUDataset(shared, "PROTEINS");
    expect(`${dataset} ${dataset.at(0)}`).toBe("PROTEINS(1113) Data(edge_index=[2, 162], x=[42, 3], y=[1])");
    const all = Batch.from([...dataset]);
    expect([all.numNodes, all.numEdges]).toEqual([43471, 162088]);
    expect([...dataset].filter((d) => d.hasIsolatedNodes)).toHaveLength(5);
    expect((await TUDataset(shared, "PROTEINS", { useNodeAttr: true })).numFeatures).toBe(4);
    await expect(TUDataset(shared, "NOTHING")).rejects.toThrow(DataError);
  });

  test.each([
    ["Cora", 2708, 10556, 1433, 49216, 7, 140],
    ["Citeseer", 3327, 9104, 3703, 105165, 6, 120],
  ])("%s from the raw files and from the tables", async (name, nodes, edges, words, ones, classes, train) => {
    const raw = (await Planetoid(`${shared}/planetoid`, name)).at(0);
    const file = (part: string) =>
      gunzip(readFileSync(`${shared}/planetoid/${name.toLowerCase()}.${part}.csv.gz`));
    const table = new Data(planetoidCsv(file("nodes"), file("edges"), words as number));
    for (const data of [raw, table]) {
      expect([data.numNodes, data.numEdges, data.numNodeFeatures]).toEqual([nodes, edges, words]);
      expect(Array.from(data.x!.data).reduce((a, b) => a + b, 0)).toBe(ones);
      expect(Math.max(...data.y!.data) + 1).toBe(classes);
      const marked = ["trainMask", "valMask", "testMask"].map(
        (m) => Array.from(data.array(m).data).filter((v) => v).length,
      );
      expect(marked).toEqual([train, 500, 1000]);
    }
    expect(raw.y!.data).toEqual(table.y!.data);
    expect(raw.edgeIndex.source).toEqual(table.edgeIndex.source);
    expect(raw.edgeIndex.target).toEqual(table.edgeIndex.target);
    expect(raw.x!.data.every((v: number, i: number) => v === table.x!.data[i])).toBe(true);
  });
});
