import { deflateSync, type Inflate, inflateSync } from 'node:zlib';
import { HEADER_SIZE, OpCode, protocolError, readHeader, writeHeader } from './header.js';

/** Compressors by the names of the handshake, with their ids on the wire. @public */
export const Compressor = Object.freeze({ none: 0, snappy: 1, zlib: 2, zstd: 3 } as const);

/** @public */
export type CompressorName = keyof typeof Compressor;

/** originalOpcode, uncompressedSize, compressorId */
const PREFIX_SIZE = 9;

/** OP_COMPRESSED, "Messages not allowed to be compressed": handshakes and everything with secrets in it. */
const NEVER_COMPRESSED: ReadonlySet<string> = new Set([
  'hello',
  'ismaster',
  'isMaster',
  'saslStart',
  'saslContinue',
  'getnonce',
  'authenticate',
  'createUser',
  'updateUser',
  'copydbSaslStart',
  'copydbgetnonce',
  'copydb',
]);

export function mayCompress(commandName: string): boolean {
  return !NEVER_COMPRESSED.has(commandName);
}

/**
 * Wraps a message in OP_COMPRESSED.
 *
 * @param level - of zlib: -1 (its own default) to 9
 */
export function compressMessage(message: Buffer, level: number): Buffer {
  const { requestId, responseTo, opCode } = readHeader(message);
  const body = deflateSync(message.subarray(HEADER_SIZE), { level });
  const length = HEADER_SIZE + PREFIX_SIZE + body.length;
  const wrapped = Buffer.allocUnsafe(length);
  writeHeader(wrapped, length, requestId, responseTo, OpCode.compressed);
  wrapped.writeInt32LE(opCode, HEADER_SIZE);
  wrapped.writeInt32LE(message.length - HEADER_SIZE, HEADER_SIZE + 4);
  wrapped[HEADER_SIZE + 8] = Compressor.zlib;
  body.copy(wrapped, HEADER_SIZE + PREFIX_SIZE);
  return wrapped;
}

/**
 * The message inside an OP_COMPRESSED. Memory grows with what the data unpack to, never beyond what the message claims, and not at all
 * when it claims more than a message may have.
 *
 * @throws MongoUnexpectedServerResponseError if it breaks the protocol
 */
export function decompressMessage(frame: Buffer, maxMessageSize: number): Buffer {
  if (frame.length < HEADER_SIZE + PREFIX_SIZE) protocolError('an OP_COMPRESSED too short for its own fields');
  const { requestId, responseTo } = readHeader(frame);
  const opCode = frame.readInt32LE(HEADER_SIZE);
  const size = frame.readInt32LE(HEADER_SIZE + 4);
  if (opCode === OpCode.compressed) protocolError('an OP_COMPRESSED inside an OP_COMPRESSED');
  if (size < 0 || size > maxMessageSize - HEADER_SIZE) {
    protocolError(`an OP_COMPRESSED of ${size} bytes, at most ${maxMessageSize - HEADER_SIZE} are allowed`);
  }
  const body = unpack(frame[HEADER_SIZE + 8] ?? -1, frame.subarray(HEADER_SIZE + PREFIX_SIZE), size);
  if (body.length !== size) protocolError(`an OP_COMPRESSED of ${body.length} bytes that claims ${size}`);
  const message = Buffer.allocUnsafe(HEADER_SIZE + size);
  writeHeader(message, message.length, requestId, responseTo, opCode);
  body.copy(message, HEADER_SIZE);
  return message;
}

function unpack(compressorId: number, data: Buffer, size: number): Buffer {
  switch (compressorId) {
    case Compressor.none:
      return data;
    case Compressor.zlib:
      return inflate(data, size);
    default:
      return protocolError(`an OP_COMPRESSED with compressor ${compressorId}, which was not negotiated`);
  }
}

/** What `info: true` makes of the result; the type declarations of Node do not know it. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: Inflate;
}

function inflate(data: Buffer, size: number): Buffer {
  let inflated: Inflated;
  try {
    // maxOutputLength must be positive; one byte too many is noticed by the caller.
    inflated = inflateSync(data, { maxOutputLength: size + 1, info: true }) as unknown as Inflated;
  } catch (error) {
    protocolError(`zlib data that cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
  // zlib stops at the end of its own data and says nothing of what follows.
  const surplus = data.length - inflated.engine.bytesWritten;
  if (surplus !== 0) protocolError(`${surplus} bytes behind the end of zlib data`);
  return inflated.buffer;
}
