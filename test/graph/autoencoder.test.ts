/** GAE and VGAE against recorded values of PyTorch Geometric: embeddings, decoders, losses, gradients, noise. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { compile, gradient, manualSeed, type Tensor, tensor } from "../../src/core/index.ts";
import {
  Data,
  GAE,
  GCNConv,
  Graph,
  type GraphContext,
  GraphModel,
  graphContext,
  VGAE,
} from "../../src/graph/index.ts";
import { namedState } from "../../src/graph/state.ts";
import { testBackend } from "../backends.ts";
import { type CaseArray, close } from "./oracle.ts";

interface Case {
  readonly model: "GAE" | "VGAE";
  readonly training: boolean;
  readonly weights: Readonly<Record<string, CaseArray>>;
  readonly z: CaseArray;
  readonly probabilities: CaseArray;
  readonly logits: CaseArray;
  readonly all: CaseArray;
  readonly recon: CaseArray;
  readonly kl?: CaseArray;
  readonly gradients: Readonly<Record<string, CaseArray>>;
}

const file: {
  readonly x: CaseArray;
  readonly edges: [number[], number[]];
  readonly negative: [number[], number[]];
  readonly cases: Readonly<Record<string, Case>>;
} = JSON.parse(readFileSync(new URL("../reference/pyg-autoencoder.json", import.meta.url), "utf8"));

class Encoder extends GraphModel {
  readonly conv = new GCNConv(3, 4);
  readonly mean = new GCNConv(4, 4);
  readonly std: GCNConv | undefined;

  constructor(moments: boolean) {
    super();
    this.std = moments ? new GCNConv(4, 4) : undefined;
  }

  call({ x, edgeIndex }: Graph) {
    const h = this.conv.call(x, edgeIndex).tanh();
    const mean = this.mean.call(h, edgeIndex);
    return this.std === undefined ? mean : [mean, this.std.call(h, edgeIndex)];
  }
}

const data = new Data({
  x: { data: Float32Array.from(file.x.data), shape: [...file.x.shape], dtype: "float32" },
  edgeIndex: file.edges,
});
const pairs = (ends: [number[], number[]]) => tensor(ends, { dtype: "int32" });

afterAll(() => void manualSeed(null));

describe.each(Object.entries(file.cases))("%s", (_, c) => {
  const made = () => new (c.model === "GAE" ? GAE : VGAE)(new Encoder(c.model === "VGAE"));

  test("the first weights are those that PyTorch draws", () => {
    manualSeed(7);
    for (const [name, { data: values }] of made().stateDict()) {
      const saved = c.weights[name]!;
      Array.from(values, Number).forEach((v, i) => {
        expect(v, name).toBeCloseTo(saved.data[i]!, 6);
      });
    }
  });

  test("embeddings, decoders, losses and gradients", async () => {
    const model = made();
    const weights = new Map(namedState(model));
    for (const [name, weight] of weights) weight.write(c.weights[name]!.data);
    manualSeed(9);
    const graded = Object.keys(c.gradients);
    const run = compile(
      () => {
        const ctx = graphContext({ training: c.training });
        const graph = Graph.of(data);
        const z = model.encode(graph, ctx as GraphContext);
        const recon = model.reconLoss(z, pairs(file.edges), pairs(file.negative));
        const kl = klOf(model, graph);
        // While training the divergence is added by the encoder itself.
        const loss = ctx.losses.reduce<Tensor>((a, b) => a.add(b), c.training ? recon : recon.add(kl.div(6)));
        return [
          ...[z, model.decode(z, pairs(file.edges)), model.decoder.call(z, pairs(file.negative), false)],
          ...[model.decoder.all(z), recon, kl],
          ...gradient(
            loss,
            graded.map((name) => weights.get(name)!),
          ),
        ];
      },
      { backend: testBackend },
    );
    const [z, probabilities, logits, all, recon, kl, ...slopes] = await run();
    close(z!, c.z, 1e-5, 1e-4, "z");
    close(probabilities!, c.probabilities, 1e-5, 1e-4, "probabilities");
    close(logits!, c.logits, 1e-5, 1e-4, "logits");
    close(all!, c.all, 1e-5, 1e-4, "all pairs");
    close(recon!, c.recon, 1e-5, 1e-4, "recon");
    if (c.kl) close(kl!, c.kl, 1e-5, 1e-4, "kl");
    slopes.forEach((slope, i) => {
      close(slope, c.gradients[graded[i]!]!, 1e-5, 1e-3, graded[i]!);
    });
    run.release();
  });
});

/** The divergence of a variational model; 0 of another one. */
function klOf(model: GAE, graph: Graph): Tensor {
  if (!(model instanceof VGAE)) return tensor(0);
  const [mean, logStd] = model.encoder.call(graph, graphContext()) as [Tensor, Tensor];
  return model.klLoss(mean, logStd);
}

test("an encoder without moments is refused, pairs decide what is returned", () => {
  const graph = Graph.of(data);
  expect(() => new VGAE(new Encoder(false)).encode(graph, graphContext())).toThrow(/\[mean, logStd\]/);
  const labelled = Graph.of(
    data.with({ edgeLabelIndex: { data: Int32Array.of(0, 1, 4, 5), shape: [2, 2], dtype: "int32" } }),
  );
  const model = new GAE(new Encoder(false));
  expect(model.call(graph, graphContext()).shape).toEqual([6, 4]);
  expect(model.call(labelled, graphContext()).shape).toEqual([2]);
});
