/** Stopping and going on: the state of runs, its bytes, and the folder that they are kept in. */
export {
  CheckpointFolder,
  type CheckpointFolderOptions,
  type LoadedCheckpoint,
  type RefusedCheckpoint,
} from "./folder.ts";
export { type RunPosition, type RunState, readRunState } from "./run-state.ts";
export { decodeState, encodeState, type StateTree } from "./state-tree.ts";
