/** Checkpoints: damage (CK-5), faults of the disk while saving and recovering (CK-2, CK-3, CK-6), locks (CK-7). */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { crc32c, readCheckpoint, writeCheckpoint } from "../../src/formats/index.ts";
import {
  BackupAndRestore,
  CheckpointFolder,
  type CheckpointFolderOptions,
  decodeState,
  encodeState,
  LambdaCallback,
  SGD,
  type StateTree,
} from "../../src/nn/index.ts";
import { bitFlips, truncations, verdict } from "../formats/damage.ts";
import { faultyFiles } from "./faulty-files.ts";
import { folder, made, x, y } from "./resume-kit.ts";

/** A state that tells which save it is, and whether it is whole. */
function stateOf(step: number, size = 900): StateTree {
  return {
    step,
    weights: Float32Array.from({ length: size }, (_, i) => step + i / size),
    more: { list: [step] },
  };
}

const stepOf = (bytes: Uint8Array, name?: string): number => {
  const state = decodeState(bytes, name) as { step: number; weights: Float32Array; more: { list: number[] } };
  expect(state).toEqual(stateOf(state.step));
  return state.step;
};

const labels = y.map((v) => [v]);

describe("the file", () => {
  test("holds what was put in", () => {
    const tree: StateTree = {
      nothing: null,
      numbers: [1, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 0.1],
      text: "\u{1f4be} NaN",
      yes: true,
      arrays: [
        Float32Array.of(1, Number.NaN),
        Float64Array.of(Math.PI),
        Int32Array.of(-1),
        new Uint8Array(3),
      ],
    };
    expect(decodeState(encodeState(tree))).toEqual(tree);
    expect([...readCheckpoint(writeCheckpoint(new Map()))]).toEqual([]);
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  test("every flip of a bit and every cut of a small checkpoint is refused (CK-5)", () => {
    const seed = encodeState(stateOf(1));
    expect(seed.length).toBeGreaterThan(3600);
    for (const { name, bytes } of [...truncations(seed)]) {
      expect(verdict(name, () => readCheckpoint(bytes)).error?.code, name).toBe("format");
    }
    for (const { name, bytes } of bitFlips(seed)) {
      const { error } = verdict(name, () => readCheckpoint(bytes));
      if (error?.code !== "format") throw new Error(`${name}: ${error?.code ?? "accepted"}`);
    }
    expect(() => readCheckpoint(new Uint8Array([...seed, 0]))).toThrow(/length/);
  });

  test("flips and cuts at random of a larger one are refused (CK-5)", () => {
    const seed = encodeState(stateOf(1, 2 ** 16));
    let state = 12345;
    const random = (n: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    for (let i = 0; i < 500; i++) {
      const bytes = seed.slice(0, i % 3 === 0 ? random(seed.length) : seed.length);
      if (bytes.length === seed.length) bytes[random(seed.length)]! ^= 1 << random(8);
      expect(verdict(String(i), () => readCheckpoint(bytes)).error?.code).toBe("format");
    }
  });

  test("another version says so", () => {
    const bytes = encodeState(stateOf(1));
    const view = new DataView(bytes.buffer);
    view.setUint32(8, 7, true);
    view.setUint32(bytes.length - 4, crc32c(bytes.subarray(0, bytes.length - 4)), true);
    expect(() => readCheckpoint(bytes, "x.tendril")).toThrow(/version 1[\s\S]*version 7/);
  });
});

describe("the folder", () => {
  const save = (store: CheckpointFolder, step: number) => store.save(encodeState(stateOf(step)));

  test("keeps the newest few, and falls back to an older one that is whole", async () => {
    const dir = join(folder(), "new", "run");
    const store = await CheckpointFolder.open(dir, { keep: 3 });
    expect(store.isEmpty).toBe(true);
    expect(await store.load(stepOf)).toBeUndefined();
    for (let step = 1; step <= 5; step++) await save(store, step);
    await store.close();
    const files = readdirSync(dir).sort();
    expect(files).toEqual([3, 4, 5].map((n) => `checkpoint-00000${n}.tendril`));
    const bytes = readFileSync(join(dir, files[2]!));
    bytes[700]! ^= 4;
    writeFileSync(join(dir, files[2]!), bytes);
    const again = await CheckpointFolder.open(dir);
    const found = (await again.load(stepOf))!;
    expect(found.value).toBe(4);
    expect(found.refused).toHaveLength(1);
    expect(found.refused[0]!.problem).toMatch(/checksum/);
    // The damaged one goes first.
    await save(again, 6);
    await again.close();
    expect(readdirSync(dir).sort()).toEqual(["checkpoint-000004.tendril", "checkpoint-000006.tendril"]);
    for (const f of readdirSync(dir)) writeFileSync(join(dir, f), "x");
    const spoilt = await CheckpointFolder.open(dir);
    await expect(spoilt.load(stepOf)).rejects.toMatchObject({ code: "checkpoint" });
    await spoilt.clear();
    await spoilt.close();
    expect(readdirSync(dir)).toEqual([]);
    await expect(CheckpointFolder.open(dir, { keep: 1 })).rejects.toThrow(/2 or more/);
  });

  /** Operations that saving a third checkpoint after loading takes; opening is counted in. */
  async function scenario(dir: string, files?: CheckpointFolderOptions["files"]): Promise<number> {
    const store = await CheckpointFolder.open(dir, files ? { files } : {});
    try {
      const found = await store.load(stepOf);
      await save(store, (found?.value ?? 0) + 1);
      return found?.value ?? 0;
    } finally {
      await store.close();
    }
  }

  const codes = ["EIO", "ENOSPC", "EACCES", "EROFS", "EMFILE", "short"];
  const faults = codes.flatMap((code) => [false, true].map((forGood) => ({ code, forGood })));

  test.each(faults)("any operation fails with $code, for good: $forGood (CK-2, CK-3, CK-6)", async (kind) => {
    const twoSaved = folder();
    await scenario(twoSaved);
    await scenario(twoSaved);
    for (let at = 1; ; at++) {
      const dir = folder();
      cpSync(twoSaved, dir, { recursive: true });
      const { files, operations, failed } = faultyFiles({ at, ...kind });
      const error = await scenario(dir, files).then(
        () => undefined,
        (e: { code?: string; cause?: unknown }) => e,
      );
      const place = `${at} of ${operations.join(" ")}`;
      if (error) expect(error.code, place).toBe("checkpoint");
      if (!failed()) {
        expect(at).toBeGreaterThan(15);
        break;
      }
      // A lock that could not be removed is that of a process that is gone.
      const leftover = readdirSync(dir).includes("lock");
      if (leftover)
        writeFileSync(join(dir, "lock"), JSON.stringify({ pid: 2 ** 30, host: hostname(), born: 0 }));
      // Old or new, never neither; and nothing is left over.
      const before = await scenario(dir);
      expect([2, 3], place).toContain(before);
      expect(readdirSync(dir).length, place).toBe(2);
    }
  });

  test("has one user at a time; the lock of a process that is gone is taken over (CK-7)", async () => {
    const dir = folder();
    const store = await CheckpointFolder.open(dir);
    await expect(CheckpointFolder.open(dir)).rejects.toThrow(new RegExp(`held by process ${process.pid} on`));
    await store.close();
    const locks = [
      { pid: 2 ** 30, host: hostname(), born: 1, since: "once" },
      { pid: process.pid, host: hostname(), born: 1, since: "before this process began" },
      "not JSON",
    ];
    for (const lock of locks) {
      writeFileSync(join(dir, "lock"), JSON.stringify(lock).slice(lock === "not JSON" ? 3 : 0));
      writeFileSync(join(dir, "lock.takeover"), JSON.stringify(locks[0]));
      const opened = await Promise.allSettled([1, 2, 3].map(() => CheckpointFolder.open(dir)));
      const held = opened.flatMap((o) => (o.status === "fulfilled" ? [o.value] : []));
      expect(held).toHaveLength(1);
      await held[0]!.close();
      expect(readdirSync(dir)).toEqual([]);
    }
    writeFileSync(join(dir, "lock"), JSON.stringify({ pid: 1, host: "elsewhere", born: 1, since: "noon" }));
    await expect(CheckpointFolder.open(dir)).rejects.toThrow(/process 1 on elsewhere since noon/);
    // Of a process that runs.
    writeFileSync(join(dir, "lock"), JSON.stringify({ pid: process.ppid, host: hostname(), born: 1 }));
    await expect(CheckpointFolder.open(dir)).rejects.toMatchObject({ code: "checkpoint" });
  });
});

describe("BackupAndRestore", () => {
  const fit = (
    callbacks: LambdaCallback | BackupAndRestore[] | BackupAndRestore,
    print: (t: string) => void,
  ) =>
    made(new SGD({ learningRate: 0.1 }), "reference").fit(x, labels, {
      verbose: 0,
      epochs: 2,
      callbacks: callbacks as never,
      print,
    });

  test("a disk that fails ends training or not, as asked, never silently (CK-3)", async () => {
    for (const onFailure of ["warn", "stop"] as const) {
      let text = "";
      const { files } = faultyFiles({ at: 12, code: "ENOSPC", forGood: false });
      const dir = folder();
      const training = fit(new BackupAndRestore(dir, { onFailure, files }), (t) => void (text += t));
      if (onFailure === "warn") {
        await training;
        expect(text).toMatch(/cannot be written[\s\S]*ENOSPC/);
      } else await expect(training).rejects.toMatchObject({ code: "checkpoint" });
      expect(readdirSync(dir)).toEqual([]);
    }
  });

  test("says which checkpoint is damaged, and goes on from the one before", async () => {
    const dir = folder();
    await fit(new BackupAndRestore(dir, { deleteCheckpoint: false }), () => undefined);
    const newest = join(dir, "checkpoint-000002.tendril");
    writeFileSync(newest, readFileSync(newest).subarray(0, 400));
    let text = "";
    const history = await fit(new BackupAndRestore(dir), (t) => void (text += t));
    expect(text).toMatch(/checkpoint-000002\.tendril is not used[\s\S]*going on from .*checkpoint-000001/);
    expect(history.epoch).toEqual([0, 1]);
    expect(readdirSync(dir)).toEqual([]);
  });

  test("weights that are not finite are never saved", async () => {
    const dir = folder();
    let text = "";
    const model = made(new SGD(), "reference");
    const spoil = new LambdaCallback({
      onEpochEnd: () => {
        const [kernel, ...rest] = model.getWeights();
        model.setWeights([kernel!.map(() => Number.NaN), ...rest]);
      },
    });
    const backup = new BackupAndRestore(dir, { deleteCheckpoint: false });
    const options = {
      verbose: 0,
      epochs: 1,
      callbacks: [spoil, backup],
      print: (t: string) => void (text += t),
    } as const;
    await model.fit(x, labels, options);
    expect(text).toMatch(/is not finite: the run is not saved/);
    expect(readdirSync(dir)).toEqual([]);
  });

  test("saves every so many batches, and is told what to do with earlier checkpoints", async () => {
    const dir = folder();
    const backup = new BackupAndRestore(dir, { saveFreq: 3, deleteCheckpoint: false, keep: 4 });
    await made(new SGD(), "reference").fit(x, labels, {
      verbose: 0,
      epochs: 3,
      batchSize: 6,
      callbacks: backup,
    });
    expect(readdirSync(dir)).toHaveLength(4);
    expect(backup.lastFile).toBe(join(dir, "checkpoint-000005.tendril"));
    const quiet = () => undefined;
    await expect(fit(new BackupAndRestore(dir, { restore: "never" }), quiet)).rejects.toThrow(/earlier run/);
    const none = folder();
    for (const missing of [none, join(none, "mistyped")]) {
      const resumed = fit(new BackupAndRestore(missing, { restore: "required" }), quiet);
      await expect(resumed).rejects.toThrow(/no checkpoint/);
    }
    expect(readdirSync(none)).toEqual([]);
    // Neither holds on to its folder.
    const store = await CheckpointFolder.open(dir);
    await expect(fit(new BackupAndRestore(dir), quiet)).rejects.toThrow(/held by process/);
    await store.close();
    mkdirSync(join(dir, "file"), { recursive: true });
    expect(() => new BackupAndRestore("", {})).toThrow(/path of a folder/);
    expect(() => new BackupAndRestore(dir, { saveFreq: 0 })).toThrow(/number of batches/);
    expect(() => new BackupAndRestore(dir, { restore: "yes" as never })).toThrow(/required or never/);
  });
});
