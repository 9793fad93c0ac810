/** The long forms of CK-1, in parts that can be run one by one (`-t "kills 1–250"`), and of CK-2. */
import { expect, test } from "vitest";
import { hasStrace, killsAtEach, manyKills } from "../whole/kills.ts";

const part = 250;

test.each(Array.from({ length: 20 }, (_, i) => [part * i + 1, part * (i + 1)] as const))(
  "kills %i–%i at random moments lose nothing (CK-1, long)",
  async (from) => {
    expect(await manyKills(part, from)).toBeGreaterThan(part);
  },
);

test.skipIf(!hasStrace).each(["openat", "write,pwrite64", "close"])(
  "killed at each %s, old or new is there (CK-2, long)",
  async (call) => {
    expect(await killsAtEach(call)).toBeGreaterThan(1);
  },
);
