/** Every operator on a graph of 100,000 leaves around one node (GN-1). */
import { test } from "vitest";
import { rows } from "./operators-table.ts";
import { checkStar } from "./star.ts";

test.each(rows.filter((row) => !row.allPairs))("$name", (row) => checkStar(row, 100_000));
