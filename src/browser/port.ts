/** What goes between a page and its engine: numbered calls, and what answers them. Plain data, as structured cloning takes it. */
import * as errors from "../ir/errors.ts";

/** One end of a channel: a Worker, the global scope of one, a MessagePort. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/** The parts of a page's Worker that are used, typed here because no DOM types are loaded. */
export interface WorkerLike extends Port {
  onerror: ((event: { readonly message?: string; preventDefault?(): void }) => void) | null;
  terminate(): void;
}

export interface CallOptions {
  /** Ends the call with a CancelledError. */
  readonly signal?: AbortSignal | undefined;
  /** Told of what the task reports on its way. */
  readonly onEvent?: ((event: never) => void) | undefined;
}

/** From the page. */
export type Request =
  | { readonly call: number; readonly task: string; readonly argument: unknown }
  | { readonly call: number; readonly abort: true };

/** From the worker. */
export type Reply =
  | { readonly ready: EngineFacts }
  | { readonly call: number; readonly event: unknown }
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly error: PlainError };

/** What an engine says of itself when it starts. */
export interface EngineFacts {
  /** How many threads compute. */
  readonly threads: number;
  /** Whether memory may be shared between threads there. */
  readonly isolated: boolean;
}

/** An error as plain data. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of Tendril's own errors. */
  readonly parts?: errors.ErrorParts;
}

/** An error as it is sent. Causes and what cannot be copied stay behind. */
export function plainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error))
    return { name: "Error", message: `not an error was thrown: ${String(thrown)}`, stack: undefined };
  const { name, message, stack } = thrown;
  if (!(thrown instanceof errors.TendrilError)) return { name, message, stack };
  const { where, problem, expected, got, details } = thrown;
  const parts = {
    ...{ where, problem },
    ...(expected !== undefined && { expected }),
    ...(got !== undefined && { got }),
    ...(thrown.try !== undefined && { try: thrown.try }),
    details: JSON.parse(JSON.stringify(details)) as Record<string, unknown>,
  };
  return { name, message, stack, parts };
}

const classes = new Map<string, new (parts: errors.ErrorParts) => errors.TendrilError>(
  [
    ...[errors.ShapeError, errors.DTypeError, errors.FormatError, errors.LimitError, errors.UnsupportedError],
    ...[errors.NumericError, errors.DataError, errors.DeviceError, errors.CheckpointError],
    ...[errors.CancelledError, errors.UsageError],
  ].map((type) => [type.name, type]),
);

/** The error that was sent, of the class that it had. */
export function revivedError({ name, message, stack, parts }: PlainError): Error {
  const type = classes.get(name);
  const error = type && parts ? new type(parts) : Object.assign(new Error(message), { name });
  if (stack !== undefined) error.stack = `${error.stack}\nin the engine:\n${stack}`;
  return error;
}
