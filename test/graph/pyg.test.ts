/** Operators against the recorded cases of PyTorch Geometric, outputs and gradients, on every backend. */
import { existsSync, readdirSync } from "node:fs";
import { describe, test } from "vitest";
import type { BackendName } from "../../src/core/index.ts";
import { withNative } from "../native.ts";
import { checkCase, makers, sharedCase } from "./oracle.ts";

const backends = withNative<BackendName>(["reference", "js", "wasm"], "native");
const shared = new URL("../../../shared/reference/pyg/", import.meta.url);

describe.skipIf(!existsSync(shared))("recorded outside the repository", () => {
  const names = existsSync(shared)
    ? readdirSync(shared).flatMap((f) => (f.endsWith(".json") ? [f.slice(0, -5)] : []))
    : [];
  describe.each(backends)("%s", (backend) => {
    test.each(names)("%s", async (name) => {
      const c = sharedCase(shared, name);
      await checkCase(c, makers[c.op]!, backend);
    });
  });
});
