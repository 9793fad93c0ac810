/** Text cut into lines between words, for people. Node only. */

/** Lines of at most `width` characters; a longer word has a line to itself. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** `head`, and `text` beside it in lines that fit: those that follow stand under the first. */
export function beside(head: string, text: string, width: number): string {
  return wrap(text, width - head.length)
    .map((line, i) => (i === 0 ? `${head}${line}` : `${" ".repeat(head.length)}${line}`))
    .join("\n");
}

/** Columns of the standard output where that is a terminal, else `otherwise`. */
export function outputWidth(otherwise: number): number {
  return process.stdout.isTTY ? process.stdout.columns : otherwise;
}
