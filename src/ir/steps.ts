/** Work in steps: a generator that stops wherever others may have a turn, and gives its result at the end. */

/** What a generator returns, without a stop. */
export function toTheEnd<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
