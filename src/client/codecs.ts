import zlib from 'node:zlib';
import { MongoMissingDependencyError } from '../errors/driver.js';
import { type LoadPackage, optionalPackage } from '../runtime/optional_package.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';
import { type Codec, type Snappy, snappyCodec, type Zstd, zlibCodec, zstdCodec } from '../wire/compressor.js';

/**
 * The compressors that were asked for and can be used here, in order of preference. One that cannot be used is left out with a warning: a
 * connection string is often shared by programs, and what it says of compression is an offer to the server (OP_COMPRESSED, "compressors").
 */
export function codecsOf(
  { compressors, zlibCompressionLevel }: Pick<ResolvedOptions, 'compressors' | 'zlibCompressionLevel'>,
  load?: LoadPackage,
): Codec[] {
  const codecs: Codec[] = [];
  for (const name of compressors) {
    if (name === 'zlib') codecs.push(zlibCodec(zlibCompressionLevel ?? -1));
    else if (name === 'snappy') addSnappy(codecs, load);
    else if ('zstdCompressSync' in zlib) codecs.push(zstdCodec(zlib as unknown as Zstd));
    else warn('zstd needs Node 22.15 or later');
  }
  return codecs;
}

function addSnappy(codecs: Codec[], load?: LoadPackage): void {
  try {
    codecs.push(snappyCodec(optionalPackage('snappy', 'The compressor snappy', load) as Snappy));
  } catch (error) {
    if (!(error instanceof MongoMissingDependencyError)) throw error;
    warn(error.message);
  }
}

function warn(why: string): void {
  process.emitWarning(`${why}. The client goes on without this compressor`, 'MongoOptionWarning');
}
