/** The backend that tests of what stands above the engine run on, unless a test names another. */
import type { BackendName } from "../src/core/index.ts";

export const testBackend = (process.env.TENDRIL_TEST_BACKEND ?? "reference") as BackendName;
