/** Program → Plan. */
export * from "./compile.ts";
export * from "./remembered.ts";
