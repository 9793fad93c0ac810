/** Words and calls that do not belong in the repository. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, root, type Source } from "./sources.ts";

interface Rule {
  readonly what: RegExp;
  readonly why: string;
  /** The files concerned. */
  readonly where: (path: string) => boolean;
}

const inLibrary = (path: string) => path.startsWith("src/") && !path.startsWith("src/cli/");
const inSource = (path: string) => path.startsWith("src/");

/** Looked for in code without comments. */
const inCode: readonly Rule[] = [
  { what: /\bMath\.random\b/, why: "randomness is keyed and counter-based", where: inSource },
  { what: /\bconsole\.log\b/, why: "printing is done through a printer", where: inLibrary },
  {
    what: /\beval\s*\(|\bnew Function\b|\bFunction\s*\(\s*["'`]/,
    why: "no code is made from text",
    where: inSource,
  },
  { what: /\bset(?:Timeout|Interval)\s*\(\s*["'`]/, why: "no code is made from text", where: inSource },
  { what: /\bimport\(\s*[^"'`\s)]/, why: "what is loaded is written down", where: inLibrary },
  { what: /\binnerHTML\b|\bdocument\.write\b/, why: "text is never markup", where: inSource },
  {
    what: /\bMath\.(?:exp|expm1|log|log1p|log10|sin|cos|tan|tanh|sinh|cosh|pow|atan2?|asin|acos|cbrt)\b/,
    why: "engines round these differently; numbers that weights depend on use src/compile/numerics.ts",
    where: (path) => /^src\/(compile|backends)\//.test(path) && !path.startsWith("src/backends/reference/"),
  },
];

/** Looked for everywhere: work that is unfinished, and what belongs to one machine. Spelt so that this file passes. */
const anywhere: readonly Rule[] = [
  {
    what: new RegExp(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].map((w) => `\\b${w}\\b`).join("|")),
    why: "finish it, or open an issue",
    where: () => true,
  },
  {
    what: new RegExp(`not (?:yet )?implement${"ed"}|place${"holder"}|\\bstu${"b"}\\b`, "i"),
    why: "build the real thing",
    where: () => true,
  },
  { what: /(?:^|[\s"'`(])\/(?:work|root)\/[a-z.]/, why: "a path of one machine", where: () => true },
];

const documents = (path: string) => path !== "CHANGELOG.md";

/** Every place where a rule is broken, one line each. */
export function checkWords(sources: readonly Source[]): string[] {
  const texts = filesBelow("", [".md"])
    .filter(documents)
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  return [
    ...sources.flatMap((s) => broken(s.path, s.code, inCode)),
    ...[...sources, ...texts].flatMap((s) => broken(s.path, s.text, anywhere)),
  ];
}

function broken(path: string, text: string, rules: readonly Rule[]): string[] {
  const lines = text.split("\n");
  return rules
    .filter((rule) => rule.where(path))
    .flatMap((rule) =>
      lines.filter((l) => rule.what.test(l)).map((l) => `${path}: ${rule.why}: ${l.trim().slice(0, 80)}`),
    );
}
