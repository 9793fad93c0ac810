/** The literal backend: interprets Kernels as they stand. The oracle for emitters, and the last resort. */
import { MachineBackend } from "../runner.ts";
import { JsMachine } from "./machine.ts";

/** A fresh backend with a memory of its own. */
export function createJsBackend(): MachineBackend {
  return new MachineBackend(
    "js",
    { lanes: 16, tile: { rows: 4, columns: 8 }, neighbours: true, prefetch: false },
    new JsMachine(),
  );
}
