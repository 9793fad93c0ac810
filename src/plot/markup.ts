/** SVG elements as strings. Everything that is not markup already is escaped here, and nowhere else. */
import { internal } from "../ir/errors.ts";

/** Attributes of an element; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element around children that are markup already. */
export function element(
  name: string,
  attributes: Attributes,
  children: string | readonly string[] = "",
): string {
  let open = name;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    open += ` ${key}="${typeof value === "number" ? decimal(value) : escapeMarkup(value)}"`;
  }
  const inner = typeof children === "string" ? children : children.join("");
  return inner === "" ? `<${open}/>` : `<${open}>${inner}</${name}>`;
}

/** A number with at most two decimals, and never "-0", "NaN" or an exponent. */
export function decimal(value: number): string {
  if (!(Math.abs(value) < 1e15)) internal(`${value} is not a coordinate`);
  return String(Math.round(value * 100) / 100 + 0);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for a place between tags or inside a quoted attribute. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
