import type { BSONSerializeOptions } from '../bson/index.js';
import { ElementType, endOfCString, endOfValue } from '../bson/raw_document.js';
import { BODY_OFFSET, MessageEncoder } from '../wire/message_encoder.js';

/** The kind of an encoded filter or change. */
export type Content =
  /** A document without fields. */
  | 'empty'
  /** A document whose first name does not begin with `$`. */
  | 'fields'
  /** A document whose first name begins with `$`. */
  | 'operators'
  /** An array of at least one document, all of which begin with an operator. */
  | 'pipeline'
  | 'other'
  | 'missing';

/** The names of the fields in which a write has its filter and its change. */
export interface WriteFields {
  readonly filter: string;
  readonly change: string;
}

/** The filter and the change of an encoded write. */
export interface EncodedWrite {
  readonly filter: Content;
  readonly change: Content;
}

/** A statement of `update` or `delete`. */
export const STATEMENT: WriteFields = { filter: 'q', change: 'u' };
/** An element of the field `ops` of a client bulk write. */
export const CLIENT_WRITE: WriteFields = { filter: 'filter', change: 'updateMods' };
/** The body of a `findAndModify`. */
export const FIND_AND_MODIFY: WriteFields = { filter: 'query', change: 'update' };

const DOLLAR = 0x24;

/** The kind of a value once it is encoded; null if it cannot be encoded now. */
export function contentWhenEncoded(value: unknown, options: BSONSerializeOptions): Content | null {
  const bytes = MessageEncoder.encodeAlone({ value }, options);
  return bytes === null ? null : encodedWrite(bytes, 0, { filter: 'value', change: '' }).filter;
}

/** The filter and the change of a write that is encoded at an offset. */
export function encodedWrite(bytes: Buffer, start: number, { filter, change }: WriteFields): EncodedWrite {
  const end = start + bytes.readInt32LE(start);
  const found: { filter: Content; change: Content } = { filter: 'missing', change: 'missing' };
  for (let offset = start + 4; offset < end - 1; ) {
    const type = bytes[offset] ?? 0;
    const nameEnd = endOfCString(bytes, offset + 1, end);
    if (isName(bytes, offset + 1, nameEnd, filter)) found.filter = contentOf(bytes, type, nameEnd + 1);
    else if (isName(bytes, offset + 1, nameEnd, change)) found.change = contentOf(bytes, type, nameEnd + 1);
    if (found.filter !== 'missing' && found.change !== 'missing') break;
    offset = endOfValue(bytes, type, nameEnd + 1, end);
  }
  return found;
}

/** The filter and the change in the body of a message. */
export function encodedBody(message: Buffer, fields: WriteFields): EncodedWrite {
  return encodedWrite(message, BODY_OFFSET, fields);
}

/** Calls `visit` for each document of the first sequence of a message, with its offset and its place in the sequence. */
export function forEachSent(message: Buffer, visit: (start: number, place: number) => void): void {
  const start = BODY_OFFSET + message.readInt32LE(BODY_OFFSET);
  const end = start + 1 + message.readInt32LE(start + 1);
  let offset = endOfCString(message, start + 5, end) + 1;
  for (let place = 0; offset < end; place++) {
    visit(offset, place);
    offset += message.readInt32LE(offset);
  }
}

function isName(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index++) if (bytes[start + index] !== name.charCodeAt(index)) return false;
  return true;
}

function contentOf(bytes: Buffer, type: number, offset: number): Content {
  if (type === ElementType.document) return documentContent(bytes, offset);
  if (type !== ElementType.array) return 'other';
  const end = offset + bytes.readInt32LE(offset);
  let content: Content = 'other';
  for (let at = offset + 4; at < end - 1; ) {
    const stageType = bytes[at] ?? 0;
    const value = endOfCString(bytes, at + 1, end) + 1;
    if (stageType !== ElementType.document || documentContent(bytes, value) !== 'operators') return 'other';
    content = 'pipeline';
    at = endOfValue(bytes, stageType, value, end);
  }
  return content;
}

function documentContent(bytes: Buffer, offset: number): Content {
  const type = bytes[offset + 4];
  if (type === 0) return 'empty';
  return bytes[offset + 5] === DOLLAR ? 'operators' : 'fields';
}
