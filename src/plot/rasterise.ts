/**
 * SVG → PNG, in Node and in browsers, by resvg (WebAssembly) and the fonts of `assets/fonts`: no font of the machine
 * is looked at, so the bytes are the same everywhere. The rasteriser is an optional dependency, imported on first use.
 * In Node the two files are read with `node:fs`, imported where they lie on disk.
 */
import { UnsupportedError } from "../ir/errors.ts";

export interface RasteriseOptions {
  /** Pixels of the picture per pixel of the figure. Default 2. */
  scale?: number;
  /** Further fonts (TTF, OTF or WOFF2) for characters that the bundled one lacks. */
  fonts?: readonly Uint8Array[];
  /** The bytes of `@resvg/resvg-wasm/index_bg.wasm`, for pages whose bundler does not resolve it. */
  wasm?: Uint8Array;
}

/** An SVG of this package's own as the bytes of a PNG file. Throws `UnsupportedError` where the rasteriser is not installed. */
export async function rasterise(
  svg: string,
  { scale = 2, fonts = [], wasm }: RasteriseOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { resvg, bundled } = await rasteriser(wasm);
  const family = "Inter";
  const drawing = new resvg.Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers: [...bundled, ...fonts], defaultFontFamily: family, sansSerifFamily: family },
  });
  const picture = drawing.render();
  const bytes = new Uint8Array(picture.asPng());
  picture.free();
  drawing.free();
  return bytes;
}

type Resvg = typeof import("@resvg/resvg-wasm");
interface Rasteriser {
  resvg: Resvg;
  bundled: readonly Uint8Array[];
}

let loading: Promise<Rasteriser> | null = null;

/** The rasteriser and the fonts, loaded once; a failure is not remembered. */
function rasteriser(wasm?: Uint8Array): Promise<Rasteriser> {
  loading ??= load(wasm).catch((cause: unknown) => {
    loading = null;
    throw new UnsupportedError({
      where: "plot.renderPng",
      problem: "the rasteriser could not be loaded",
      expected: "@resvg/resvg-wasm and the fonts of this package",
      got: cause instanceof Error ? cause.message : String(cause),
      try: "npm install @resvg/resvg-wasm, give its index_bg.wasm as the option wasm, or write the SVG",
      cause,
    });
  });
  return loading;
}

async function load(wasm?: Uint8Array): Promise<Rasteriser> {
  const resvg: Resvg = await import("@resvg/resvg-wasm");
  const [module, ...bundled] = await Promise.all([
    wasm ?? read(new URL(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm"))),
    read(new URL("../../assets/fonts/Inter-Regular.woff2", import.meta.url)),
    read(new URL("../../assets/fonts/Inter-SemiBold.woff2", import.meta.url)),
  ]);
  try {
    await resvg.initWasm(module);
  } catch (cause) {
    // The page may have started the same rasteriser itself; it refuses to start twice.
    if (!(cause instanceof Error && /already initialized/i.test(cause.message))) throw cause;
  }
  return { resvg, bundled };
}

async function read(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
