/** Runs worker.ts from its source, while Tendril itself is worked on; the built library starts worker.js. */
import { register } from "tsx/esm/api";

register();
await import("./worker.ts");
