/**
 * Loads files of strangers where nothing may happen but computing (reliability EX-2, EX-3): run with `--disable-proto=throw
 * --disallow-code-generation-from-strings`, files, network, processes and threads throwing once the bytes are in memory.
 * Prints what was loaded, or which error came, for each file.
 */
import childProcess from "node:child_process";
import { createHash } from "node:crypto";
import dns from "node:dns";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import vm from "node:vm";
import workerThreads from "node:worker_threads";
import { gunzipSync } from "node:zlib";
import * as tendril from "tendril";
import * as formats from "tendril/formats";

const folder = new URL("../", import.meta.url);
const read = (name) => new Uint8Array(fs.readFileSync(new URL(name, folder)));
const model = read("reference/keras-everything.h5");
const weights = read("reference/keras-everything.weights.h5");
const oldest = new Uint8Array(gunzipSync(read("formats/fixtures/earliest.h5.gz")));
const drawing = read("../examples/your_own_digit.png");
const plain = formats.writePng({ width: 2, height: 2, channels: 1, data: Uint8Array.of(0, 80, 160, 255) });

/** Opens whatever is loaded on first use, so that only the bytes decide what happens afterwards. */
async function loadOnce() {
  await tendril.loadModel(model);
  formats.readPng(plain);
}

const own = [Object, Array, Function, Map, Set, Promise, String, Number, RegExp, Error].map(
  (c) => c.prototype,
);
const properties = () => own.map((p) => Reflect.ownKeys(p).map(String).join()).join("|");

function forbid(module) {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
    if (typeof property.value !== "function" || !property.configurable) continue;
    const value = () => {
      throw new Error(`a file made the library call ${name}`);
    };
    Object.defineProperty(module, name, { ...property, value });
  }
}

const { stdout } = process;
await loadOnce();
const before = properties();
for (const module of [fs, fs.promises, net, dns, http, https, childProcess, vm, workerThreads])
  forbid(module);
syncBuiltinESMExports();
globalThis.fetch = () => {
  throw new Error("a file made the library call fetch");
};

const digest = (value) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

/** A copy with one bit changed; places near the beginning, where the structure is, are the likelier ones. */
function damaged(bytes, n) {
  const copy = bytes.slice();
  const place = ((n * 2654435761) >>> 0) / 2 ** 32;
  copy[Math.floor(place ** 3 * copy.length)] ^= 1 << (n & 7);
  return copy;
}

/** JSON that reaches for what every object has. */
const hostile =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":[{"__proto__":[1]}],"toString":"x"}';

const cases = {
  model: async () => (await tendril.loadModel(model)).getWeights().map((w) => [...w]),
  weights: async () => {
    const fresh = await tendril.loadModel(model);
    await fresh.loadWeights(weights);
    return fresh.getWeights().map((w) => [...w]);
  },
  oldest: async () => Object.keys((await formats.readH5(oldest)).children ?? {}),
  drawing: async () => digest([...formats.readPng(drawing).data]),
  hostile: async () => JSON.stringify(formats.parseJson(hostile)),
  ...Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [
      `damaged ${n}`,
      async () => (await tendril.loadModel(damaged(model, n))).getWeights().length,
    ]),
  ),
  ...Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [
      `damaged drawing ${n}`,
      async () => formats.readPng(damaged(drawing, n)).data.length,
    ]),
  ),
};

const found = {};
for (const [name, load] of Object.entries(cases)) {
  try {
    found[name] = digest(await load());
  } catch (error) {
    const known = error instanceof tendril.TendrilError && error.code !== "internal";
    found[name] = known ? error.code : `foreign: ${error.stack}`;
  }
}
const unchanged = properties() === before && !("polluted" in {});
stdout.write(JSON.stringify({ unchanged, found }));
