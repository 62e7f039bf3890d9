import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import { decodeDocument } from '../../src/bson/decode.js';
import { type Document, deserialize, serialize } from '../../src/bson/index.js';
import {
  type Codec,
  Compressor,
  type Snappy,
  snappyCodec,
  type Zstd,
  zlibCodec,
  zstdCodec,
} from '../../src/wire/compressor.js';
import { FrameReader } from '../../src/wire/frame_reader.js';
import { OpCode, readHeader } from '../../src/wire/header.js';
import { compressMessage, decompressMessage } from '../../src/wire/op_compressed.js';
import { decodeOpMsg } from '../../src/wire/op_msg.js';
import { Reply } from '../../src/wire/reply.js';
import { body, int32, message, opCompressed } from '../unit/wire/bytes.js';
import { Deferred } from './deferred.js';

/** What a peer does to the connection it stands at the end of. */
export interface ScriptedWire {
  accept(): void;
  send(bytes: Buffer): void;
  end(error: Error | null): void;
  resume(): void;
}

/** A reply with something about it that is not as usual. */
export interface ReplyOptions {
  /** Default: the request's own number. */
  readonly responseTo?: number;
  /** The reply's own number; the next of many replies answers to it. */
  readonly requestId?: number;
  readonly flags?: number;
  /** In an OP_COMPRESSED, with zlib or with another codec. */
  readonly compressed?: boolean | Codec;
}

export function replyMessage(document: Document | Uint8Array, responseTo: number, options: ReplyOptions = {}): Buffer {
  const parts = [int32(options.flags ?? 0), body(document)];
  const plain = message(OpCode.msg, parts, options.responseTo ?? responseTo);
  if (options.requestId !== undefined) plain.writeInt32LE(options.requestId, 4);
  if (typeof options.compressed === 'object') return compressMessage(plain, options.compressed);
  if (options.compressed !== true) return plain;
  const wrapped = opCompressed(2, zlib.deflateSync(plain.subarray(16)), plain.length - 16);
  wrapped.writeInt32LE(options.responseTo ?? responseTo, 8);
  return wrapped;
}

/** The same as an OP_REPLY: what an OP_QUERY is answered by. */
export function legacyReply(document: Document | Uint8Array, responseTo: number): Buffer {
  const bytes = document instanceof Uint8Array ? document : serialize(document);
  return message(OpCode.reply, [int32(8), int32(0), int32(0), int32(0), int32(1), bytes], responseTo);
}

/** The command of an OP_QUERY. */
function commandIn(frame: Buffer): Document {
  const nameEnd = frame.indexOf(0, 20);
  const namespace = frame.toString('utf8', 20, nameEnd);
  return { ...deserialize(frame.subarray(nameEnd + 9)), $db: namespace.replace(/\.\$cmd$/, '') };
}

/** The codec of an OP_COMPRESSED. */
function codecOf(frame: Buffer): Codec {
  const id = frame[24];
  if (id === Compressor.snappy) return snappyCodec(createRequire(__filename)('snappy') as Snappy);
  return id === Compressor.zstd ? zstdCodec(zlib as unknown as Zstd) : zlibCodec(-1);
}

/** A command that a client has sent, to be answered or not. */
export class ReceivedCommand {
  readonly peer: ScriptedPeer;
  readonly requestId: number;
  readonly body: Document;
  /** Documents that came beside the body, by the field that they fill. */
  readonly sequences: Readonly<Record<string, readonly Document[]>>;
  readonly flags: number;
  readonly compressed: boolean;
  /** An OP_QUERY, to be answered by an OP_REPLY. */
  readonly isQuery: boolean;

  constructor(peer: ScriptedPeer, frame: Buffer) {
    this.peer = peer;
    this.requestId = readHeader(frame).requestId;
    this.isQuery = readHeader(frame).opCode === OpCode.query;
    if (this.isQuery) {
      this.compressed = false;
      this.flags = 0;
      this.sequences = {};
      this.body = commandIn(frame);
      return;
    }
    this.compressed = readHeader(frame).opCode === OpCode.compressed;
    const plain = this.compressed ? decompressMessage(frame, 48_000_000, codecOf(frame)) : frame;
    const { body: raw, moreToCome, flags, sequences } = decodeOpMsg(plain);
    this.sequences = Object.fromEntries(
      sequences.map(({ identifier, documents }) => [
        identifier,
        documents.map(({ bytes, start }) => decodeDocument(bytes, start)),
      ]),
    );
    this.flags = flags;
    this.body = new Reply(raw, moreToCome, { close: () => undefined }).document;
  }

  /** The command's name: the first field. */
  get name(): string {
    return Object.keys(this.body)[0] ?? '';
  }

  reply(document: Document = { ok: 1 }, options: ReplyOptions = {}): void {
    const isPlain = Object.keys(options).length === 0;
    this.peer.send(
      this.isQuery && isPlain ? legacyReply(document, this.requestId) : replyMessage(document, this.requestId, options),
    );
  }
}

/** The server's end of one connection. */
export class ScriptedPeer {
  /** Which connection of its server it is, from 1. */
  readonly number: number;
  /** `host:port` by which the client came. */
  readonly host: string;
  /** Commands that came and that no handler answered, in order. */
  readonly commands: ReceivedCommand[] = [];
  /** What is written stays with the client's system, as if the server did not read. */
  stalled = false;
  closed = false;
  readonly #wire: ScriptedWire;
  readonly #reader: FrameReader;
  readonly #onCommand: (command: ReceivedCommand) => boolean;
  readonly #waiting: Deferred<ReceivedCommand>[] = [];
  readonly #ended = new Deferred<undefined>();

  constructor(number: number, host: string, wire: ScriptedWire, onCommand: (command: ReceivedCommand) => boolean) {
    this.number = number;
    this.host = host;
    this.#wire = wire;
    this.#onCommand = onCommand;
    this.#reader = new FrameReader({ onFrame: frame => this.#onFrame(frame) }, 48_000_000);
  }

  /** The next command that no handler answers; one that has come already if there is any. */
  nextCommand(): Promise<ReceivedCommand> {
    const command = this.commands.shift();
    if (command !== undefined) return Promise.resolve(command);
    const waiting = new Deferred<ReceivedCommand>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Settles when the connection has closed, from whichever end. */
  get end(): Promise<undefined> {
    return this.#ended.promise;
  }

  /** Takes the connection, if the server does not take all by itself. */
  accept(): void {
    this.#wire.accept();
  }

  /** Sends any bytes. */
  send(bytes: Buffer): void {
    this.#wire.send(bytes);
  }

  /** Closes in an orderly way. */
  close(): void {
    this.#wire.end(null);
  }

  /** Breaks the connection; before it was accepted, this refuses it. */
  reset(error: Error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })): void {
    this.#wire.end(error);
  }

  /** Reads again after {@link ScriptedPeer.stalled}. */
  resume(): void {
    this.stalled = false;
    this.#wire.resume();
  }

  onData(bytes: Buffer): void {
    this.#reader.push(bytes);
  }

  onEnd(): void {
    if (this.closed) return;
    this.closed = true;
    this.#ended.resolve(undefined);
  }

  #onFrame(frame: Buffer): void {
    const command = new ReceivedCommand(this, frame);
    if (this.closed || this.#onCommand(command)) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.commands.push(command);
    else waiting.resolve(command);
  }
}

/** A document of BSON whose inside is broken though its length is right. */
export function brokenDocument(): Buffer {
  const bytes = Buffer.from(serialize({ ok: 1 }));
  bytes[4] = 0x7e;
  return bytes;
}
