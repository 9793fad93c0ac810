/** The long form of CK-1. */
import { expect, test } from "vitest";
import { manyKills } from "../whole/kills.ts";

test("400 kills at random moments lose nothing (CK-1)", async () => {
  expect(await manyKills(400)).toBeGreaterThan(400);
});
