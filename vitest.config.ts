/** The tests, in three parts: `fast` (in `npm run check`), `whole` (needs the built library or more time), `long`. */
import { defineConfig } from "vitest/config";

/** Tests that run built code, other processes or a browser, and what is tried in every place where the fast tests take a few. */
const whole = [
  "test/{browser,cli,package,whole}/**/*.test.ts",
  "test/**/*.whole.test.ts",
  "test/examples.test.ts",
];
const long = ["test/long/**/*.test.ts"];
/** Nothing is compiled in the background while something else is tested. */
const env = { TENDRIL_BACKEND: "wasm" };
const built = { globalSetup: ["test/setup/build.ts"] };

export default defineConfig({
  test: {
    // Two workers at most: some tests start processes of their own.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "fast",
          env,
          include: ["test/**/*.test.ts"],
          exclude: [...whole, ...long],
          testTimeout: 60_000,
          // Loading the library for every file took a third of the time.
          isolate: false,
          setupFiles: ["test/setup/globals.ts"],
        },
      },
      { test: { name: "whole", env, include: whole, testTimeout: 180_000, hookTimeout: 180_000, ...built } },
      { test: { name: "long", env, include: long, testTimeout: 1_800_000, hookTimeout: 180_000, ...built } },
    ],
  },
});
