/** What is written on terminals and elsewhere. */
import { describe, expect, test } from "vitest";
import { printable, Terminal } from "../../src/cli/terminal.ts";
import { beside, wrap } from "../../src/cli/wrap.ts";
import { Progress } from "../../src/nn/progress.ts";

function terminal(options: { isTTY?: boolean; columns?: number }, env: Record<string, string> = {}) {
  let text = "";
  const out = { ...options, write: (more: string) => void (text += more) };
  return { terminal: new Terminal(out, env), written: () => text };
}

/** What stands on the screen after `text`, for carriage returns and erased lines. */
function screen(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.slice(line.lastIndexOf("\r\u001b[K") + 1).replace("\u001b[K", ""));
}

describe("printable", () => {
  test.each([
    ["a\u001b[2Jb", "a\\x1b[2Jb"],
    ["line\nbreak\r", "line\\nbreak\\x0d"],
    ["\u202egnp.exe", "\\u{202e}gnp.exe"],
    ["\u2028\u009b31m", "\\u{2028}\\x9b31m"],
    ["Zürich 数字 ✓", "Zürich 数字 ✓"],
  ])("%j", (hostile, harmless) => {
    expect(printable(hostile)).toBe(harmless);
  });
});

test("text is cut between words, under its head", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("a-word-that-is-long b", 5)).toEqual(["a-word-that-is-long", "b"]);
  expect(beside("  --flag  ", "what it is for", 18)).toBe("  --flag  what it\n          is for");
});

describe("Terminal", () => {
  test("progress on a terminal is one line, never wider than the terminal while it is painted over", () => {
    const { terminal: t, written } = terminal({ isTTY: true, columns: 40 });
    let now = 0;
    const progress = new Progress({ printer: t.printer(), verbose: 1, target: 10, clock: () => (now += 1) });
    progress.update(1, { loss: 1.5, accuracy: 0.25 });
    progress.update(2, { loss: 1.25, accuracy: 0.5 });
    expect(screen(written())).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    const plain = screen(written())[0]!.replace(/\u001b\[\d+m/g, "");
    expect(plain).toMatch(/^ 2\/10 ━/);
    expect(plain.length).toBeLessThan(40);
    t.line("over");
    expect(written()).toMatch(/\nover\n$/);
  });

  test("NO_COLOR and pipes get no escapes", () => {
    const plain = terminal({ isTTY: true }, { NO_COLOR: "1" });
    expect(plain.terminal.style("x", "red")).toBe("x");
    plain.terminal.printer().write("\b\b\r\u001b[1m1/2\u001b[0m");
    expect(plain.written()).toBe("\r\u001b[K1/2");
    const piped = terminal({});
    piped.terminal.passing("nothing");
    piped.terminal.clear();
    expect(piped.written()).toBe("");
    expect(piped.terminal.interactive).toBe(false);
    expect(terminal({ isTTY: true }, { TERM: "dumb" }).terminal.interactive).toBe(false);
  });
});
