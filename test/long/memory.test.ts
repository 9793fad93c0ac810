import { test } from "vitest";
import { checkMemory } from "../whole/memory-check.ts";

test("200,000 steps leave the memory as it was (MM-1, long)", () => checkMemory(200_000, 10_000));
