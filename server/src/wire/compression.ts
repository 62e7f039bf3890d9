import { deflateSync, inflateSync } from 'node:zlib';
import { headerSize, maxMessageSizeBytes, OpCode, ProtocolError, readHeader, writeHeader } from './header.js';

export type Compressor = 'noop' | 'zlib';

const compressorIds = { noop: 0, zlib: 2 } as const;
const bodyOffset = headerSize + 9;

/** Of the compressors that a client offers, those that this server speaks, in the client's order. */
export function negotiateCompression(offered: unknown): Compressor[] {
  if (!Array.isArray(offered)) return [];
  return offered.filter((name): name is Compressor => name === 'zlib');
}

export function decompress(message: Buffer): { opCode: number; payload: Buffer; compressor: Compressor } {
  if (message.length < bodyOffset) throw new ProtocolError('OP_COMPRESSED is too short');
  const opCode = message.readInt32LE(headerSize);
  const size = message.readInt32LE(headerSize + 4);
  const compressorId = message.readUInt8(headerSize + 8);
  const body = message.subarray(bodyOffset);
  if (size < 0 || size > maxMessageSizeBytes) throw new ProtocolError(`OP_COMPRESSED claims ${size} bytes`);
  const payload = decompressBody(body, compressorId);
  if (payload.length !== size) throw new ProtocolError('OP_COMPRESSED holds another number of bytes than it claims');
  return { opCode, payload, compressor: compressorId === compressorIds.noop ? 'noop' : 'zlib' };
}

function decompressBody(body: Buffer, compressorId: number): Buffer {
  if (compressorId === compressorIds.noop) return body;
  if (compressorId !== compressorIds.zlib) throw new ProtocolError(`Unknown compressor ${compressorId}`);
  try {
    return inflateSync(body, { maxOutputLength: maxMessageSizeBytes });
  } catch (cause) {
    throw new ProtocolError('OP_COMPRESSED cannot be decompressed', { cause });
  }
}

export function compress(message: Buffer, compressor: Compressor): Buffer {
  const { requestId, responseTo, opCode } = readHeader(message);
  const payload = message.subarray(headerSize);
  const body = compressor === 'zlib' ? deflateSync(payload) : payload;
  const compressed = Buffer.allocUnsafe(bodyOffset + body.length);
  writeHeader(compressed, { length: compressed.length, requestId, responseTo, opCode: OpCode.compressed });
  compressed.writeInt32LE(opCode, headerSize);
  compressed.writeInt32LE(payload.length, headerSize + 4);
  compressed.writeUInt8(compressorIds[compressor], headerSize + 8);
  body.copy(compressed, bodyOffset);
  return compressed;
}
