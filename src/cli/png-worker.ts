/** The thread of a `Rasteriser`: figures come in, pictures go out. Node only. */
import { parentPort } from "node:worker_threads";
import { UnsupportedError } from "../ir/errors.ts";
import { type Figure, renderPng } from "../plot/index.ts";

/** What is sent for a figure: the bytes of its PNG, or why there can be none. */
export type Picture =
  | { readonly png: Uint8Array<ArrayBuffer> }
  | { readonly lacking: { readonly problem: string; readonly advice: string } };

parentPort!.on("message", async (figure: Figure) => {
  parentPort!.postMessage(await pictureOf(figure));
});

async function pictureOf(figure: Figure): Promise<Picture> {
  try {
    return { png: await renderPng(figure) };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { lacking: { problem: error.problem, advice: error.try ?? "" } };
  }
}
