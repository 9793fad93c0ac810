/** What an image data set is. */

/** Images of one part of a data set, with their classes. */
export interface ImageSplit {
  /** Grey levels 0 (paper) to 255 (ink), image after image, row by row: n × height × width × 1 (28 × 28 for digits). */
  readonly images: Uint8Array;
  /** The class of each image, an index into `classes`. */
  readonly labels: Uint8Array;
}

/** A data set of small grey images, split as its authors split it. */
export interface ImageDataset {
  readonly train: ImageSplit;
  readonly test: ImageSplit;
  /** The name of each class, in the order of the labels. */
  readonly classes: readonly string[];
}
