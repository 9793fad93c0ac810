/** The module that a page's engine runs: a real file, because strict policies forbid workers made of text. */
import { serveEngine } from "./serve.ts";

serveEngine();
