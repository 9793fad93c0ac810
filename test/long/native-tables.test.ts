/** The tables of layers and models, and whole runs of Keras, on the native backend. */
import { onNative } from "../native.ts";

await onNative(
  () => import("../nn/layers.test.ts"),
  () => import("../nn/files.test.ts"),
  () => import("../nn/files-models.test.ts"),
  () => import("../nn/models.test.ts"),
  () => import("../nn/model-tools.test.ts"),
  () => import("../nn/custom-step.test.ts"),
  () => import("../nn/train-keras.test.ts"),
  () => import("../graph/bipartite.test.ts"),
  () => import("../graph/autoencoder.test.ts"),
);
