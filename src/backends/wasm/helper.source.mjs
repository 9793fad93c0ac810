/** Runs helper.ts from its source, while Tendril itself is worked on; the built library starts helper.js. */
import { register } from "tsx/esm/api";

register();
await import("./helper.ts");
