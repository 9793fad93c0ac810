/**
 * The typed errors of Tendril. Every error says four things: where it happened, what was expected, what was got,
 * and what to try. Nothing else is thrown by a public function.
 */

export type ErrorCode =
  | "shape"
  | "dtype"
  | "format"
  | "limit"
  | "unsupported"
  | "numeric"
  | "data"
  | "device"
  | "checkpoint"
  | "cancelled"
  | "usage"
  | "internal";

/** The four parts of a message; `details` is any further context (step, row, offset …), kept as plain data. */
export interface ErrorParts {
  /** The operation, layer, file or argument concerned, e.g. `matmul` or `model.layers.2 (Dense)`. */
  where: string;
  /** One line that says what went wrong. */
  problem: string;
  expected?: string;
  got?: string;
  try?: string;
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** Base class of every error thrown by Tendril. `code` is stable; the text is for people. */
export class TendrilError extends Error {
  readonly code: ErrorCode;
  readonly where: string;
  readonly problem: string;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly try: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(render(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = code;
    this.where = parts.where;
    this.problem = parts.problem;
    this.expected = parts.expected;
    this.got = parts.got;
    this.try = parts.try;
    this.details = parts.details ?? {};
    this.name = new.target.name;
  }

  /** The form printed by `--json` on failure. */
  toJSON(): Record<string, unknown> {
    const { code, where, expected, got } = this;
    return {
      code,
      where,
      message: this.message.split("\n")[0],
      expected,
      got,
      try: this.try,
      ...this.details,
    };
  }
}

function render(parts: ErrorParts): string {
  const lines = [`${parts.where}: ${parts.problem}`];
  if (parts.expected !== undefined) lines.push(`  expected ${parts.expected}`);
  if (parts.got !== undefined) lines.push(`  got      ${parts.got}`);
  if (parts.try !== undefined) lines.push(`  try      ${parts.try}`);
  return lines.join("\n");
}

/** Sizes do not fit together. */
export class ShapeError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("shape", parts);
  }
}
/** An element type that the operation does not take. */
export class DTypeError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("dtype", parts);
  }
}
/** A file that is not what it says it is, or is cut short. */
export class FormatError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("format", parts);
  }
}
/** A declared size is beyond a stated limit; the message names the option that raises it. */
export class LimitError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("limit", parts);
  }
}
/** Something that Tendril knows of and does not do. */
export class UnsupportedError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("unsupported", parts);
  }
}
/** NaN or infinity where finite numbers are needed. */
export class NumericError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("numeric", parts);
  }
}
/** Data that are missing, or do not fit the model. */
export class DataError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("data", parts);
  }
}
/** The machine refused: no memory, no threads, no such backend. */
export class DeviceError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("device", parts);
  }
}
/** A checkpoint could not be written or read. */
export class CheckpointError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("checkpoint", parts);
  }
}
/** Stopped on request. */
export class CancelledError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("cancelled", parts);
  }
}
/** A call or command line that makes no sense as given. */
export class UsageError extends TendrilError {
  constructor(parts: ErrorParts) {
    super("usage", parts);
  }
}

/** Thrown for what should be impossible: a bug of Tendril's own. */
export function internal(problem: string): never {
  throw new TendrilError("internal", {
    where: "internal",
    problem,
    try: "report this as a bug, with the lines that led here",
  });
}
