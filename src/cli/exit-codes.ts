/** Exit codes, and which error means which. */
import { type ErrorCode, TendrilError } from "../ir/errors.ts";

export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  data: 3,
  model: 4,
  diverged: 5,
} as const;

/** Signals that end a command; the exit code is 128 and the number of the signal. */
export const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;

const byCode: Readonly<Record<ErrorCode, number>> = {
  usage: exitCodes.usage,
  data: exitCodes.data,
  format: exitCodes.data,
  limit: exitCodes.data,
  shape: exitCodes.data,
  dtype: exitCodes.data,
  checkpoint: exitCodes.model,
  numeric: exitCodes.diverged,
  cancelled: signalCodes.SIGINT,
  unsupported: exitCodes.unexpected,
  device: exitCodes.unexpected,
  internal: exitCodes.unexpected,
};

/** An error about a MODEL argument: whatever its kind, the exit code is that of bad model files. */
export class BadModel extends Error {
  readonly error: TendrilError;

  constructor(error: TendrilError) {
    super(error.message, { cause: error });
    this.error = error;
  }
}

/** The error as Tendril's own, and the exit code it means. */
export function classify(thrown: unknown): { error: TendrilError; exitCode: number } {
  if (thrown instanceof BadModel) return { error: thrown.error, exitCode: exitCodes.model };
  if (thrown instanceof TendrilError) {
    // NaN in the data set is bad data; NaN that training made out of good data is divergence.
    const inData = thrown.code === "numeric" && thrown.details.row !== undefined;
    return { error: thrown, exitCode: inData ? exitCodes.data : byCode[thrown.code] };
  }
  const error = new TendrilError("internal", {
    where: "tendril",
    problem: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown),
    try: "report this as a bug, with the command and the lines above",
    cause: thrown,
  });
  return { error, exitCode: exitCodes.unexpected };
}
