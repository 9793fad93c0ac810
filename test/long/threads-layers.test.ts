import { test } from "vitest";
import { compareThreads, counts, layerSamples } from "../whole/threads-layers.ts";

test.each(layerSamples.map((s) => [s.type, s] as const))(
  "%s: any number of threads (DT-3, long)",
  (_, sample) => compareThreads(sample, counts),
);
