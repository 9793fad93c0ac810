import { expect, test } from "vitest";
import { badEnds } from "../whole/threads-exit.ts";

test("200 processes with threads start and end well", async () => {
  expect(await badEnds(200)).toEqual([]);
});
