/** The long form of CK-1, in parts that can be run one by one: `-t "kills 1–250"`. */
import { expect, test } from "vitest";
import { manyKills } from "../whole/kills.ts";

const part = 250;

test.each(Array.from({ length: 20 }, (_, i) => [part * i + 1, part * (i + 1)] as const))(
  "kills %i–%i at random moments lose nothing (CK-1, long)",
  async (from) => {
    expect(await manyKills(part, from)).toBeGreaterThan(part);
  },
);
