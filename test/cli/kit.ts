/** Runs the built program in processes of their own, on small data. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digits } from "../../src/data/index.ts";

const program = fileURLToPath(new URL("../../bin/tendril.js", import.meta.url));

export interface Ended {
  /** The exit code; null where a signal ended the process itself. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sent once the text has appeared on the standard error. */
  readonly signalAfter?: { readonly text: string; readonly signal: NodeJS.Signals };
}

/** `tendril ARGS` to its end. */
export function tendril(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const env = { ...process.env, TENDRIL_DATA: "", ...options.env };
  const child = spawn(process.execPath, [program, ...args], { cwd: options.cwd, env });
  let [stdout, stderr, signalled] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    const { text: awaited, signal } = options.signalAfter ?? {};
    if (awaited === undefined || signalled || !stderr.includes(awaited)) return;
    signalled = true;
    child.kill(signal);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** As `tendril`, with `--json`; the standard output must be one document. */
export async function tendrilJson(args: readonly string[], options: RunOptions = {}) {
  const ended = await tendril([...args, "--json"], options);
  // biome-ignore lint/suspicious/noExplicitAny: documents of every command
  return { ...ended, document: JSON.parse(ended.stdout) as any };
}

/** A folder that `remove` takes away. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "tendril-cli-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes a folder of data with MNIST's four files, holding so few drawn digits. `cut` shortens the training images. */
export function writeMnist(folder: string, { train = 120, test = 40, cut = 0 } = {}): void {
  const set = digits({ train, test });
  const base = join(folder, "mnist");
  mkdirSync(base, { recursive: true });
  const parts = [
    ["train", set.train, cut],
    ["t10k", set.test, 0],
  ] as const;
  for (const [name, { images, labels }, less] of parts) {
    const body = images.subarray(0, images.length - less);
    writeFileSync(join(base, `${name}-images-idx3-ubyte`), idx([labels.length, 28, 28], body));
    writeFileSync(join(base, `${name}-labels-idx1-ubyte`), idx([labels.length], labels));
  }
}

/** An IDX file of bytes. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, 8);
  header.setUint8(3, shape.length);
  shape.forEach((size, i) => {
    header.setUint32(4 + 4 * i, size);
  });
  return Buffer.concat([new Uint8Array(header.buffer), data]);
}
