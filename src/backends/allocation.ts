/** What every backend asks of a request for memory. */
import { UsageError } from "../ir/index.ts";

/** Throws UsageError unless `count` is a number of elements, and `content`, where it is given, has as many. */
export function checkAllocation(count: number, content?: ArrayLike<number>): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new UsageError({
      where: "allocate",
      problem: "the number of elements makes no sense",
      expected: "a whole number, 0 or more",
      got: String(count),
      try: "pass the product of the shape",
    });
  }
  if (content !== undefined && content.length !== count) {
    throw new UsageError({
      where: "allocate",
      problem: "the content does not fill the memory",
      expected: `${count} elements`,
      got: `${content.length} elements`,
      try: "pass content of the same length, or none and write it afterwards",
    });
  }
}
