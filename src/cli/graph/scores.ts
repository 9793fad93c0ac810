/** What a trained network makes of a part of the data. */
import type { Tensor } from "../../core/index.ts";
import { type Data, DataLoader, type GraphInput, type GraphModel } from "../../graph/index.ts";
import { ExactAUC } from "../../nn/metrics/exact-auc.ts";
import type { Part } from "./protocols.ts";

export interface Scores {
  readonly labels: Int32Array;
  readonly predicted: Int32Array;
  /** For two classes: how much more the second one scores. */
  readonly margins: Float32Array | undefined;
  readonly accuracy: number;
}

/** Predicts the labels that count. */
export async function scoresOf(
  model: GraphModel,
  { graphs, mask }: Part,
  batchSize: number,
): Promise<Scores> {
  const [scores] = (await model.predict(graphs, { batchSize })) as Tensor[];
  const values = await scores!.data();
  const classes = scores!.shape[1] as number;
  const { labels, counts } = labelsOf(graphs, mask);
  const rows = [...labels.keys()].filter((i) => counts === undefined || counts[i]);
  const best = bestOf(values, classes);
  const predicted = Int32Array.from(rows, (i) => best[i]!);
  const truth = Int32Array.from(rows, (i) => labels[i]!);
  const right = predicted.filter((p, i) => p === truth[i]).length;
  return {
    labels: truth,
    predicted,
    margins: classes === 2 ? Float32Array.from(rows, (i) => values[2 * i + 1]! - values[2 * i]!) : undefined,
    accuracy: right / rows.length,
  };
}

/** The class with the largest score in each row. */
export function bestOf(scores: ArrayLike<number>, classes: number): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, r) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (scores[r * classes + c]! > scores[r * classes + best]!) best = c;
    return best;
  });
}

/** The labels of all graphs one after the other, and which of them count. */
function labelsOf(graphs: GraphInput, mask: string | null) {
  const list: readonly Data[] =
    graphs instanceof DataLoader ? [...graphs.dataset] : Symbol.iterator in graphs ? [...graphs] : [graphs];
  const labels = Int32Array.from(list.flatMap((g) => [...g.y!.data]));
  return {
    labels,
    counts: mask === null ? undefined : Uint8Array.from(list.flatMap((g) => [...g.array(mask).data])),
  };
}

/** The exact area under the ROC curve; null unless there are two classes, both of which occur. */
export function exactAuc({ labels, margins }: Scores): number | null {
  if (margins === undefined || new Set(labels).size < 2) return null;
  const metric = new ExactAUC();
  metric.add([Float32Array.from(labels), margins, new Float32Array(labels.length).fill(1)], labels.length);
  return metric.result();
}
