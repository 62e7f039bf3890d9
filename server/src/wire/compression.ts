import { type Compressor, compressors } from './compressors.js';
import { headerSize, maxMessageSizeBytes, OpCode, ProtocolError, readHeader, writeHeader } from './header.js';

const bodyOffset = headerSize + 9;

/** Of the compressors that a client offers, those that this server speaks, in the client's order. */
export function negotiateCompression(offered: unknown): string[] {
  if (!Array.isArray(offered)) return [];
  return offered.filter(
    (name): name is string => name !== 'noop' && compressors.some(compressor => compressor.name === name),
  );
}

export function decompress(message: Buffer): { opCode: number; payload: Buffer; compressor: Compressor } {
  if (message.length < bodyOffset) throw new ProtocolError('OP_COMPRESSED is too short');
  const opCode = message.readInt32LE(headerSize);
  const size = message.readInt32LE(headerSize + 4);
  const compressorId = message.readUInt8(headerSize + 8);
  if (size < 0 || size > maxMessageSizeBytes) throw new ProtocolError(`OP_COMPRESSED claims ${size} bytes`);
  const compressor = compressors.find(({ id }) => id === compressorId);
  if (compressor === undefined) throw new ProtocolError(`Unknown compressor ${compressorId}`);
  const payload = decompressBody(message.subarray(bodyOffset), compressor);
  if (payload.length !== size) throw new ProtocolError('OP_COMPRESSED holds another number of bytes than it claims');
  return { opCode, payload, compressor };
}

function decompressBody(body: Buffer, compressor: Compressor): Buffer {
  try {
    return compressor.decompress(body);
  } catch (cause) {
    throw new ProtocolError('OP_COMPRESSED cannot be decompressed', { cause });
  }
}

export function compress(message: Buffer, compressor: Compressor): Buffer {
  const { requestId, responseTo, opCode } = readHeader(message);
  const payload = message.subarray(headerSize);
  const body = compressor.compress(payload);
  const compressed = Buffer.allocUnsafe(bodyOffset + body.length);
  writeHeader(compressed, { length: compressed.length, requestId, responseTo, opCode: OpCode.compressed });
  compressed.writeInt32LE(opCode, headerSize);
  compressed.writeInt32LE(payload.length, headerSize + 4);
  compressed.writeUInt8(compressor.id, headerSize + 8);
  body.copy(compressed, bodyOffset);
  return compressed;
}
