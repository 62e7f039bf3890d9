/** Compressors by the names of the handshake, with their ids on the wire. @public */
export const Compressor = Object.freeze({ none: 0, snappy: 1, zlib: 2, zstd: 3 } as const);

/** The id of a compressor. @public */
export type Compressor = (typeof Compressor)[CompressorName];

/** @public */
export type CompressorName = keyof typeof Compressor;
