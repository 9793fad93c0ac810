/** What the curves of binary classifiers are made of. */
import type { Numbers } from "../figure.ts";
import { checkLengths } from "../values.ts";

/** Labels (1 or true for the positive class) and the scores that a classifier gave. */
export interface Scored {
  labels: ArrayLike<number | boolean>;
  scores: Numbers;
}

/** Hits and false alarms when everything scored at least so high is called positive, from the highest score down. */
export interface Ranking {
  hits: number[];
  alarms: number[];
  positives: number;
  negatives: number;
}

/** Equal scores make one step, as one threshold cannot part them. Scores that are NaN rank last. */
export function rank(where: string, { labels, scores }: Scored): Ranking {
  checkLengths(where, { labels: labels.length, scores: scores.length });
  const score = (i: number) => (Number.isNaN(scores[i]!) ? Number.NEGATIVE_INFINITY : scores[i]!);
  const order = Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => {
    const [p, q] = [score(a), score(b)];
    return p === q ? 0 : p > q ? -1 : 1;
  });
  const [hits, alarms] = [[0], [0]];
  let [hit, alarm] = [0, 0];
  order.forEach((i, at) => {
    if (Number(labels[i]) > 0) hit++;
    else alarm++;
    const next = order[at + 1];
    if (next !== undefined && score(next) === score(i)) return;
    hits.push(hit);
    alarms.push(alarm);
  });
  return { hits, alarms, positives: hit, negatives: alarm };
}

/** One classifier, or several by name. */
export const classifiers = (
  data: Scored | Readonly<Record<string, Scored>>,
): (readonly [string, Scored])[] => (isScored(data) ? [["", data]] : Object.entries(data));

const isScored = (data: Scored | Readonly<Record<string, Scored>>): data is Scored =>
  typeof (data as Scored).scores?.length === "number";
