/** Text that tells plain data apart; all numbers, as JSON does not. `special` may stand in for objects. */
export function contentKey(value: unknown, special?: (v: object) => unknown): string {
  return JSON.stringify(value, (_, v: unknown) => {
    if (typeof v === "number") return numberKey(v);
    return special !== undefined && typeof v === "object" && v !== null ? special(v) : v;
  });
}

function numberKey(v: number): number | string {
  if (Object.is(v, -0)) return "#-0";
  return Number.isFinite(v) ? v : `#${v}`;
}
