/** Compressors by the names of the handshake, with their ids on the wire. @public */
export const Compressor = Object.freeze({ none: 0, snappy: 1, zlib: 2, zstd: 3 } as const);

/** @public */
export type CompressorName = keyof typeof Compressor;
