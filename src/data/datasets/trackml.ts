/**
 * Graphs of hits in a detector at the LHC, for telling which edges follow a particle: TrackML challenge events in the form of
 * DeZoort et al., "Charged particle tracking via edge-classifying interaction networks" (2021).
 */
import { readNumericCsv } from "../../formats/csv.ts";
import { FormatError } from "../../ir/errors.ts";
import { loadSourceSet, type SourceFile, type SourceOptions, type SourceSet } from "../source.ts";
import { floats, type GraphFields, integers, pairs } from "./graphs.ts";

/** The sets: particles of more than 2 or 1.5 GeV of transverse momentum. */
export type TrackMlName = "pt2GeV" | "pt1p5GeV";

/** Where the tables of a set are found. They are made from published arrays, so they have to lie in a folder. */
export function trackMlSource(name: TrackMlName): SourceSet {
  const file = (part: string): SourceFile => {
    return { name: `${name}.${part}.csv`, bytes: 2 ** 23, sha256: new Map() };
  };
  return {
    folder: "trackml_hitgraphs",
    title: "TrackML",
    mirrors: [],
    files: [file("nodes"), file("edges")],
  };
}

/** The graphs of a set from its tables in a folder; see `trackMl`. DataError where they are nowhere. */
export async function loadTrackMl(name: TrackMlName, options: SourceOptions = {}): Promise<GraphFields[]> {
  const files = await loadSourceSet(trackMlSource(name), options);
  const table = (part: string) => files.get(`${name}.${part}.csv`)!;
  return trackMl({ nodes: table("nodes"), edges: table("edges") }, name);
}

/** Tables of a set, decompressed. */
export interface TrackMlTables {
  /** `graph,node,r,phi,z,particle` */
  readonly nodes: Uint8Array;
  /** `graph,source,target,label` */
  readonly edges: Uint8Array;
}

/**
 * The graphs of one set. `x` float32 [hits, 3] is r in metres, φ / π and z in metres; `edgeAttr` float32 [edges, 4] is Δr, Δφ (in
 * units of π, from -1 to 1), Δz and ΔR of target and source; `y` int32 [edges] is 1 where an edge joins two hits of one
 * particle; `particle` int32 [hits] is the truth about each hit.
 *
 * @throws FormatError naming the line of what is no number, out of order or out of range.
 */
export function trackMl({ nodes, edges }: TrackMlTables, name = "TrackML"): GraphFields[] {
  const hits = rowsByGraph(nodes, `${name}.nodes.csv`, 6);
  const links = rowsByGraph(edges, `${name}.edges.csv`, 4);
  if (links.length > hits.length) {
    throw new FormatError({
      where: `${name}.edges.csv`,
      problem: "there are edges of a graph without nodes",
      expected: `graphs 0 … ${hits.length - 1}`,
      got: String(links.length - 1),
      try: "get both files again, of the same set",
    });
  }
  return hits.map((rows, g) => graphOf(rows, links[g] ?? [], `${name}, graph ${g}`));
}

/** The rows of a table for each graph, in the order of the file. */
function rowsByGraph(bytes: Uint8Array, name: string, columns: number): Float64Array[][] {
  const { shape, data } = readNumericCsv(bytes, { name });
  const graphs: Float64Array[][] = [];
  for (let row = 0; row < shape[0]; row++) {
    const values = data.subarray(row * shape[1], (row + 1) * shape[1]);
    const graph = values[0]!;
    const inOrder = graph === graphs.length || (graph === graphs.length - 1 && graph >= 0);
    if (shape[1] !== columns || !values.every(Number.isFinite) || !inOrder) {
      throw new FormatError({
        where: `${name}, line ${row + 2}`,
        problem: "the row is not understood",
        expected: `${columns} finite numbers, the first that of a graph, in order`,
        got: values.join(",").slice(0, 80),
        try: "get the file again",
      });
    }
    if (graph === graphs.length) graphs.push([]);
    graphs[graph]!.push(values);
  }
  return graphs;
}

function graphOf(hits: readonly Float64Array[], links: readonly Float64Array[], where: string): GraphFields {
  const end = (node: number) => {
    const hit = hits[node];
    if (hit !== undefined) return hit;
    throw new FormatError({
      where,
      problem: "an edge has no such node",
      expected: `0 … ${hits.length - 1}`,
      got: String(node),
      try: "get both files again, of the same set",
    });
  };
  const attr = new Float32Array(4 * links.length);
  links.forEach(([, source, target], e) => {
    attr.set(stepOf(end(source!), end(target!)), 4 * e);
  });
  return {
    x: floats(
      hits.flatMap((hit) => [...hit.subarray(2, 5)]),
      [hits.length, 3],
    ),
    edgeIndex: pairs(
      links.map((link) => link[1]!),
      links.map((link) => link[2]!),
    ),
    edgeAttr: { data: attr, shape: [links.length, 4], dtype: "float32" },
    y: integers(links.map((link) => link[3]!)),
    particle: integers(hits.map((hit) => hit[5]!)),
  };
}

/** Δr, Δφ, Δz and ΔR from one hit to another. */
function stepOf([, , r0, phi0, z0]: Float64Array, [, , r1, phi1, z1]: Float64Array): number[] {
  const turn = phi1! - phi0!;
  const phi = turn > 1 ? turn - 2 : turn < -1 ? turn + 2 : turn;
  const eta = (r: number, z: number) => -Math.log(Math.tan(Math.atan2(r, z) / 2));
  return [r1! - r0!, phi, z1! - z0!, Math.hypot(eta(r1!, z1!) - eta(r0!, z0!), Math.PI * phi)];
}
