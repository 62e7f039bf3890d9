import { Readable } from 'node:stream';
import { AbortListener } from '../../call/abort_watch.js';

/** A source that is closed when it is read no more. */
interface Source<T> extends AsyncIterable<T> {
  close(): Promise<void>;
}

/**
 * The documents of a cursor as a stream of objects. It asks for a document when one is wanted, so that a slow reader holds one batch in
 * memory and no more; and closes the cursor at the end, on an error and when it is destroyed.
 */
export function cursorStream<T>(source: Source<T>, signal: AbortSignal | undefined): Readable & AsyncIterable<T> {
  let iterator: AsyncIterator<T, unknown> | null = null;
  let reading = false;
  const stream = new Readable({
    objectMode: true,
    highWaterMark: 1,
    // The official driver's streams emit no `close` after `end`.
    autoDestroy: false,
    read() {
      if (reading) return;
      reading = true;
      void pump();
    },
    destroy(error, callback) {
      const closing = source.close();
      // Closing has a time of its own, which a reader who gets an error is not made to wait for.
      if (error === null) {
        closing.then(
          () => callback(null),
          () => callback(null),
        );
      } else {
        closing.catch(() => undefined);
        callback(error);
      }
    },
  });
  async function pump(): Promise<void> {
    try {
      iterator ??= source[Symbol.asyncIterator]();
      for (;;) {
        const result = await iterator.next();
        if (stream.destroyed) return;
        if (result.done === true) {
          stream.push(null);
          return;
        }
        if (!stream.push(result.value)) break;
      }
      reading = false;
    } catch (error) {
      stream.destroy(error as Error);
    }
  }
  if (signal !== undefined) destroyAtAbort(stream, signal);
  return stream as Readable & AsyncIterable<T>;
}

/** A paused stream ends as well. Node.js tells no error that is falsy: with such a reason, the stream closes before its end. */
function destroyAtAbort(stream: Readable, signal: AbortSignal): void {
  const onAbort = () => stream.destroy(signal.reason as Error);
  if (signal.aborted) {
    onAbort();
    return;
  }
  const listener = new AbortListener({ onAbort });
  listener.listen(signal);
  for (const event of ['end', 'close']) stream.once(event, () => listener.stop());
}
