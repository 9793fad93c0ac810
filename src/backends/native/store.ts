/**
 * Compiled units on disk. A unit is an object (a shared library) named by its own SHA-256, and a list of what is in it,
 * named likewise; a text (a plan) begins with the hash of the rest. Nothing is ever changed in place, so that processes need not
 * know of each other.
 *
 * What is loaded from here runs as this user: the folder must be this user's own and closed to others, and an object is
 * loaded only if it is a plain file of this user, writable by nobody else, whose content has the hash in its name.
 * Whatever is damaged or foreign is treated as absent.
 */
import { cacheFolder } from "../../ir/cache-folder.ts";
import { UnsupportedError } from "../../ir/index.ts";
import { nodeModule } from "./node.ts";

/** Bytes that all units together may take; the least recently used go first. */
const MOST_BYTES = 256 * 2 ** 20;
/** What is left after making room, so that it is not made again at once. */
const ROOM = 0.75;
/** Milliseconds after which the leftovers of a compilation are litter. */
const LITTER_AGE = 3_600_000;

/** What folders of compilations in progress begin with. */
const WORK = "work-";
/** Characters of a hash. */
const HASH = 64;
const OBJECT = ".so";
const LIST = ".json";
const TEXT = ".txt";

/** What a store holds, for `tendril doctor`. */
export interface StoreReport {
  readonly folder: string;
  readonly units: number;
  readonly bytes: number;
}

interface Listing {
  /** The hash of the object. */
  readonly object: string;
  /** The functions in it. */
  readonly symbols: readonly string[];
}

export function sha256(data: string | Uint8Array): string {
  return nodeModule("node:crypto").createHash("sha256").update(data).digest("hex");
}

/** The folder of compiled kernels of this user. */
export function storeFolder(): string {
  const home = nodeModule("node:os").homedir();
  return `${cacheFolder({ platform: process.platform, home, env: process.env })}/native`;
}

/** How much there is in the folder, without making it. */
export function reportStore(folder = storeFolder()): StoreReport {
  const files = everyFile(folder);
  const bytes = files.reduce((sum, f) => sum + f.bytes, 0);
  return { folder, units: files.filter((f) => f.path.endsWith(LIST)).length, bytes };
}

/** Removes all compiled units. Processes that have loaded some keep them. */
export function clearStore(folder = storeFolder()): void {
  nodeModule("node:fs").rmSync(folder, { recursive: true, force: true });
}

interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  readonly used: number;
}

/** The plain files in the folders of the store. */
function everyFile(folder: string): FoundFile[] {
  const out: FoundFile[] = [];
  for (const sub of namesIn(folder)) {
    if (sub.startsWith(WORK)) continue;
    for (const name of namesIn(`${folder}/${sub}`)) {
      const path = `${folder}/${sub}/${name}`;
      const stat = statOf(path);
      if (stat?.isFile()) out.push({ path, bytes: stat.size, used: stat.mtimeMs });
    }
  }
  return out;
}

function namesIn(folder: string): string[] {
  try {
    return nodeModule("node:fs").readdirSync(folder);
  } catch {
    return [];
  }
}

function unusable(problem: string, folder: string, cause?: unknown): UnsupportedError {
  return new UnsupportedError({
    where: "backend native",
    problem,
    expected: "a folder of this user's own, closed to others, for compiled kernels",
    got: cause === undefined ? folder : `${folder} (${(cause as NodeJS.ErrnoException).code ?? cause})`,
    try: 'name another folder in TENDRIL_CACHE, or use the backend "wasm", which computes the same bits',
    cause,
  });
}

/** A unit: the paths of its object and of the list of what is in it. */
interface Unit {
  readonly object: string;
  readonly list: string;
}

/** The units that one toolchain has compiled. */
export class UnitStore {
  private readonly root: string;
  private readonly mostBytes: number;
  private readonly folder: string;
  /** The unit in which a function is. */
  private readonly units = new Map<string, Unit>();
  /** The lists that were looked at. */
  private readonly seen = new Set<string>();
  /** Files of units that this process uses. */
  private readonly inUse = new Set<string>();
  private hasRoom = false;

  /** Makes the folder. Throws UnsupportedError where it cannot be written or is not safe. */
  constructor(identity: string, root = storeFolder(), mostBytes = MOST_BYTES) {
    this.root = root;
    this.mostBytes = mostBytes;
    this.folder = `${root}/${sha256(identity).slice(0, 32)}`;
    secureFolder(root);
    secureFolder(this.folder);
    this.refresh();
  }

  /** The path of the checked object that has the function `symbol`, if there is one. */
  find(symbol: string): string | undefined {
    const unit = this.units.get(symbol);
    if (unit === undefined) return undefined;
    if (this.inUse.has(unit.object)) return unit.object;
    if (!isTrusted(unit.object, OBJECT)) {
      this.forget(unit);
      return undefined;
    }
    for (const path of [unit.object, unit.list]) {
      this.inUse.add(path);
      touch(path);
    }
    return unit.object;
  }

  /** Removes what cannot be loaded. */
  private forget(unit: Unit): void {
    for (const path of [unit.list, unit.object]) nodeModule("node:fs").rmSync(path, { force: true });
    for (const [symbol, u] of this.units) if (u === unit) this.units.delete(symbol);
    this.seen.delete(unit.list);
  }

