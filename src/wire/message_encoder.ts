import {
  type BSONSerializeOptions,
  calculateObjectSize,
  type Document,
  type SerializeOptions,
  serialize,
  serializeWithBufferAndIndex,
} from '../bson/index.js';
import { MongoInvalidArgumentError, MongoRuntimeError } from '../errors/driver.js';
import { crc32c } from './crc32c.js';
import { HEADER_SIZE, OpCode, writeHeader } from './header.js';
import { NamespaceTable, type OperationNamespaces } from './namespace_table.js';
import { FLAGS_SIZE, MsgFlag, SectionKind } from './op_msg.js';

/** Documents that are sent beside the body of a command, as a kind 1 section: `documents` of an insert, `updates`, `deletes`. */
export interface DocumentSequence {
  /** The field of the command that they fill. */
  readonly field: string;
  readonly documents: readonly Document[];
  /** Index of the first document to send. */
  readonly from: number;
  /** Of the operations of a client bulk write: they are sent in a second sequence. */
  readonly namespaces?: OperationNamespaces;
}

/** What a server takes in one message; from the hello of the connection on which it is sent. */
export interface MessageLimits {
  readonly maxBsonObjectSize: number;
  readonly maxMessageSizeBytes: number;
  readonly maxWriteBatchSize: number;
}

export interface OutgoingCommand {
  readonly requestId: number;
  readonly flags: number;
  /** A document of the driver's own (never the user's object); its first field is the name of the command. */
  readonly body: Document;
  /** Fields already in BSON (type, name and value), put at the end of the body. */
  readonly rawFields: readonly Uint8Array[];
  /** Put behind them, as an int32; 0: none. The package `bson` takes 90 ns for it, which is too much for each command with a deadline. */
  readonly maxTimeMS: number;
  readonly sequence: DocumentSequence | undefined;
}

/** The room of the package `bson` for one document; beyond it, it would cut the document off without a word. */
const BSON_ROOM = 17 * 1024 * 1024;
/** What a message holds beside user data: commands may exceed maxBsonObjectSize by this much. */
const COMMAND_OVERHEAD = 16 * 1024;
const FIRST_ROOM = 64 * 1024;
/** A larger room is let go after use. */
const LARGEST_KEPT_ROOM = 1024 * 1024;
const CHECKSUM_SIZE = 4;
/** Type and name of the field. */
const MAX_TIME_KEY = Buffer.from('\x10maxTimeMS\0', 'latin1');
/** Where the body of a message begins. */
export const BODY_OFFSET = HEADER_SIZE + FLAGS_SIZE + 1;

/**
 * Builds OP_MSG messages in one buffer that is used again and again.
 *
 * What `encode` returns is a view of that buffer and is valid only until the next call. A caller that needs it longer (its socket did not
 * take all of it at once) calls {@link MessageEncoder.release}, and the next message gets a buffer of its own.
 */
