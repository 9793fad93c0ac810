/** Processes killed while they save: what was called safe is there afterwards, whole (CK-1, CK-2); so it is where a file grows too large (CK-8). */
import { describe, expect, test } from "vitest";
import { hasStrace, killsAtEach, manyFreezes, manyKills, saveBeyondLimit } from "./kills.ts";

test("25 kills at random moments lose nothing (CK-1)", async () => {
  expect(await manyKills(25)).toBeGreaterThan(25);
});

test.skipIf(process.platform !== "linux")("nor would kills at 200 other moments (CK-1)", async () => {
  expect(await manyFreezes(200)).toBeGreaterThan(25);
});

describe("killed at each system call of a save, old or new is there (CK-2)", () => {
  const calls = ["fsync", "rename,renameat,renameat2", "unlink,unlinkat"];
  test.skipIf(!hasStrace)("strace is there", async () => {
    for (const call of calls) expect(await killsAtEach(call)).toBeGreaterThan(1);
  });
});

test.skipIf(process.platform !== "linux")(
  "a save that passes the limit of files says so (CK-8)",
  async () => {
    expect(await saveBeyondLimit()).toMatch(/CheckpointError: .*checkpoint-000003[\s\S]*EFBIG/);
  },
);
