import { expect, test } from "vitest";
import { nativeProblem } from "../native.ts";
import { badEnds } from "../whole/threads-exit.ts";

test("200 processes with threads start and end well", async () => {
  expect(await badEnds("wasm", 200)).toEqual([]);
});

test.skipIf(nativeProblem)("200 processes with native threads start and end well", async () => {
  expect(await badEnds("native", 200)).toEqual([]);
});
