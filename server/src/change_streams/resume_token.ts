import { Timestamp } from 'bson';
import { type Document, isDocument } from '../bson/types.js';
import { CommandError } from '../errors/command_error.js';

/**
 * Where a stream can be taken up again. As text it sorts like the events:
 *
 *   82 ‹seconds› ‹increment› ‹position in the oplog› ‹kind› ‹fragment›      (in hexadecimal digits)
 */
export interface ResumePoint {
  readonly time: Timestamp;
  readonly position: number;
  /** Of an event, of the event that ended a stream, or of no event: everything up to the position has been seen. */
  readonly kind: 'event' | 'invalidate' | 'highWaterMark';
  /** How many fragments of the event have been seen; 0: the event is whole. */
  readonly fragment: number;
}

const kinds = ['highWaterMark', 'event', 'invalidate'] as const;

export function encodeResumeToken({ time, position, kind, fragment }: ResumePoint): Document {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0').toUpperCase();
  const data = [hex(time.t, 8), hex(time.i, 8), hex(position, 12), hex(kinds.indexOf(kind), 2), hex(fragment, 4)];
  return { _data: `82${data.join('')}` };
}

/** @throws CommandError when it is not one of this server's. */
export function decodeResumeToken(token: unknown): ResumePoint {
  const data = isDocument(token) ? token['_data'] : undefined;
  if (typeof data !== 'string') {
    throw new CommandError(40647, 'Bad resume token: _data of missing or of wrong type. Expected string, got other');
  }
  const found = /^82([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{12})([0-9A-F]{2})([0-9A-F]{4})$/.exec(data);
  if (found === null) throw new CommandError(9, 'Bad resume token: the keystring of it cannot be decoded');
  const [t = 0, i = 0, position = 0, kind = 0, fragment = 0] = found
    .slice(1)
    .map(digits => Number.parseInt(digits, 16));
  return { time: new Timestamp({ t, i }), position, kind: kinds[kind] ?? 'event', fragment };
}
