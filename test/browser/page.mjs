/** What the page of the tests can do; the tests call `globalThis.tasks`. */

import * as tendril from "tendril";
import * as browser from "tendril/browser";
import * as core from "tendril/core";
import * as data from "tendril/data";
import * as formats from "tendril/formats";
import * as nn from "tendril/nn";
import * as plot from "tendril/plot";
import { trainAll } from "./training.mjs";

globalThis.tasks = {
  isolated: () => globalThis.crossOriginIsolated,

  doors: () =>
    Object.entries({ browser, core, data, formats, nn, plot }).map(([name, m]) => [
      name,
      Object.keys(m).length > 0,
    ]),

  train: () => trainAll(tendril, data),

  trainInWorker: () =>
    new Promise((resolve) => {
      const worker = new Worker("/test/browser/worker.mjs", { type: "module" });
      worker.onmessage = (event) => {
        worker.terminate();
        resolve(event.data);
      };
      worker.onerror = (event) => resolve({ error: event.message });
    }),

  /** The same training by the engine of the page, which sees Promises only. */
  async engine() {
    const notices = [];
    const engine = await browser.openEngine({ notice: (text) => notices.push(text), threads: 3 });
    const inEngine = async (model, x, y, options) => {
      const there = await engine.model(model);
      await there.fit(x, y, options);
      await there.copyTo(model);
    };
    const hashes = await trainAll(tendril, data, inEngine);
    const { threads, isolated } = engine;
    engine.close();
    return { hashes, threads, isolated, notices: notices.length };
  },

  /** An engine whose worker file is missing. */
  missing: () => {
    const worker = new Worker("/dist/browser/none.js", { type: "module" });
    return browser.openEngine({ worker }).catch((error) => error.code);
  },

  /** A model goes to the bytes of a Keras file and back; a figure becomes a PNG. */
  async files() {
    const model = new nn.Sequential([nn.Input({ shape: [2] }), new nn.Dense({ units: 3 })], { seed: 1 });
    const back = await nn.loadModel(await nn.modelToH5(model));
    const png = await plot.renderPng(plot.curves({ loss: [3, 2, 1], val_loss: [3, 2.5, 2] }));
    const pixels = formats.readPng(png);
    return {
      same: JSON.stringify(model.getWeights()) === JSON.stringify(back.getWeights()),
      inked: pixels.data.some((v) => v < 128),
    };
  },
};
