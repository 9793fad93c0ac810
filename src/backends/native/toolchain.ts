/** The C compiler of this machine, and what the machine can do according to it. */
import { UnsupportedError } from "../../ir/index.ts";
import { nodeModule } from "./node.ts";

export interface Toolchain {
  /** The command. */
  readonly compiler: string;
  /** What it calls itself, for people. */
  readonly version: string;
  /** Lanes of the machine's vector registers. */
  readonly lanes: number;
  /** The flags that every unit is compiled with. */
  readonly flags: readonly string[];
  /** Everything that decides what the compiler makes of a source: its version, the features of the processor, the flags. */
  readonly identity: string;
}

/** Where answers of compilers are kept: asking one takes 30 ms. */
export interface Answers {
  read(name: string): string | undefined;
  write(name: string, text: string): void;
}

/** Tried in this order, unless `TENDRIL_CC` names a compiler. */
const COMPILERS = ["cc", "gcc", "clang"];

/** How compilers are told to use all that this processor has. */
const HERE = [["-march=native"], ["-mcpu=native"], []];

/**
 * Arithmetic as it is written: products and sums stay apart, no algebra, integers wrap. Nobody looks at `errno` or at
 * floating-point traps.
 */
const FLAGS = [
  "-std=gnu11",
  "-ffp-contract=off",
  "-fwrapv",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fno-strict-aliasing",
  "-fPIC",
  "-shared",
  "-pthread",
  "-w",
];

/**
 * Of GCC's -O2 what kernels gain from, in 70 % of the time: they are vectors already, and each value is computed once.
 */
const GCC = [
  "-O1",
  "-fgcse",
  "-frerun-cse-after-loop",
  "-fschedule-insns2",
  "-freorder-blocks-algorithm=stc",
  "-falign-functions",
  "-falign-loops",
  "-falign-jumps",
];
const CLANG = ["-O2"];

/** Milliseconds that a compiler may take to say what it is. */
const PATIENCE = 5_000;

function unsupported(problem: string, got: string): UnsupportedError {
  return new UnsupportedError({
    where: "backend native",
    problem,
    expected: "a C compiler (cc, gcc or clang) on a POSIX system",
    got,
    try: 'install a C compiler, name one in TENDRIL_CC, or use the backend "wasm", which computes the same bits',
  });
}

/** The toolchain of this machine, as it is or as the `kept` answers have it. Throws UnsupportedError, saying why, where there is none. */
export function findToolchain(kept?: () => Answers): Toolchain {
  const { platform, arch, env } = process;
  if (platform === "win32") throw unsupported("there is no native backend for this system", platform);
  const answers = kept?.();
  const named = env.TENDRIL_CC;
  const failures: string[] = [];
  for (const compiler of named ? [named] : COMPILERS) {
    for (const here of HERE) {
      const macros = macrosOf(compiler, here, answers);
      if (macros instanceof Map) return describe(compiler, here, macros, `${platform} ${arch}`);
      failures.push(macros);
      // No other flags help one that is not there, cannot be run or does not answer.
      if (/: E[A-Z]+$/.test(macros)) break;
    }
  }
  throw unsupported("no C compiler works", failures.join("; "));
}

/** The macros that a compiler defines on this processor, or why it does not say. */
function macrosOf(
  compiler: string,
  here: readonly string[],
  answers: Answers | undefined,
): Map<string, string> | string {
  const [file, processor] = answers ? [fileOf(compiler), processorHere()] : [];
  if (answers === undefined || file === undefined || processor === undefined)
    return askCompiler(compiler, here);
  const question = [file, processor, ...here].join("\n");
  const known = answers.read(question);
  if (known !== undefined) return new Map(JSON.parse(known) as [string, string][]);
  const macros = askCompiler(compiler, here);
  if (macros instanceof Map) answers.write(question, JSON.stringify([...macros]));
  return macros;
}

/** The file that a command runs, with what tells that it has changed. */
function fileOf(command: string): string | undefined {
  const fs = nodeModule("node:fs");
  const folders = command.includes("/") ? [""] : (process.env.PATH ?? "").split(":").map((f) => `${f}/`);
  for (const folder of folders) {
    // An empty name means the current folder.
    if (folder === "/") return undefined;
    const path = folder + command;
    try {
      const stat = fs.statSync(path);
      if (!stat.isFile() || (stat.mode & 0o111) === 0) continue;
      return [fs.realpathSync(path), stat.ino, stat.size, stat.mtimeMs].join(" ");
    } catch {
      // It is in another folder, or nowhere.
    }
  }
  return undefined;
}

/** The lines in which Linux says what a processor can do. */
const PROCESSOR = /^(?:vendor_id|cpu family|model|model name|stepping|flags|CPU \w+|Features)\s*:.*$/gm;

/** What the first processor is; undefined where the system does not say. */
function processorHere(): string | undefined {
  try {
    const [first] = nodeModule("node:fs").readFileSync("/proc/cpuinfo", "utf8").split("\n\n");
    return first!.match(PROCESSOR)?.join("\n");
  } catch {
    return undefined;
  }
}

/** The macros that a compiler defines, or why it does not say. */
function askCompiler(compiler: string, here: readonly string[]): Map<string, string> | string {
  const { spawnSync } = nodeModule("node:child_process");
  const args = [...here, "-dM", "-E", "-x", "c", "/dev/null"];
  const { status, stdout, stderr, error } = spawnSync(compiler, args, {
    encoding: "utf8",
    timeout: PATIENCE,
  });
  if (error) return `${compiler}: ${(error as NodeJS.ErrnoException).code ?? error.message}`;
  const lines = stdout.matchAll(/^#define (\S+) (.*)$/gm);
  const macros = new Map(Array.from(lines, ([, name, value]) => [name!, value!]));
  if (status === 0 && macros.has("__VERSION__")) return macros;
  return `${compiler} ${here.join(" ")}: ${stderr.split("\n")[0] || `exit status ${status}`}`;
}

function describe(
  compiler: string,
  here: readonly string[],
  macros: ReadonlyMap<string, string>,
  system: string,
): Toolchain {
  if (
    macros.get("__BYTE_ORDER__") !== "__ORDER_LITTLE_ENDIAN__" ||
    macros.get("__SIZEOF_POINTER__") !== "8"
  ) {
    throw unsupported("there is no native backend for this processor", system);
  }
  const flags = [...FLAGS, ...(macros.has("__clang__") ? CLANG : GCC), ...here];
  // Node's own functions are found when the runner is loaded.
  if (process.platform === "darwin") flags.push("-undefined", "dynamic_lookup");
  const all = [...macros].map(([name, value]) => `${name} ${value}`).sort();
  return {
    compiler,
    version: JSON.parse(macros.get("__VERSION__")!) as string,
    lanes: macros.has("__AVX512F__") ? 16 : macros.has("__AVX2__") ? 8 : 4,
    flags,
    identity: [system, compiler, ...flags, ...all].join("\n"),
  };
}
