/** Flags of `train` that mean nothing for a task or an operator are refused rather than passed over. */
import { UsageError } from "../../ir/errors.ts";
import { type ConvName, convOf } from "./convs.ts";
import { protocols } from "./protocols.ts";
import type { GraphTask } from "./tasks.ts";

/** The flags that not every task or operator has a use for. */
export interface ParticularFlags {
  readonly heads: number | undefined;
  readonly pool: string | undefined;
  readonly events: number | undefined;
  readonly batchSize: number | undefined;
}

/** Throws UsageError for a flag that task or operator have no use for. */
export function checkMeaning(task: GraphTask, conv: ConvName, flags: ParticularFlags): void {
  checkHeads(conv, flags.heads);
  checkPool(task, flags.pool);
  checkMany(task, { "--events": flags.events, "--batch-size": flags.batchSize });
}

function checkHeads(conv: ConvName, heads: number | undefined): void {
  if (heads === undefined || convOf(conv).heads) return;
  throw new UsageError({
    where: "tendril train --heads",
    problem: `${conv} has no heads`,
    expected: "an operator with attention",
    got: `--conv ${conv} --heads ${heads}`,
    try: "--conv gat",
  });
}

function checkPool(task: GraphTask, pool: string | undefined): void {
  if (pool === undefined || task.network.head === "graphs") return;
  throw new UsageError({
    where: "tendril train --pool",
    problem: "this task is about single nodes or edges: nothing is pooled",
    expected: "a task about whole graphs",
    got: `--pool ${pool}`,
    try: "leave --pool out",
  });
}

function checkMany(task: GraphTask, flags: Readonly<Record<string, number | undefined>>): void {
  if (task.protocol !== protocols.masks) return;
  for (const [flag, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    throw new UsageError({
      where: `tendril train ${flag}`,
      problem: "the data of this task are one graph, and a step is made on all of it",
      expected: "a task with many graphs",
      got: `${flag} ${value}`,
      try: `leave ${flag} out`,
    });
  }
}
