import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { DataCache } from "../../src/data/cache.ts";
import { trackMl } from "../../src/data/datasets/trackml.ts";
import { trdEvents } from "../../src/data/datasets/trd.ts";
import type { GraphArray } from "../../src/graph/data.ts";
import { Planetoid, TRDEvents, TrackML, TUDataset } from "../../src/graph/datasets.ts";
import { DataError, FormatError, UsageError } from "../../src/ir/errors.ts";

describe("events of a transition-radiation detector", () => {
  const events = TRDEvents({ events: 400 });

  test("are graphs of neighbouring hits with a class", () => {
    expect(`${events}`).toBe("TRDEvents(400)");
    expect([events.numFeatures, events.numClasses]).toEqual([4, 2]);
    for (const event of events) {
      const { numNodes, numEdges } = event.validate();
      expect(numEdges).toBe(numNodes * Math.min(4, numNodes - 1));
      expect(Object.keys(Object.fromEntries(event.fields))).toEqual(["x", "edgeIndex", "y", "pos", "origin"]);
    }
    const colliding = [...events].filter((e) => e.y!.data[0] === 1).length;
    expect(Math.abs(colliding - 200)).toBeLessThan(40);
  });

  test("only colliding ones have secondaries, which come behind the particle", () => {
    for (const event of events) {
      const origin = event.array("origin").data;
      const layer = (i: number) => event.x!.data[4 * i]!;
      const secondaries = [...origin.keys()].filter((i) => origin[i]! >= 2);
      if (event.y!.data[0] === 0) expect(secondaries).toEqual([]);
      const last = Math.max(...[...origin.keys()].filter((i) => origin[i] === 1).map(layer));
      for (const i of secondaries) expect(layer(i)).toBeGreaterThan(Math.min(last, 1));
    }
  });

  test("mean energy loss, and the share of layers that see a particle", () => {
    const clean = trdEvents({ events: 500, noise: 0, electrons: 0, collisions: 0, seed: 7 });
    const charges = clean.flatMap((e) => Array.from(e.x!.data).filter((_, i) => i % 4 === 3));
    expect(charges.length / (500 * 6)).toBeCloseTo(0.95, 1);
    const mean = charges.reduce((a, b) => a + b, 0) / charges.length;
    const variance = charges.reduce((a, b) => a + (b - mean) ** 2, 0) / charges.length;
    expect(mean).toBeCloseTo(1, 1);
    expect(variance).toBeCloseTo(1 / 3, 1);
  });

  test("are the same on every machine and for any number of events", () => {
    const hash = createHash("sha256");
    for (const event of trdEvents({ events: 50, seed: 3 })) hash.update(event.x!.data);
    expect(hash.digest("hex").slice(0, 16)).toBe("0d5093af2956ad43");
    expect(trdEvents({ events: 3, seed: 3 })[2]).toEqual(trdEvents({ events: 50, seed: 3 })[2]);
    expect(trdEvents({ events: 1, seed: 4 })).not.toEqual(trdEvents({ events: 1, seed: 3 }));
    expect(trdEvents({ events: 0 })).toEqual([]);
    expect(() => trdEvents({ efficiency: 2 })).toThrow(UsageError);
  });
});

