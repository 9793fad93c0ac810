import { test } from "vitest";
import { checkMemory } from "./memory-check.ts";

test("10,000 steps leave the memory as it was (MM-1)", () => checkMemory(10_000, 500));
