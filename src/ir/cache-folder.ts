/** Where files are kept that can be had again: data sets that were downloaded, kernels that were compiled. */

/** Environment variables and the like, as far as they say where the cache is. */
export interface CachePlace {
  platform: string;
  home: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The cache folder by the conventions of each system: `TENDRIL_CACHE` if set, else `$XDG_CACHE_HOME/tendril` or
 * `~/.cache/tendril`, on macOS `~/Library/Caches/tendril`, on Windows `%LOCALAPPDATA%\tendril\Cache`.
 */
export function cacheFolder({ platform, home, env }: CachePlace): string {
  if (env.TENDRIL_CACHE) return env.TENDRIL_CACHE;
  if (platform === "win32") return `${env.LOCALAPPDATA || `${home}\\AppData\\Local`}\\tendril\\Cache`;
  if (platform === "darwin") return `${home}/Library/Caches/tendril`;
  // The XDG specification: a relative path is to be ignored.
  const xdg = env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : `${home}/.cache`;
  return `${xdg}/tendril`;
}
