import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import { maxMessageSizeBytes } from './header.js';

/** One way to compress, with the number that it has in OP_COMPRESSED. */
export interface Compressor {
  readonly name: string;
  readonly id: number;
  readonly compress: (bytes: Buffer) => Buffer;
  /** @throws Error when the bytes are none of its own, or too many. */
  readonly decompress: (bytes: Buffer) => Buffer;
}

interface SnappyPackage {
  compressSync(bytes: Buffer): Buffer;
  uncompressSync(bytes: Buffer, options: { asBuffer: true }): Buffer;
}

/** What `node:zlib` has of Zstandard since Node 22.15. */
interface ZstdOfNode {
  readonly zstdCompressSync?: (bytes: Buffer) => Buffer;
  readonly zstdDecompressSync?: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;
}

const limit = { maxOutputLength: maxMessageSizeBytes };

const noop: Compressor = { name: 'noop', id: 0, compress: bytes => bytes, decompress: bytes => bytes };

const withZlib: Compressor = {
  name: 'zlib',
  id: 2,
  compress: bytes => zlib.deflateSync(bytes),
  decompress: bytes => zlib.inflateSync(bytes, limit),
};

/** All that there are in this process: snappy where the package is installed, zstd where Node has it. */
export const compressors: readonly Compressor[] = [noop, ...withSnappy(), withZlib, ...withZstd()];

function withSnappy(): Compressor[] {
  let snappy: SnappyPackage;
  try {
    snappy = createRequire(__filename)('snappy') as SnappyPackage;
  } catch {
    return [];
  }
  const decompress = (bytes: Buffer): Buffer => snappy.uncompressSync(bytes, { asBuffer: true });
  return [{ name: 'snappy', id: 1, compress: bytes => snappy.compressSync(bytes), decompress }];
}

function withZstd(): Compressor[] {
  const { zstdCompressSync: compress, zstdDecompressSync: decompress } = zlib as ZstdOfNode;
  if (compress === undefined || decompress === undefined) return [];
  return [{ name: 'zstd', id: 3, compress: bytes => compress(bytes), decompress: bytes => decompress(bytes, limit) }];
}
