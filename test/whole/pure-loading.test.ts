/** Loading a file is a function of its bytes: no code from text, no file, no network (reliability EX-2, EX-3). */
import { expect, test } from "vitest";
import { inChild } from "./child.ts";

interface Loaded {
  readonly unchanged: boolean;
  readonly found: Readonly<Record<string, string>>;
}

test("with everything else forbidden, files load the same and damage is a typed error", async () => {
  const flags = ["--disable-proto=throw", "--disallow-code-generation-from-strings"];
  const [strict, usual] = await Promise.all([
    inChild<Loaded>("whole/pure-loading.mjs", [], { flags }),
    inChild<Loaded>("whole/pure-loading.mjs"),
  ]);
  expect(strict.unchanged).toBe(true);
  expect(strict.found).toEqual(usual.found);
  const foreign = Object.entries(strict.found).filter(([, what]) => what.startsWith("foreign"));
  expect(foreign).toEqual([]);
  for (const name of ["model", "weights", "oldest", "drawing", "hostile"]) {
    expect(strict.found[name], name).toMatch(/^[0-9a-f]{16}$/);
  }
  expect(Object.values(strict.found)).toContain("format");
});
