/** A run stopped anywhere and resumed has the bits of one that was never stopped (DT-1). */
import { expect, test } from "vitest";
import { graphSettings } from "../graph/resume-settings.ts";
import { compareCuts, settings } from "../nn/resume-kit.ts";

test.each(Object.entries({ ...settings, ...graphSettings }))("%s", async (_, setting) => {
  const stops = await compareCuts(setting, [1, 2, 3, 5, 6, 7, 9, 13, 20, 29, 33, 41]);
  expect(stops).toBeGreaterThan(10);
});
