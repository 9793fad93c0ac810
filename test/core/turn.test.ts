/** Waiting for others: the signal ends it at any time, and Node lives as long as it lasts. */
import { expect, test } from "vitest";
import { Turn } from "../../src/core/turn.ts";
import { CancelledError, DataError } from "../../src/ir/errors.ts";

const never = new Promise<void>(() => {});
const timers = () => process.getActiveResourcesInfo().filter((r) => r === "Timeout").length;

test("a signal ends the wait, given before it or in it", async () => {
  const control = new AbortController();
  const turn = new Turn("fit", control);
  const waits = turn.wait(never);
  control.abort("SIGINT");
  await expect(waits).rejects.toThrow(CancelledError);
  await expect(turn.wait(never)).rejects.toThrow(CancelledError);
  await expect(turn.race(never, "batches")).rejects.toThrow(CancelledError);
  await expect(turn.wait(Promise.reject(new DataError({ where: "x", problem: "y" })))).rejects.toThrow();
});

test("what waits keeps Node from ending, and leaves no timer", async () => {
  const turn = new Turn("fit", {});
  const before = timers();
  let keep = () => {};
  const waits = turn.wait(new Promise<void>((resolve) => (keep = resolve)));
  expect(timers()).toBe(before + 1);
  keep();
  await waits;
  expect(timers()).toBe(before);
});