describe("TrackML", () => {
  const text = (s: string) => new TextEncoder().encode(s);
  const nodes = "graph,node,r,phi,z,particle\n0,0,1,0.9,0,5\n0,1,2,-0.8,1,5\n1,0,1,0,0,0\n";
  const edges = "graph,source,target,label\n0,0,1,1\n";

  test("differences of edges go round the circle", () => {
    const [first, second] = trackMl({ nodes: text(nodes), edges: text(edges) });
    const attr = Array.from(first!.edgeAttr!.data);
    const eta = (r: number, z: number) => -Math.log(Math.tan(Math.atan2(r, z) / 2));
    const wanted = [1, 0.3, 1, Math.hypot(eta(2, 1) - eta(1, 0), 0.3 * Math.PI)];
    attr.forEach((v, i) => {
      expect(v).toBeCloseTo(wanted[i]!, 6);
    });
    expect([first!.x!.shape, second!.edgeIndex!.shape]).toEqual([
      [2, 3],
      [2, 0],
    ]);
  });

  test.each([
    ["an edge to nowhere", nodes, `${edges}1,0,1,1\n`],
    ["a graph without nodes", nodes, `${edges}1,0,0,1\n2,0,0,1\n`],
    ["graphs in disorder", `${nodes}0,2,1,1,1,1\n`, edges],
    ["a column too few", "graph,node,r,phi,z\n0,0,1,1,1\n", edges],
    ["no number", nodes.replace("0.9", "x"), edges],
  ])("%s is refused", (_, hits, links) => {
    expect(() => trackMl({ nodes: text(hits), edges: text(links) })).toThrow(FormatError);
  });

  test("files that are nowhere are named", async () => {
    await expect(TrackML("/nowhere")).rejects.toThrow(DataError);
  });

  const shared = "../shared/data";
  test.skipIf(!existsSync(shared))("the published sets (needs ../shared)", async () => {
    const set = await TrackML(shared);
    expect(`${set} ${set.at(0)}`).toBe(
      "TrackML(100) Data(x=[756, 3], edge_index=[2, 772], edge_attr=[772, 4], y=[772], particle=[756])",
    );
    const graphs = [...set];
    const sum = (of: (g: (typeof graphs)[0]) => number) => graphs.reduce((n, g) => n + of(g), 0);
    const right = sum((g) => Array.from(g.y!.data).filter((v) => v === 1).length);
    expect([sum((g) => g.numNodes), sum((g) => g.numEdges), right]).toEqual([63_697, 64_763, 43_379]);
  });
});

const sharedData = fileURLToPath(new URL("../../../shared/data", import.meta.url));
describe.skipIf(!existsSync(sharedData))("downloads (needs ../shared)", () => {
  /** A network that has the published files. */
  const served = (change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes) => {
    const asked: string[] = [];
    const network = async (url: string | URL | Request) => {
      asked.push(String(url));
      const name = String(url).split("/").at(-1)!;
      const folder = name.endsWith(".zip") ? "tudataset" : "planetoid/raw";
      return new Response(Uint8Array.from(change(readFileSync(`${sharedData}/${folder}/${name}`))));
    };
    return { asked, network };
  };
  const emptyCache = (): DataCache => {
    const kept = new Map<string, Uint8Array>();
    return {
      where: "memory",
      get: async (name) => kept.get(name),
      put: async (name, bytes) => void kept.set(name, bytes),
    };
  };

  beforeAll(() => void vi.stubEnv("TENDRIL_DATA", ""));
  afterAll(() => void vi.unstubAllEnvs());

  test("checked, kept, and the same as from a folder", async () => {
    const cache = emptyCache();
    const { asked, network } = served();
    const cora = await Planetoid({ cache, fetch: network }, "Cora");
    const words = ({ data }: GraphArray) => createHash("sha256").update(data).digest("hex");
    expect(words(cora.at(0).x!)).toBe(words((await Planetoid(sharedData, "Cora")).at(0).x!));
    expect(asked).toHaveLength(8);
    for (const name of ["MUTAG", "PROTEINS", "ENZYMES"]) {
      const downloaded = await TUDataset({ cache, fetch: network }, name);
      expect(downloaded.length).toBe((await TUDataset({ cache, offline: true }, name)).length);
    }
    expect(asked.at(-1)).toBe("https://www.chrsmrrs.com/graphkerneldatasets/ENZYMES.zip");
    expect(asked).toHaveLength(11);
    await expect(TUDataset({ cache, fetch: network }, "NCI1")).rejects.toThrow(/--data DIR/);
    await expect(TrackML({ cache, fetch: network })).rejects.toThrow(/not published in this form/);
  });

  test("other bytes are refused", async () => {
    const cache = emptyCache();
    const other = served((bytes) => bytes.map((b, i) => (i === 900 ? b ^ 1 : b)));
    await expect(Planetoid({ cache, fetch: other.network }, "Citeseer")).rejects.toThrow(/SHA-256/);
    await expect(TUDataset({ cache, fetch: other.network }, "MUTAG")).rejects.toThrow(DataError);
  });
});
