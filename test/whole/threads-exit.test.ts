import { expect, test } from "vitest";
import { badEnds } from "./threads-exit.ts";

test("ten processes with threads start and end well", async () => {
  expect(await badEnds(10)).toEqual([]);
});
