import { expect, test } from "vitest";
import { nativeProblem } from "../native.ts";
import { badEnds } from "./threads-exit.ts";

test("processes with threads start and end well", async () => {
  expect(await badEnds("wasm", 10)).toEqual([]);
});

test.skipIf(nativeProblem)("processes with native threads start and end well", async () => {
  expect(await badEnds("native", 10)).toEqual([]);
});
