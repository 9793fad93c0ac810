/** Builds `dist` before tests that use it, where a source is newer than the last build. */
import { buildWhereStale } from "../../scripts/check/build.ts";

export default function setup(): void {
  for (const problem of buildWhereStale()) throw new Error(problem);
}
