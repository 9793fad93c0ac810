/** Writes gzip and zlib streams, by fflate. Apart from the readers, so that these load without any library. */
import { gzipSync, zlibSync } from "fflate";

export type CompressionLevel = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** Compresses to one gzip member without name or time, so that equal bytes give equal files. */
export function gzip(bytes: Uint8Array, options: { level?: CompressionLevel } = {}): Uint8Array {
  return gzipSync(bytes, { level: options.level ?? 6, mtime: 0 });
}

/** Compresses to a zlib stream. */
export function deflateZlib(bytes: Uint8Array, level: CompressionLevel = 6): Uint8Array {
  return zlibSync(bytes, { level });
}
