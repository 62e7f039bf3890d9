import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import type { Log, MongoDBLogWritable } from './log_options.js';
import type { LogSettings } from './log_settings.js';

/** Files that clients of this process log to, each opened once. */
const FILES = new Map<string, StreamDestination>();

/** A destination of log records: its `write` may throw, or return a promise that the next record has to wait for. */
export function openDestination(destination: LogSettings['destination']): MongoDBLogWritable {
  if (destination === 'stdout') return new StreamDestination(process.stdout);
  if (destination === 'stderr') return new StreamDestination(process.stderr);
  if ('file' in destination) return fileDestination(destination.file);
  // A stream of text takes no objects.
  const isTextStream = destination instanceof Writable && !destination.writableObjectMode;
  return isTextStream ? new StreamDestination(destination) : destination;
}

function fileDestination(path: string): MongoDBLogWritable {
  let file = FILES.get(path);
  if (file === undefined) {
    file = new StreamDestination(createWriteStream(path, { flags: 'a' }));
    FILES.set(path, file);
  }
  return file;
}

/** Writes each record as one line of JSON. */
class StreamDestination implements MongoDBLogWritable {
  readonly #stream: Writable;
  /** Lines whose end is not known yet. */
  #pending = 0;
  #error: Error | null = null;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(record: Log): Promise<void> | undefined {
    // An error comes when the line that caused it is long written.
    if (this.#error !== null) throw this.#error;
    const stream = this.#stream;
    // As `console.log` does: an `error` event without a listener would end the process. After an error the listener stays.
    if (this.#pending++ === 0) stream.on('error', ignore);
    const isReady = stream.write(`${JSON.stringify(record)}\n`, error => {
      if (error !== null && error !== undefined) this.#error ??= error;
      else if (--this.#pending === 0) stream.off('error', ignore);
    });
    return isReady ? undefined : drained(stream);
  }
}

function ignore(): void {
  // The error is given to the callback of `write`, too.
}

/** Settles when a stream takes more. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      stream.off('drain', onDrain);
      stream.off('error', end);
      stream.off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onDrain = () => end();
    const onClose = () => end(new Error('The stream was closed'));
    stream.on('drain', onDrain);
    stream.on('error', end);
    stream.on('close', onClose);
  });
}
