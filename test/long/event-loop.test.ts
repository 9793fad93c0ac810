/** Others get their turn while a network is trained (reliability TR-5, with a clock). */
import { expect, test } from "vitest";
import { inChild } from "../whole/child.ts";

test("a timer waits at most 50 ms and the slowest step", async () => {
  const { longestGap, slowestStep } =
    await inChild<Record<"longestGap" | "slowestStep", number>>("long/event-loop.mjs");
  expect(longestGap).toBeLessThanOrEqual(50 + slowestStep);
});
