/**
 * Native code against what Keras and PyTorch Geometric computed: the tests of the recorded cases once more, on the native
 * backend. (Operations, kernels, tiles and the reference cases beside the repository have it among their own backends; the
 * tables of layers and models are in test/long.)
 */
import { onNative } from "../native.ts";

await onNative(
  () => import("../nn/layers-keras.test.ts"),
  () => import("../graph/operators.test.ts"),
);
