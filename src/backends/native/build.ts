/** Which build of the bundled library this is; `scripts/bundle.mjs` says it. Modules one by one are none: any may change alone. */
declare const TENDRIL_BUILD: string | undefined;

export const build: string | undefined = typeof TENDRIL_BUILD === "string" ? TENDRIL_BUILD : undefined;
