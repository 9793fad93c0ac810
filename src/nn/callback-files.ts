/** Files of callbacks. What reads and writes them is loaded when a file is used, so that pages can load this one. */
import type { CallbackFiles } from "./callbacks/callback.ts";

/** Files of the machine; a file is replaced as a whole or not at all. */
export const callbackFiles: CallbackFiles = {
  async read(path) {
    const { fileExists, readFileBytes } = await import("../data/files.ts");
    return (await fileExists(path)) ? new TextDecoder().decode(await readFileBytes(path)) : undefined;
  },
  async write(path, text) {
    const { writeFileAtomic } = await import("../data/files.ts");
    await writeFileAtomic(path, new TextEncoder().encode(text));
  },
  async append(path, bytes) {
    const { appendToFile } = await import("../data/files.ts");
    await appendToFile(path, bytes);
  },
};
