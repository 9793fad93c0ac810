/** A process that saves states in a loop and says which are safe on disk; with a second argument, so many and no more. */
import { CheckpointFolder, decodeState, encodeState } from "../../dist/nn/resume/index.js";

const [folder, saves = Number.POSITIVE_INFINITY] = process.argv.slice(2);
const store = await CheckpointFolder.open(folder);
const found = await store.load(decodeState);
let step = found?.value.step ?? 0;
process.stdout.write(`found ${step} ${found?.refused.length ?? 0}\n`);
for (let i = 0; i < Number(saves); i++) {
  step++;
  const weights = new Float32Array(20_000).fill(step);
  await store.save(encodeState({ step, weights }));
  process.stdout.write(`saved ${step}\n`);
}
await store.close();
