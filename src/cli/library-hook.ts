/** A module hook: "tendril" and its subpaths are this package, wherever the importing file lies. Node only. */
import type { ResolveFnOutput, ResolveHookContext } from "node:module";

export function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: (
    specifier: string,
    context: Partial<ResolveHookContext>,
  ) => ResolveFnOutput | Promise<ResolveFnOutput>,
): ResolveFnOutput | Promise<ResolveFnOutput> {
  const own = specifier === "tendril" || specifier.startsWith("tendril/");
  return next(specifier, own ? { ...context, parentURL: import.meta.url } : context);
}
