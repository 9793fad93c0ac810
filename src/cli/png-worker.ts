/** A process of a `Rasteriser`: SVG comes in, PNG goes out. Node only. */
import { setFlagsFromString } from "node:v8";
import { UnsupportedError } from "../ir/errors.ts";
import { rasterise } from "../plot/rasterise.ts";
import { signalCodes } from "./exit-codes.ts";

/** What is sent for an SVG: the bytes of its PNG, or why there can be none. */
export type Picture =
  | { readonly png: Uint8Array }
  | { readonly lacking: { readonly problem: string; readonly advice: string } };

// V8 compiles anew, and better, what has done a little work. Of a program as large as the rasteriser that costs two seconds,
// for pictures that take one: only loops that do most of the work are worth it.
setFlagsFromString("--wasm-tiering-budget=500000000");

// Ctrl-C reaches all processes of a terminal; what becomes of this one is for the command to say.
for (const name of Object.keys(signalCodes)) process.on(name, () => {});

/** Some of everything that charts are made of: drawn before the first figure comes, so that the code for it is there. */
const stamp = `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60" viewBox="0 0 90 60" font-family="Inter, sans-serif">
<title>stamp</title><rect x="0" y="0" width="90" height="60" fill="#ffffff"/>
<text x="5" y="15" font-size="12" font-weight="600" fill="#1f2328">Loss</text>
<text x="9" y="30" font-size="12" fill="#1f2328" text-anchor="middle" transform="rotate(-90 9 30)">0.5</text>
<text x="40" y="15" font-size="12" fill="#0072b2" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke">best</text>
<line x1="5" y1="50" x2="80" y2="50" stroke="#e7eaee" stroke-width="1"/>
<line x1="5" y1="55" x2="80" y2="55" stroke="#d55e00" stroke-width="2.2" stroke-dasharray="6 4"/>
<svg x="10" y="20" width="70" height="30" viewBox="-5 -5 70 30"><path d="M0 9.9L20 15L60 18" fill="none" stroke="#0072b2" stroke-width="2" stroke-linejoin="round"/>
<g fill="#0072b2" fill-opacity="0.9"><rect x="1" y="1" width="12" height="9"/><path d="M20 9a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"/></g></svg>
<image x="60" y="5" width="9" height="9" preserveAspectRatio="none" image-rendering="optimizeSpeed" href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"/>
</svg>`;

const ready = pictureOf(stamp);

process.on("message", async (svg: string) => {
  await ready;
  process.send!(await pictureOf(svg));
});

async function pictureOf(svg: string): Promise<Picture> {
  try {
    return { png: await rasterise(svg) };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { lacking: { problem: error.problem, advice: error.try ?? "" } };
  }
}
