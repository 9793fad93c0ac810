/** A strict reader of the XML that figures are made of: anything not well-formed throws. */
import { measure } from "../../src/plot/text.ts";

export interface Node {
  name: string;
  attributes: Record<string, string>;
  children: Node[];
  text: string;
}

const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function decode(raw: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML does not allow
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/.test(raw)) {
    throw new Error("a character that XML does not allow");
  }
  return raw.replace(/&([^;]*;?)/g, (whole, body: string) => {
    const value = named[body.slice(0, -1)];
    if (!body.endsWith(";") || value === undefined) throw new Error(`a bare or unknown entity: ${whole}`);
    return value;
  });
}

export function parseXml(source: string): Node {
  const root: Node = { name: "", attributes: {}, children: [], text: "" };
  const stack = [root];
  const token = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (!match) throw new Error(`not well-formed at ${at}: ${source.slice(at, at + 40)}`);
    const [, close, name = "", attributes = "", empty, text] = match;
    const top = stack.at(-1)!;
    if (text !== undefined) {
      top.text += decode(text);
    } else if (close) {
      if (stack.pop()!.name !== name) throw new Error(`</${name}> closes <${top.name}>`);
    } else {
      const node: Node = { name, attributes: {}, children: [], text: "" };
      for (const [, key = "", value = ""] of attributes.matchAll(/([\w:-]+)="([^"]*)"/g)) {
        if (key in node.attributes) throw new Error(`${key} twice`);
        node.attributes[key] = decode(value);
      }
      top.children.push(node);
      if (!empty) stack.push(node);
    }
  }
  if (stack.length !== 1 || root.children.length !== 1)
    throw new Error("elements left open, or several roots");
  return root.children[0]!;
}

export const all = (node: Node, name: string): Node[] => [
  ...(node.name === name ? [node] : []),
  ...node.children.flatMap((child) => all(child, name)),
];

export interface TextBox {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Where the level texts of a figure stand, in pixels of the figure. */
export function textBoxes(node: Node, dx = 0, dy = 0): TextBox[] {
  if (node.name === "text" && !node.attributes.transform) {
    const size = Number(node.attributes["font-size"]);
    const width = measure(node.text, size, node.attributes["font-weight"] === "600");
    const anchor = node.attributes["text-anchor"];
    const x =
      Number(node.attributes.x) + dx - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
    const baseline = Number(node.attributes.y) + dy;
    return [{ text: node.text, left: x, right: x + width, top: baseline - size * 0.73, bottom: baseline }];
  }
  let [ox, oy] = [dx, dy];
  if (node.name === "svg" && node.attributes.x !== undefined) {
    const [vx = 0, vy = 0] = (node.attributes.viewBox ?? "0 0").split(" ").map(Number);
    ox += Number(node.attributes.x) - vx;
    oy += Number(node.attributes.y) - vy;
  }
  return node.children.flatMap((child) => textBoxes(child, ox, oy));
}

/** Pairs of texts that cover each other. */
export function overlaps(boxes: readonly TextBox[]): string[] {
  const found: string[] = [];
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 0.5 && down > 0.5) found.push(`"${a.text}" and "${b.text}"`);
    }
  }
  return found;
}
