import { TendrilError, UsageError } from "../../ir/errors.ts";
import { History } from "../history.ts";
import type { RunState } from "../resume/run-state.ts";
import type { StateTree } from "../resume/state-tree.ts";
import type { RunEvent } from "../run.ts";
import type { Callback, CallbackContext, Hook } from "./callback.ts";
import { Callback as CallbackBase } from "./callback.ts";
import { ProgbarLogger } from "./progbar-logger.ts";

/** Callbacks in the order in which they are told: the user's, then the history, then the progress bar. */
export class CallbackList {
  readonly callbacks: readonly Callback[];
  readonly history: History;
  readonly #keepers: readonly Callback[];

  /** Throws UsageError for an entry that is not a callback. */
  constructor(callbacks: readonly Callback[] | Callback | undefined, context: CallbackContext) {
    const given = callbacks === undefined ? [] : Array.isArray(callbacks) ? [...callbacks] : [callbacks];
    for (const c of given) if (!(c instanceof CallbackBase)) notACallback(c);
    this.history = given.find((c) => c instanceof History) ?? new History();
    const all: Callback[] = given.includes(this.history) ? given : [...given, this.history];
    if (context.params.verbose !== 0 && !given.some((c) => c instanceof ProgbarLogger)) {
      all.push(new ProgbarLogger());
    }
    this.callbacks = all;
    this.#keepers = all.filter((c) => c.keepRun !== CallbackBase.prototype.keepRun);
    for (const c of all) c.setContext(context);
  }

  /** True where a callback other than the base does something at `hook`. */
  listens(hook: Hook): boolean {
    return this.callbacks.some((c) => c[hook] !== CallbackBase.prototype[hook]);
  }

  /** True where a callback keeps runs, and so is told of all events. */
  get keepsRuns(): boolean {
    return this.#keepers.length > 0;
  }

  /** True where a callback ends training itself at a loss that is not finite. */
  get handlesNonFinite(): boolean {
    return this.callbacks.some((c) => c.handlesNonFinite);
  }

  /** Calls a hook of every callback. What a callback throws is reported with its name and `place`. */
  async call<H extends Hook>(hook: H, place: string, ...args: Parameters<Callback[H]>): Promise<void> {
    for (const c of this.callbacks) {
      if (c[hook] === CallbackBase.prototype[hook]) continue;
      try {
        const done = (c[hook] as (...a: unknown[]) => unknown)(...args);
        if (done instanceof Promise) await done;
      } catch (cause) {
        throw cause instanceof TendrilError ? cause : failed(c, hook, place, cause);
      }
    }
  }

  /** The state that the first callback which has one gives for the run to go on from. */
  async restoreRun(): Promise<RunState | undefined> {
    for (const c of this.callbacks) {
      const state = await c.restoreRun();
      if (state) return state;
    }
    return undefined;
  }

  /** Tells the callbacks that keep runs of an event that all callbacks know of. */
  async keepRun(event: RunEvent, save: () => RunState): Promise<void> {
    for (const c of this.#keepers) {
      const done = c.keepRun(event, save);
      if (done instanceof Promise) await done;
    }
  }

  /** Tells them that training was cancelled. */
  async keepInterrupted(save: () => RunState): Promise<void> {
    for (const c of this.#keepers) await c.keepInterrupted(save);
  }

  /** Frees what the callbacks hold. */
  async release(): Promise<void> {
    for (const c of this.callbacks) await c.release();
  }

  /** The states of the callbacks that have one, by class and number. */
  states(): Record<string, StateTree> {
    const states = [...this.#named()].map(([name, c]) => [name, c.state()] as const);
    return Object.fromEntries(states.filter((s): s is [string, StateTree] => s[1] !== undefined));
  }

  /** Puts them back; callbacks that were not there begin anew. */
  restoreStates(saved: Readonly<Record<string, StateTree>>): void {
    const states = new Map(Object.entries(saved));
    for (const [name, c] of this.#named()) {
      const state = states.get(name);
      if (state !== undefined) c.restoreState(state);
    }
  }

  *#named(): Generator<[string, Callback]> {
    const counts = new Map<string, number>();
    for (const c of this.callbacks) {
      const type = c.constructor.name;
      const count = counts.get(type) ?? 0;
      counts.set(type, count + 1);
      yield [`${type} ${count}`, c];
    }
  }
}

function failed(callback: Callback, hook: Hook, place: string, cause: unknown): UsageError {
  return new UsageError({
    where: `${callback.constructor.name}.${hook} (${place})`,
    problem: `the callback threw: ${cause instanceof Error ? cause.message : String(cause)}`,
    expected: "callbacks that return",
    try: "see the cause; the model has the weights of the last finished step",
    cause,
  });
}

function notACallback(value: unknown): never {
  throw new UsageError({
    where: "callbacks",
    problem: "an entry is not a callback",
    expected: "objects of classes that extend Callback",
    got: typeof value === "function" ? `the ${value.name || "function"} itself` : String(value),
    try: "make one with new, or wrap functions: new LambdaCallback({ onEpochEnd(epoch, logs) { … } })",
  });
}