  /** Takes note of units that have come since, from this process or from others. */
  refresh(): void {
    for (const name of namesIn(this.folder)) {
      const list = `${this.folder}/${name}`;
      if (!name.endsWith(LIST) || this.seen.has(list)) continue;
      this.seen.add(list);
      const listing = readListing(list);
      if (listing === undefined) continue;
      const unit = { object: `${this.folder}/${listing.object}${OBJECT}`, list };
      for (const symbol of listing.symbols) this.units.set(symbol, unit);
    }
  }

  /** A folder for the files of a compilation, on the same file system. */
  workFolder(): string {
    const fs = nodeModule("node:fs");
    try {
      return fs.mkdtempSync(`${this.root}/${WORK}`);
    } catch (cause) {
      throw unusable("compiled kernels cannot be kept", this.root, cause);
    }
  }

  /** Takes over a finished object with these functions in it. */
  add(object: string, symbols: readonly string[]): void {
    const fs = nodeModule("node:fs");
    try {
      fs.chmodSync(object, 0o500);
      const hash = sha256(fs.readFileSync(object));
      const listing = JSON.stringify({ object: hash, symbols } satisfies Listing);
      const draft = `${object}${LIST}`;
      fs.writeFileSync(draft, listing, { mode: 0o400 });
      // The object first: whoever sees the list finds what it names.
      fs.renameSync(object, `${this.folder}/${hash}${OBJECT}`);
      fs.renameSync(draft, `${this.folder}/${sha256(listing)}${LIST}`);
    } catch (cause) {
      throw unusable("compiled kernels cannot be kept", this.folder, cause);
    }
    this.refresh();
    this.makeRoom();
  }

  /** The text that was written under a name, if it is there and whole. */
  read(name: string): string | undefined {
    const fs = nodeModule("node:fs");
    const path = this.textPath(name);
    try {
      if (!isOwn(path)) return undefined;
      const all = fs.readFileSync(path, "utf8");
      const text = all.slice(HASH);
      if (all.slice(0, HASH) !== sha256(text)) return undefined;
      this.inUse.add(path);
      touch(path);
      return text;
    } catch {
      return undefined;
    }
  }

  /** Keeps a text under a name, where that can be done: whoever looks for it can do without. */
  write(name: string, text: string): void {
    const fs = nodeModule("node:fs");
    let work: string | undefined;
    try {
      work = this.workFolder();
      fs.writeFileSync(`${work}/text`, sha256(text) + text, { mode: 0o400 });
      fs.renameSync(`${work}/text`, this.textPath(name));
    } catch {
      return;
    } finally {
      if (work !== undefined) fs.rmSync(work, { recursive: true, force: true });
    }
    // Texts are small: once in a process will do.
    if (!this.hasRoom) this.makeRoom();
  }

  private textPath(name: string): string {
    return `${this.folder}/${sha256(name)}${TEXT}`;
  }

  /** Forgets the least recently used units where all together are too large, and old leftovers. */
  private makeRoom(): void {
    this.hasRoom = true;
    const fs = nodeModule("node:fs");
    const files = everyFile(this.root);
    let total = files.reduce((sum, f) => sum + f.bytes, 0);
    const old = Date.now() - LITTER_AGE;
    for (const name of namesIn(this.root)) {
      if (!name.startsWith(WORK)) continue;
      const stat = statOf(`${this.root}/${name}`);
      if (stat !== undefined && stat.mtimeMs < old)
        fs.rmSync(`${this.root}/${name}`, { recursive: true, force: true });
    }
    if (total <= this.mostBytes) return;
    for (const { path, bytes } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.mostBytes * ROOM) break;
      if (this.inUse.has(path)) continue;
      fs.rmSync(path, { force: true });
      total -= bytes;
    }
  }
}

/** Makes a folder, closes it to others, and checks that it is this user's own and no link to somewhere else. */
function secureFolder(folder: string): void {
  const fs = nodeModule("node:fs");
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = fs.lstatSync(folder);
    if (!stat.isDirectory()) throw unusable("the folder of compiled kernels is no folder", folder);
    if (stat.uid !== process.getuid?.())
      throw unusable("the folder of compiled kernels is someone else's", folder);
    if ((stat.mode & 0o077) !== 0) fs.chmodSync(folder, 0o700);
    fs.accessSync(folder, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch (cause) {
    if (cause instanceof UnsupportedError) throw cause;
    throw unusable("the folder of compiled kernels cannot be used", folder, cause);
  }
}

/** What a path is; undefined where there is nothing, or nothing to be seen. */
function statOf(path: string) {
  try {
    return nodeModule("node:fs").lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Whether this is a plain file of this user that nobody else may write. */
function isOwn(path: string): boolean {
  const stat = statOf(path);
  return stat?.isFile() === true && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
}

/** Whether the content of a file of this user has the hash in its name. Nobody else may be able to write it. */
function isTrusted(path: string, ending: string): boolean {
  const fs = nodeModule("node:fs");
  try {
    if (!isOwn(path)) return false;
    const name = path.slice(path.lastIndexOf("/") + 1);
    return name === sha256(fs.readFileSync(path)) + ending;
  } catch {
    return false;
  }
}

function readListing(path: string): Listing | undefined {
  if (!isTrusted(path, LIST)) return undefined;
  try {
    return JSON.parse(nodeModule("node:fs").readFileSync(path, "utf8")) as Listing;
  } catch {
    return undefined;
  }
}

/** Marks a file as used now. */
function touch(path: string): void {
  const now = new Date();
  try {
    nodeModule("node:fs").utimesSync(path, now, now);
  } catch {
    // It may be gone, or the folder may be read-only by now: then it counts as old.
  }
}
