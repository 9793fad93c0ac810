#!/usr/bin/env node
/** Runs the built command line. */
import { existsSync } from "node:fs";

const entry = new URL("../dist/node/main.js", import.meta.url);
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Tendril needs Node 20.19 or later; this is ${process.version}.`);
} else if (!existsSync(entry)) {
  fail("Tendril is not built yet: run `npm ci` (or `npm run build`) in its folder first.");
} else {
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
