/** HDF5 files spoilt in every place; the fast tests take some of them. */
import { test } from "vitest";
import { tryExtremes, tryFlips, tryTruncations } from "./h5-kit.ts";

test("every truncation is a FormatError", () => tryTruncations(1));
test("every flip gives a typed error or a sound tree", () => tryFlips(1));
test("fields set to the ends of their ranges, and blocks copied over each other", () => tryExtremes(1));
