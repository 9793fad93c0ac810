/** Ctrl-C and the like: the first signal asks the command to end in order, a second one ends it at once. Node only. */
import { stopRunsOnSignals } from "../core/native.ts";
import { signalCodes } from "./exit-codes.ts";

export type EndSignal = keyof typeof signalCodes;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The signal that came, if one did. */
  received(): EndSignal | undefined;
  /** Back to the system's own handling. */
  release(): void;
}

/** A terminal and the program that started this one may both pass on one key press: these belong together. */
const sameKeyPress = 300;

/** Listens for signals until released. */
export function listenForSignals(): Interrupt {
  const controller = new AbortController();
  let first: { readonly name: EndSignal; readonly at: number } | undefined;
  const listeners = (Object.keys(signalCodes) as EndSignal[]).map((name) => {
    const listener = () => {
      if (first !== undefined && performance.now() - first.at > sameKeyPress) process.exit(signalCodes[name]);
      if (first !== undefined) return;
      first = { name, at: performance.now() };
      controller.abort(name);
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  // A long step in native code stops at once and this thread hears of the signal then. On wasm the step ends first: Node tells
  // signals to this thread alone, so that no helper could set the interrupt word for it.
  stopRunsOnSignals(listeners.map(([name]) => name));
  return {
    signal: controller.signal,
    received: () => first?.name,
    release: () => {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}
