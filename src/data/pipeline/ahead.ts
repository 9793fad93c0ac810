/** Work that is under way before it is asked for, in order. */

/**
 * The results of `work` on the values of a source, in their order, with up to `width` of them under way at a time. An error
 * is thrown in its turn; what is under way then is let go.
 */
export async function* ahead<T, U>(
  source: AsyncIterator<T> | Iterator<T>,
  width: number,
  work: (value: T, index: number) => U | Promise<U>,
): AsyncGenerator<U, void> {
  let index = 0;
  // A source is asked for one value after the other, whatever kind of iterator it is.
  let last: Promise<unknown> = Promise.resolve();
  const queue: Promise<IteratorResult<U>>[] = [];
  const start = () => {
    const asked = last.then(() => source.next());
    last = asked.catch(() => undefined);
    const promise = asked.then(async (next): Promise<IteratorResult<U>> => {
      if (next.done) return { done: true, value: undefined };
      return { done: false, value: await work(next.value, index++) };
    });
    promise.catch(() => undefined);
    queue.push(promise);
  };
  try {
    for (;;) {
      while (queue.length < width) start();
      const next = await queue.shift()!;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}
