/** A static server of the repository for the browser tests, on this machine only. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Only these folders are served. */
const served = /^\/(dist|assets|test\/browser|node_modules\/(fflate|@resvg\/resvg-wasm))\//;
const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** Where a page finds the packages that the library names. */
const importMap = JSON.stringify({
  imports: {
    tendril: "/dist/index.js",
    "tendril/": "/dist/",
    "tendril/core": "/dist/core/index.js",
    "tendril/nn": "/dist/nn/index.js",
    "tendril/data": "/dist/data/index.js",
    "tendril/formats": "/dist/formats/index.js",
    "tendril/plot": "/dist/plot/index.js",
    "tendril/browser": "/dist/browser/index.js",
    fflate: "/node_modules/fflate/esm/browser.js",
    "@resvg/resvg-wasm": "/node_modules/@resvg/resvg-wasm/index.mjs",
    "@resvg/resvg-wasm/index_bg.wasm": "/node_modules/@resvg/resvg-wasm/index_bg.wasm",
  },
});
const page = `<!doctype html><meta charset="utf-8"><title>Tendril</title><link rel="icon" href="data:,">
<script type="importmap">${importMap}</script><script type="module" src="/test/browser/page.mjs"></script>`;

/** A strict policy: nothing from elsewhere, no code from text, no blobs; the import map by its hash. */
const policy = [
  "default-src 'none'",
  `script-src 'self' 'wasm-unsafe-eval' 'sha256-${createHash("sha256").update(importMap).digest("base64")}'`,
  "worker-src 'self'",
  "img-src data:",
  "connect-src 'self'",
].join("; ");

/** Serves until `close`; `isolated` pages may share memory between threads. */
export async function serve({ isolated }: { isolated: boolean }) {
  const headers = {
    "content-security-policy": policy,
    ...(isolated && {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
    }),
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const send = (status: number, type: string, body: string | Uint8Array) =>
      response.writeHead(status, { ...headers, "content-type": type }).end(body);
    if (path === "/") return send(200, "text/html", page);
    const file = join(root, path.split("/").join(sep));
    const body = served.test(path) && file.startsWith(root) ? await readFile(file).catch(() => null) : null;
    return body === null
      ? send(404, "text/plain", "not found")
      : send(200, types[extname(file)] ?? "application/octet-stream", body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
