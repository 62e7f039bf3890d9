import { MongoInvalidArgumentError } from '../errors/driver.js';
import { shown } from '../errors/shown.js';
import { isGiven } from '../runtime/own_options.js';

/** Which bytes of a file are wanted, as the caller says it. */
export interface WantedRange {
  /** The first byte. Default 0. */
  start?: number | undefined;
  /** The byte after the last. Default, and 0 with a `start` of 0: the end of the file. */
  end?: number | undefined;
}

/** The bytes that are read of a file, and the chunks that hold them. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
  /** The chunk that holds the first byte. */
  readonly firstChunk: number;
  /** The chunk after the one that holds the last byte. */
  readonly endChunk: number;
  /** Whether the file is read up to its end, so that a chunk behind it would be seen. */
  readonly toEndOfFile: boolean;
}

/**
 * What can be said of a range before the file is known.
 *
 * @throws MongoInvalidArgumentError
 */
export function checkRange({ start, end }: WantedRange): void {
  checkOffset('start', start);
  checkOffset('end', end);
  if (isGiven(start) && isGiven(end) && end < start) {
    throw new MongoInvalidArgumentError(`Stream start (${start}) must not be greater than stream end (${end})`);
  }
}

function checkOffset(name: string, value: unknown): void {
  if (!isGiven(value)) return;
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new MongoInvalidArgumentError(`Stream ${name} must be an integer, got ${shown(value)}`);
  }
  if (value < 0) throw new MongoInvalidArgumentError(`Stream ${name} (${value}) must not be negative`);
}

/**
 * The range of a file of so many bytes.
 *
 * @throws MongoInvalidArgumentError if it goes beyond the file
 */
export function rangeOf(wanted: WantedRange, length: number, chunkSize: number): ByteRange {
  checkRange(wanted);
  const start = wanted.start ?? 0;
  if (start > length) {
    throw new MongoInvalidArgumentError(
      `Stream start (${start}) must not be more than the length of the file (${length})`,
    );
  }
  const given = wanted.end ?? undefined;
  if (given !== undefined && given > length) {
    throw new MongoInvalidArgumentError(
      `Stream end (${given}) must not be more than the length of the file (${length})`,
    );
  }
  const end = given === undefined || (given === 0 && start === 0) ? length : given;
  return {
    start,
    end,
    firstChunk: Math.floor(start / chunkSize),
    endChunk: start === end ? Math.floor(start / chunkSize) : Math.ceil(end / chunkSize),
    toEndOfFile: end === length && start < end,
  };
}
