import { type Codec, Compressor } from './compressor.js';
import { HEADER_SIZE, OpCode, protocolError, readHeader, writeHeader } from './header.js';

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

/** Wraps a message in OP_COMPRESSED. */
export function compressMessage(message: Buffer, codec: Codec): Buffer {
  const { requestId, responseTo, opCode } = readHeader(message);
  const body = codec.compress(message.subarray(HEADER_SIZE));
  const length = HEADER_SIZE + PREFIX_SIZE + body.length;
  const wrapped = Buffer.allocUnsafe(length);
  writeHeader(wrapped, length, requestId, responseTo, OpCode.compressed);
  wrapped.writeInt32LE(opCode, HEADER_SIZE);
  wrapped.writeInt32LE(message.length - HEADER_SIZE, HEADER_SIZE + 4);
  wrapped[HEADER_SIZE + 8] = codec.id;
  body.copy(wrapped, HEADER_SIZE + PREFIX_SIZE);
  return wrapped;
}

/**
 * The message inside an OP_COMPRESSED. Memory grows with what the data unpack to, never beyond what the message claims, and not at all
 * when it claims more than a message may have.
 *
 * @param codec - what was negotiated; null for nothing
 * @throws MongoUnexpectedServerResponseError if it breaks the protocol
 */
export function decompressMessage(frame: Buffer, maxMessageSize: number, codec: Codec | null): Buffer {
  if (frame.length < HEADER_SIZE + PREFIX_SIZE) protocolError('an OP_COMPRESSED too short for its own fields');
  const { requestId, responseTo } = readHeader(frame);
  const opCode = frame.readInt32LE(HEADER_SIZE);
  const size = frame.readInt32LE(HEADER_SIZE + 4);
  if (opCode === OpCode.compressed) protocolError('an OP_COMPRESSED inside an OP_COMPRESSED');
  if (size < 0 || size > maxMessageSize - HEADER_SIZE) {
    protocolError(`an OP_COMPRESSED of ${size} bytes, at most ${maxMessageSize - HEADER_SIZE} are allowed`);
  }
  const body = unpack(frame[HEADER_SIZE + 8] ?? -1, frame.subarray(HEADER_SIZE + PREFIX_SIZE), size, codec);
  if (body.length !== size) protocolError(`an OP_COMPRESSED of ${body.length} bytes that claims ${size}`);
  const message = Buffer.allocUnsafe(HEADER_SIZE + size);
  writeHeader(message, message.length, requestId, responseTo, opCode);
  body.copy(message, HEADER_SIZE);
  return message;
}

function unpack(compressorId: number, data: Buffer, size: number, codec: Codec | null): Buffer {
  if (compressorId === Compressor.none) return data;
  if (codec !== null && compressorId === codec.id) return codec.decompress(data, size);
  return protocolError(`an OP_COMPRESSED with compressor ${compressorId}, which was not negotiated`);
}
