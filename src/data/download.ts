/** Downloads over HTTP with progress, a stall limit, and resumption after an interruption. */
import { CancelledError, DataError } from "../ir/errors.ts";

export interface DownloadProgress {
  /** The file's name. */
  readonly name: string;
  readonly received: number;
  /** Bytes in all, where the server says. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** For messages and progress. */
  name: string;
  /** Refuse more bytes than this. */
  maxBytes: number;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Default: the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Give up after this long without a byte. Default 30 s. */
  stallMs?: number | undefined;
  /** How often an interrupted transfer is continued. Default 3. */
  retries?: number | undefined;
}

/**
 * The bytes at `url`. An interrupted transfer is continued where it stopped, if the server can, else begun again.
 *
 * @throws DataError for an answer other than success, more than `maxBytes`, a stalled or broken connection;
 *   CancelledError when `signal` fires.
 */
export async function download(url: string, options: DownloadOptions): Promise<Uint8Array> {
  const transfer = new Transfer(url, options);
  for (let left = options.retries ?? 3; ; left--) {
    try {
      await transfer.run();
      return transfer.bytes();
    } catch (cause) {
      if (options.signal?.aborted) {
        throw new CancelledError({
          where: options.name,
          problem: "the download was stopped on request",
          try: "run again to download it",
          cause,
        });
      }
      if (cause instanceof DataError) throw cause;
      // Trying again helps where something came; a host that cannot be reached at all is told at once.
      if (left === 0 || transfer.received === 0) throw failed(url, options.name, reasonOf(cause), cause);
    }
  }
}

class Transfer {
  readonly url: string;
  readonly options: DownloadOptions;
  chunks: Uint8Array[] = [];
  received = 0;
  /** Identifies the file's version, so that two versions are never joined. */
  version: string | null = null;

  constructor(url: string, options: DownloadOptions) {
    this.url = url;
    this.options = options;
  }

  bytes(): Uint8Array {
    const out = new Uint8Array(this.received);
    let at = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  /** One request, from the first byte that is missing. */
  async run(): Promise<void> {
    const { name, signal, maxBytes, onProgress } = this.options;
    const stall = new AbortController();
    const stallMs = this.options.stallMs ?? 30_000;
    const stop = () => stall.abort(new Error(`no data for ${stallMs / 1000} s`));
    let timer = setTimeout(stop, stallMs);
    const onAbort = () => stall.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    try {
      const response = await (this.options.fetch ?? fetch)(this.url, {
        signal: stall.signal,
        headers: this.rangeHeaders(),
      });
      const total = this.accept(response);
      const reader = response.body?.getReader();
      for (;;) {
        const part = await reader?.read();
        if (part === undefined || part.done) break;
        clearTimeout(timer);
        timer = setTimeout(stop, stallMs);
        this.chunks.push(part.value);
        this.received += part.value.length;
        if (this.received > maxBytes) {
          stall.abort();
          throw failed(this.url, name, `more than the ${maxBytes} bytes that the file has`);
        }
        onProgress?.({ name, received: this.received, total });
      }
      if (total !== undefined && this.received < total)
        throw new Error(`the connection ended at ${this.received} of ${total} bytes`);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  rangeHeaders(): Record<string, string> {
    if (this.received === 0 || this.version === null) return {};
    return { range: `bytes=${this.received}-`, "if-range": this.version };
  }

  /** Checks the answer's head; the length of the whole file, where it is said. */
  accept(response: Response): number | undefined {
    if (!response.ok)
      throw failed(
        this.url,
        this.options.name,
        `the server answered ${response.status} ${response.statusText}`,
      );
    if (response.status !== 206) {
      this.chunks = [];
      this.received = 0;
    }
    const etag = response.headers.get("etag");
    this.version = etag?.startsWith("W/") ? null : etag;
    // With a content encoding the length is not that of the bytes we get.
    const length =
      response.headers.get("content-encoding") === null ? response.headers.get("content-length") : null;
    return length === null ? undefined : this.received + Number(length);
  }
}

/** The innermost message: `fetch failed` says nothing, its cause does. */
function reasonOf(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  const code = (at as { code?: unknown }).code;
  return `${at instanceof Error ? at.message : String(at)}${typeof code === "string" && !String(at).includes(code) ? ` (${code})` : ""}`;
}

function failed(url: string, name: string, reason: string, cause?: unknown): DataError {
  return new DataError({
    where: name,
    problem: "the download failed",
    expected: `the file from ${url}`,
    got: reason,
    try: "check the connection and run again",
    details: { url },
    cause,
  });
}
