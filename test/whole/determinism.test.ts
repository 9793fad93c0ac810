/** Same seed, same bits, in processes that know nothing of each other (reliability DT-2). */
import { expect, test } from "vitest";
import { inChild } from "./child.ts";

test("two fresh processes train the same weights", async () => {
  const env = { TZ: "Pacific/Kiritimati", LANG: "de_DE.UTF-8" };
  const [once, again] = await Promise.all([
    inChild<Record<string, string>>("browser/node.mjs"),
    inChild<Record<string, string>>("browser/node.mjs", [], { env }),
  ]);
  expect(Object.keys(once)).toEqual(["digits", "mlp", "cnn"]);
  expect(again).toEqual(once);
});
