/** Pipelines of samples. */
export { type CsvDatasetOptions, type CsvSample, csvDataset } from "./csv-dataset.ts";
export {
  type BatchOptions,
  Dataset,
  type MapOptions,
  type RowOf,
  type ShuffleOptions,
} from "./dataset.ts";
export { type ImageFolder, type ImageSample, imageFolder } from "./image-folder.ts";
export { type Batched, type Shaped, stack } from "./stack.ts";
