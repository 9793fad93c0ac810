/** File formats: bytes on one side, plain values on the other. */
export * from "./checkpoint.ts";
export * from "./checksum.ts";
export * from "./csv.ts";
export * from "./deflate.ts";
export * from "./gzip.ts";
export * from "./h5.ts";
export * from "./idx.ts";
export * from "./json.ts";
export * from "./png.ts";
export * from "./png-write.ts";
export * from "./reader.ts";
