import { deflateSync, type Inflate, inflateSync } from 'node:zlib';
import { protocolError } from './header.js';

/** Compressors by the names of the handshake, with their ids on the wire. @public */
export const Compressor = Object.freeze({ none: 0, snappy: 1, zlib: 2, zstd: 3 } as const);

/** The id of a compressor. @public */
export type Compressor = (typeof Compressor)[CompressorName];

/** @public */
export type CompressorName = keyof typeof Compressor;

/** One way to compress the bytes of messages. Synchronous: see docs/decisions/0005. */
export interface Codec {
  readonly name: CompressorName;
  readonly id: number;
  compress(data: Buffer): Buffer;
  /**
   * @param size - of the result, as the message claims it: no more memory than that is used
   * @throws MongoUnexpectedServerResponseError if the data cannot be unpacked
   */
  decompress(data: Buffer, size: number): Buffer;
}

/** The part of the package `snappy` that is used. */
export interface Snappy {
  compressSync(data: Buffer): Buffer;
  uncompressSync(data: Buffer, options: { asBuffer: true }): Buffer | string;
}

/** The part of `node:zlib` that is used; Node has it since 22.15. */
export interface Zstd {
  zstdCompressSync(data: Buffer): Buffer;
  zstdDecompressSync(data: Buffer, options: { maxOutputLength: number }): Buffer;
}

/** The result of zlib with `info: true`, which Node's type declarations lack. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: Inflate;
}

/** @param level - -1 (zlib's own default) to 9 */
export function zlibCodec(level: number): Codec {
  return {
    name: 'zlib',
    id: Compressor.zlib,
    compress: data => deflateSync(data, { level }),
    decompress(data, size) {
      // maxOutputLength must be positive; one byte too many is noticed by the caller.
      const options = { maxOutputLength: size + 1, info: true };
      const { buffer, engine } = unpacked('zlib', () => inflateSync(data, options) as unknown as Inflated);
      // zlib stops at the end of its own data and ignores the rest.
      const surplus = data.length - engine.bytesWritten;
      if (surplus !== 0) protocolError(`${surplus} bytes behind the end of zlib data`);
      return buffer;
    },
  };
}

export function snappyCodec(snappy: Snappy): Codec {
  return {
    name: 'snappy',
    id: Compressor.snappy,
    compress: data => snappy.compressSync(data),
    decompress(data, size) {
      // The package allocates the claimed size, without a limit.
      const claimed = snappyLength(data);
      if (claimed !== size) protocolError(`an OP_COMPRESSED of ${claimed} bytes that claims ${size}`);
      return unpacked('snappy', () => snappy.uncompressSync(data, { asBuffer: true })) as Buffer;
    },
  };
}

export function zstdCodec(zstd: Zstd): Codec {
  return {
    name: 'zstd',
    id: Compressor.zstd,
    compress: data => zstd.zstdCompressSync(data),
    decompress(data, size) {
      // Versions of Node differ in what they do with bytes behind the frame.
      const surplus = data.length - zstdFrameSize(data);
      if (surplus !== 0) protocolError(`${surplus} bytes behind the end of zstd data`);
      return unpacked('zstd', () => zstd.zstdDecompressSync(data, { maxOutputLength: size + 1 }));
    },
  };
}

function unpacked<T>(name: string, unpack: () => T): T {
  try {
    return unpack();
  } catch (error) {
    return protocolError(
      `${name} data that cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Snappy format description, "Preamble": the length of what was compressed, seven bits a byte, the lowest first. */
function snappyLength(data: Buffer): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = data[i];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length;
  }
  return protocolError('snappy data without a length');
}

const ZSTD_MAGIC = 0xfd2fb528;
const DICTIONARY_ID_SIZES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_SIZES = [0, 2, 4, 8] as const;
const BLOCK_HEADER_SIZE = 3;
const CHECKSUM_SIZE = 4;
const RUN_LENGTH_BLOCK = 1;

/** How many bytes the first zstd frame takes, found by its headers alone (RFC 8878, sections 3.1.1 and 3.1.1.2). */
function zstdFrameSize(data: Buffer): number {
  if (data.length < 6 || data.readUInt32LE(0) !== ZSTD_MAGIC) protocolError('zstd data that begin with no frame');
  const descriptor = data[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeSize = CONTENT_SIZE_SIZES[(descriptor >> 6) as 0 | 1 | 2 | 3];
  let end = 5 + (DICTIONARY_ID_SIZES[(descriptor & 3) as 0 | 1 | 2 | 3] + contentSizeSize);
  // Of a single segment the content size stands for the window; without one there is a byte for that.
  if (!isSingleSegment || contentSizeSize === 0) end++;
  for (let isLast = false; !isLast; ) {
    if (end + BLOCK_HEADER_SIZE > data.length) protocolError('zstd data without an end');
    const header = data.readUIntLE(end, BLOCK_HEADER_SIZE);
    isLast = (header & 1) === 1;
    end += BLOCK_HEADER_SIZE + (((header >> 1) & 3) === RUN_LENGTH_BLOCK ? 1 : header >> 3);
  }
  if ((descriptor & 4) !== 0) end += CHECKSUM_SIZE;
  return end;
}
