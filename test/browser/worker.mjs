/** The training in a worker of a page. Workers have no import map, so the files are named. */
import * as data from "/dist/data/index.js";
import * as tendril from "/dist/index.js";
import { trainAll } from "./training.mjs";

trainAll(tendril, data).then(
  (hashes) => self.postMessage({ hashes, isolated: self.crossOriginIsolated }),
  (error) => self.postMessage({ error: String(error.stack ?? error) }),
);