export class MessageEncoder {
  static #busy = false;
  #room: Buffer = Buffer.allocUnsafeSlow(FIRST_ROOM);
  readonly #settings: SerializeOptions = {
    checkKeys: false,
    serializeFunctions: false,
    ignoreUndefined: false,
    index: 0,
  };
  /** How many documents of the sequence the last message took. */
  taken = 0;
  /** Whether the holder of the last message still needs it: then a message that is encoded meanwhile gets a buffer of its own. */
  isLent = false;

  /**
   * Whether a message is being encoded: then the code that runs is a getter or a `toBSON` of one of its documents, and nothing else can be
   * encoded, since the package `bson` has one buffer in a process.
   */
  static get busy(): boolean {
    return MessageEncoder.#busy;
  }

  /**
   * Encodes a document to look at the result.
   *
   * @returns null while a message is being encoded, and for a document that cannot be encoded: its message will tell why
   */
  static encodeAlone(document: Document, options: BSONSerializeOptions): Buffer | null {
    if (MessageEncoder.#busy) return null;
    MessageEncoder.#busy = true;
    try {
      const { serializeFunctions = false, ignoreUndefined = false } = options;
      return serialize(document, { serializeFunctions, ignoreUndefined }) as Buffer;
    } catch {
      return null;
    } finally {
      MessageEncoder.#busy = false;
    }
  }

  /**
   * @param limits - a sequence is cut off where the next document would break one of them
   * @returns the message; {@link MessageEncoder.taken} tells how many documents of the sequence are in it
   * @throws MongoInvalidArgumentError if a document is larger than the server takes
   */
  encode(command: OutgoingCommand, limits: MessageLimits, options: BSONSerializeOptions): Buffer {
    MessageEncoder.#busy = true;
    try {
      return this.#message(command, limits, options);
    } finally {
      MessageEncoder.#busy = false;
    }
  }

  #message(command: OutgoingCommand, limits: MessageLimits, options: BSONSerializeOptions): Buffer {
    if (this.isLent) this.release();
    const settings = this.#settings;
    settings.checkKeys = options.checkKeys ?? false;
    settings.serializeFunctions = options.serializeFunctions ?? false;
    settings.ignoreUndefined = options.ignoreUndefined ?? false;

    let end = this.#body(command, limits);
    this.taken = 0;
    const checksumSize = (command.flags & MsgFlag.checksumPresent) === 0 ? 0 : CHECKSUM_SIZE;
    if (command.sequence !== undefined) {
      end = this.#sequence(command.sequence, end, limits, limits.maxMessageSizeBytes - checksumSize);
    }
    if (checksumSize > 0) {
      this.#ensure(end, checksumSize);
      // The checksum covers the header too, so the header is written first.
      this.#head(end + checksumSize, command);
      this.#room.writeUInt32LE(crc32c(this.#room, 0, end), end);
      end += checksumSize;
    } else {
      this.#head(end, command);
    }
    const message = this.#room.subarray(0, end);
    if (this.#room.length > LARGEST_KEPT_ROOM) this.release();
    return message;
  }

  /** Leaves the buffer of the last message to its holder. */
  release(): void {
    this.#room = Buffer.allocUnsafeSlow(FIRST_ROOM);
    this.isLent = false;
  }

  #head(length: number, command: OutgoingCommand): void {
    writeHeader(this.#room, length, command.requestId, 0, OpCode.msg);
    this.#room.writeUInt32LE(command.flags, HEADER_SIZE);
  }

  #body(command: OutgoingCommand, limits: MessageLimits): number {
    let end = this.#document(command.body, BODY_OFFSET, limits.maxBsonObjectSize + COMMAND_OVERHEAD);
    this.#room[BODY_OFFSET - 1] = SectionKind.body;
    const { maxTimeMS } = command;
    if (command.rawFields.length === 0 && maxTimeMS === 0) return end;
    end--; // over the terminating zero
    for (const field of command.rawFields) {
      this.#ensure(end, field.length + 1);
      this.#room.set(field, end);
      end += field.length;
    }
    if (maxTimeMS > 0) end = this.#maxTime(maxTimeMS, end);
    this.#room[end++] = 0;
    this.#room.writeInt32LE(end - BODY_OFFSET, BODY_OFFSET);
    return end;
  }

  #maxTime(maxTimeMS: number, start: number): number {
    this.#ensure(start, MAX_TIME_KEY.length + 4 + 1);
    const room = this.#room;
    for (let index = 0; index < MAX_TIME_KEY.length; index++) room[start + index] = MAX_TIME_KEY[index] as number;
    return room.writeInt32LE(maxTimeMS, start + MAX_TIME_KEY.length);
  }

  #sequence(
    { field, documents, from, namespaces }: DocumentSequence,
    start: number,
    limits: MessageLimits,
    lastEnd: number,
  ): number {
    // Only what is stored is held to the limit itself; `updates` and the like wrap a document in a statement.
    const maxSize = limits.maxBsonObjectSize + (field === 'documents' ? 0 : COMMAND_OVERHEAD);
    const table = namespaces === undefined ? null : new NamespaceTable(namespaces, limits.maxMessageSizeBytes);
    const first = this.#sequenceHead(start, field);
    let end = first;
    const last = Math.min(documents.length, from + limits.maxWriteBatchSize);
    for (let index = from; index < last; index++) {
      const document = documents[index];
      if (document === undefined) throw new MongoInvalidArgumentError(`There is no document at index ${index}`);
      const next = this.#document(document, end, maxSize, index);
      if (table !== null && next - end > limits.maxBsonObjectSize) this.#checkStored(document, limits, index);
      const fits = table === null ? next <= lastEnd : table.fits(index, next - first);
      // The first document always goes: a command without any would be refused.
      if (!fits && this.taken > 0) break;
      if (!fits) table?.refuse(index, next - end);
      table?.put(index, this.#room, end);
      end = next;
      this.taken++;
    }
    if (this.taken === 0 && documents.length > 0) noneTaken(field, documents.length - from, limits);
    this.#room.writeInt32LE(end - start - 1, start + 1);
    return table === null ? end : this.#namespaces(table, end, limits);
  }

  /** An operation of a client bulk write is over the limit: with what it stores, or only with what is around that? */
  #checkStored({ document, updateMods }: Document, limits: MessageLimits, index: number): void {
    const stored = (document ?? updateMods) as Document | undefined;
    const size = stored === undefined ? 0 : calculateObjectSize(stored, this.#settings);
    if (size > limits.maxBsonObjectSize) tooLarge(size, limits.maxBsonObjectSize, index);
  }

  #namespaces(table: NamespaceTable, start: number, limits: MessageLimits): number {
    let end = this.#sequenceHead(start, 'nsInfo');
    for (const document of table.documents()) end = this.#document(document, end, limits.maxBsonObjectSize);
    this.#room.writeInt32LE(end - start - 1, start + 1);
    return end;
  }

  /** Begins a section of documents, whose size is written when it is known. Returns where the first document goes. */
  #sequenceHead(start: number, field: string): number {
    this.#ensure(start, 1 + 4 + field.length + 1);
    this.#room[start] = SectionKind.documentSequence;
    const end = start + 5 + this.#room.write(field, start + 5, 'latin1');
    this.#room[end] = 0;
    return end + 1;
  }

  /** Writes a document at an offset and returns the offset behind it. */
  #document(document: Document, offset: number, maxSize: number, index?: number): number {
    this.#settings.index = offset;
    let end: number;
    try {
      end = serializeWithBufferAndIndex(document, this.#room, this.#settings) + 1;
    } catch (error) {
      // `bson` encodes first and copies then: the room was too small, or its own was.
      if (!(error instanceof RangeError)) throw error;
      const size = calculateObjectSize(document, this.#settings);
      if (size > Math.min(BSON_ROOM, maxSize)) tooLarge(size, maxSize, index);
      this.#ensure(offset, size);
      end = serializeWithBufferAndIndex(document, this.#room, this.#settings) + 1;
    }
    if (end - offset > maxSize) tooLarge(end - offset, maxSize, index);
    return end;
  }

  /** Makes room for `more` bytes behind the first `used`. */
  #ensure(used: number, more: number): void {
    if (this.#room.length >= used + more) return;
    const room = Buffer.allocUnsafeSlow(Math.max(this.#room.length * 2, used + more));
    this.#room.copy(room, 0, 0, used);
    this.#room = room;
  }
}

/** Sent again and again, a command without documents would never come to its end. */
function noneTaken(field: string, count: number, { maxWriteBatchSize }: MessageLimits): never {
  throw new MongoRuntimeError(
    `None of ${count} ${field} fits into a message to a server with maxWriteBatchSize ${maxWriteBatchSize}. Nothing was sent.`,
  );
}

function tooLarge(size: number, maxSize: number, index: number | undefined): never {
  const which = index === undefined ? 'A command' : `The document at index ${index}`;
  throw new MongoInvalidArgumentError(
    `${which} is ${size} bytes of BSON, and the server takes at most ${maxSize}. Nothing of it was sent.`,
  );
}
