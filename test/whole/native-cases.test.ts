/**
 * Native code at the edges of tiles and against what Keras and PyTorch Geometric computed: these tests once more, on the native
 * backend. (Operations, kernels and the reference cases beside the repository have it among their own backends; the tables of
 * layers and models are in test/long.)
 */
import { onNative } from "../native.ts";

await onNative(
  () => import("../compile/tiles.test.ts"),
  () => import("../nn/layers-keras.test.ts"),
  () => import("../graph/operators.test.ts"),
);
