/** The names of the graph tasks, apart from the tasks themselves: training on images loads no graphs. */
export const graphTaskNames = [
  "karate",
  "cora",
  "citeseer",
  "mutag",
  "proteins",
  "enzymes",
  "trd",
  "trackml",
] as const;

export type GraphTaskName = (typeof graphTaskNames)[number];
