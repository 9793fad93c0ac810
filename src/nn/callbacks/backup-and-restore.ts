import { CheckpointError, UsageError } from "../../ir/errors.ts";
import { CheckpointFolder, type CheckpointFolderOptions } from "../resume/folder.ts";
import { nonFiniteArray, type RunState, readRunState } from "../resume/run-state.ts";
import { decodeState, encodeState, type StateTree } from "../resume/state-tree.ts";
import type { RunEvent } from "../run.ts";
import { Callback } from "./callback.ts";

export interface BackupAndRestoreOptions extends CheckpointFolderOptions {
  /** `epoch`, or a number of batches. */
  saveFreq?: "epoch" | number;
  /** Remove the checkpoints when training ends; true unless given. */
  deleteCheckpoint?: boolean;
  /** Go on from a checkpoint if there is one (the default), only if there is one, or never. */
  restore?: "ifPresent" | "required" | "never";
  /** What to do when a checkpoint cannot be written: say so and go on (the default), or end training with the error. */
  onFailure?: "warn" | "stop";
}

/**
 * Keeps the whole state of a run in a folder, and goes on from it after an interruption as if there had been none: weights,
 * optimizer, random numbers, order of rows, sums of metrics, callbacks, history (Keras's BackupAndRestore). Node only.
 * Cancelling `fit` saves too. Custom callbacks take part through `state` and `restoreState`.
 */
export class BackupAndRestore extends Callback {
  readonly backupDir: string;
  readonly options: BackupAndRestoreOptions;
  /** The checkpoint written last. */
  lastFile: string | undefined;
  #folder: CheckpointFolder | undefined;
  #sinceSaving = 0;

  /** Throws UsageError for options that are not known. */
  constructor(backupDir: string, options: BackupAndRestoreOptions = {}) {
    super();
    this.backupDir = backupDir;
    this.options = options;
    const { saveFreq = "epoch", restore = "ifPresent", onFailure = "warn" } = options;
    if (typeof backupDir !== "string" || backupDir === "")
      refuse("backupDir", "the path of a folder", backupDir);
    if (saveFreq !== "epoch" && !(Number.isInteger(saveFreq) && saveFreq > 0))
      refuse("saveFreq", '"epoch" or a number of batches', saveFreq);
    if (!["ifPresent", "required", "never"].includes(restore))
      refuse("restore", "ifPresent, required or never", restore);
    if (!["warn", "stop"].includes(onFailure)) refuse("onFailure", "warn or stop", onFailure);
  }

  override state(): StateTree {
    return { sinceSaving: this.#sinceSaving };
  }

  override restoreState(state: StateTree): void {
    this.#sinceSaving = (state as { sinceSaving: number }).sinceSaving;
  }

  override onTrainBegin(): void {
    this.#sinceSaving = 0;
    this.lastFile = undefined;
  }

  /** Throws CheckpointError where the folder is in use, or what it holds does not fit `restore`. */
  override async restoreRun(): Promise<RunState | undefined> {
    const { restore = "ifPresent" } = this.options;
    // A folder of a mistyped name is not made.
    if (restore === "required" && !(await CheckpointFolder.exists(this.backupDir, this.options)))
      throw this.#nothingThere();
    this.#folder = await CheckpointFolder.open(this.backupDir, this.options);
    if (restore === "never") {
      if (this.#folder.isEmpty) return undefined;
      throw new CheckpointError({
        where: this.backupDir,
        problem: "the folder holds the checkpoints of an earlier run",
        expected: "an empty folder",
        got: "checkpoints",
        try: "resume that run, or choose another folder",
      });
    }
    const found = await this.#folder.load((bytes, name) => readRunState(decodeState(bytes, name), name));
    for (const { file, problem } of found?.refused ?? [])
      this.print(`BackupAndRestore: ${file} is not used (${problem})`);
    if (found && found.refused.length > 0) this.print(`BackupAndRestore: going on from ${found.file}`);
    if (found || restore === "ifPresent") return found?.value;
    throw this.#nothingThere();
  }

  #nothingThere(): CheckpointError {
    return new CheckpointError({
      where: this.backupDir,
      problem: "there is no checkpoint to resume from",
      expected: "the folder of a run that was saved",
      got: "no checkpoint",
      try: "check the path",
    });
  }

  override async keepRun(event: RunEvent, save: () => RunState): Promise<void> {
    const { saveFreq = "epoch", deleteCheckpoint = true } = this.options;
    if (event.type === "batchEnd" && saveFreq !== "epoch") {
      this.#sinceSaving++;
      if (this.#sinceSaving < saveFreq) return;
      this.#sinceSaving = 0;
      await this.#save(save);
    } else if (event.type === "epochEnd" && saveFreq === "epoch") await this.#save(save);
    else if (event.type === "trainEnd" && deleteCheckpoint) await this.#policy(() => this.#folder!.clear());
  }

  override async keepInterrupted(save: () => RunState): Promise<void> {
    if (this.#folder) await this.#save(save);
  }

  override async release(): Promise<void> {
    const folder = this.#folder;
    this.#folder = undefined;
    if (folder) await this.#policy(() => folder.close());
  }

  async #save(save: () => RunState): Promise<void> {
    await this.#policy(async () => {
      const state = save();
      const bad = nonFiniteArray(state);
      if (bad) {
        throw new CheckpointError({
          where: this.backupDir,
          problem: `${bad.name} is not finite: the run is not saved`,
          expected: "finite weights",
          got: "NaN or infinity",
          try: "lower the learning rate; the last checkpoint is from before",
        });
      }
      this.lastFile = await this.#folder!.save(encodeState(state as unknown as StateTree));
    });
  }

  /** Errors of checkpoints end training or are told, as `onFailure` says. */
  async #policy(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CheckpointError) || this.options.onFailure === "stop") throw error;
      this.print(`BackupAndRestore: ${error.message}`);
    }
  }
}

function refuse(option: string, expected: string, got: unknown): never {
  throw new UsageError({
    where: `BackupAndRestore: ${option}`,
    problem: `${option} is not understood`,
    expected,
    got: String(got),
    try: 'new BackupAndRestore("backup", { saveFreq: 100 })',
  });
}
