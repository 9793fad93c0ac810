import { test } from "vitest";
import { compareThreads, counts, layerSamples } from "./threads-layers.ts";

const rows = layerSamples.map((s, i) => [s.type, counts[i % counts.length]!, s] as const);

test.each(rows)("%s: one thread and %i (DT-3)", (_, threads, sample) => compareThreads(sample, [threads]));
