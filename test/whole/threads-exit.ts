/** Starts processes that use threads and tells how they ended. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("threads-exit.mjs", import.meta.url));
const ways = [
  "at once",
  "at once, by exit",
  "with threads awake",
  "with threads asleep",
  "with threads let go",
];

/** How one process ended: empty where it ended well, in good time and without a word. */
function end(how: string, threads: number, kind: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { timeout: 60_000, killSignal: "SIGKILL" as const };
    execFile(process.execPath, [script, how, String(threads), kind], options, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trim();
      resolve(
        error === null && said === "" ? "" : `${kind}, ${how}, ${threads} threads: ${error?.message} ${said}`,
      );
    });
  });
}

/** The bad ends among `count` processes of a backend, each in another of the ways and with another number of threads. */
export async function badEnds(kind: "wasm" | "native", count: number): Promise<string[]> {
  const bad: string[] = [];
  for (let i = 0; i < count; i++) {
    const told = await end(ways[i % ways.length]!, 2 + (i % 3), kind);
    if (told !== "") bad.push(told);
  }
  return bad;
}
