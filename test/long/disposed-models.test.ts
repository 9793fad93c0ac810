import { test } from "vitest";
import { disposeOfMany } from "../nn/memory-kit.ts";

test("200 models that are made, trained and disposed of (MM-3, long)", () => disposeOfMany(200));
