import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';
import * as snappy from 'snappy';
import { codecsOf } from '../../../src/client/engine.js';
import { type Codec, snappyCodec, type Zstd, zlibCodec, zstdCodec } from '../../../src/wire/compressor.js';
import { compressMessage, decompressMessage } from '../../../src/wire/op_compressed.js';
import { body, opCompressed, opMsg, protocolError } from './bytes.js';

const SNAPPY = snappyCodec(snappy);
const hasZstd = 'zstdCompressSync' in zlib;
const TEXT = Buffer.from('mongo '.repeat(500));
const LIMIT = 48_000_000;

const codecs: readonly [string, () => Codec, string | false][] = [
  ['zlib', () => zlibCodec(-1), false],
  ['snappy', () => SNAPPY, false],
  [
    'zstd',
    () => zstdCodec(zlib as unknown as Zstd),
    hasZstd ? false : `zlib of Node ${process.version} has no zstd; 22.15 and later have`,
  ],
];

for (const [name, make, skip] of codecs) {
  describe(name, { skip }, () => {
    it('packs tighter, and unpacks to the same bytes', () => {
      const codec = make();
      const packed = codec.compress(TEXT);

      assert.ok(packed.length < TEXT.length / 4);
      assert.deepEqual(codec.decompress(packed, TEXT.length), TEXT);
      assert.equal(codec.name, name);
    });

    it('carries a message', () => {
      const message = opMsg([body({ text: 'mongo '.repeat(500) })]);
      const codec = make();

      assert.deepEqual(decompressMessage(compressMessage(message, codec), LIMIT, codec), message);
    });

    it('uses no more memory than the message claims', () => {
      const codec = make();
      const bomb = codec.compress(Buffer.alloc(10_000_000));

      assert.throws(() => codec.decompress(bomb, 100), protocolError(/cannot be unpacked|that claims/));
    });

    it('refuses bytes that are none of its own', () => {
      for (const bytes of [
        Buffer.alloc(0),
        Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Buffer.from('nothing'),
      ]) {
        const codec = make();
        assert.throws(() => decompressMessage(opCompressed(codec.id, bytes, 10), LIMIT, codec), protocolError(/./));
      }
    });

    it('reads nothing of a compressor that was not negotiated', () => {
      const message = compressMessage(opMsg([body({ ok: 1 })]), make());
      const other = name === 'zlib' ? SNAPPY : zlibCodec(-1);

      for (const codec of [other, null]) {
        assert.throws(() => decompressMessage(message, LIMIT, codec), protocolError(/was not negotiated/));
      }
    });
  });
}

describe('zstd data', () => {
  // Made by the program zstd.
  const FRAMES = {
    'raw block': 'KLUv/QBYKQAAaGVsbG8=',
    'run-length block with a checksum': 'KLUv/QRYTQAAEGFhAQAnKsACx8/PuQ==',
    'stream without a content size': 'KLUv/QBYbQAAMG1vbmdvIAEAT1KVIg==',
    'a file with a content size': 'KLUv/WSwA20AADBtb25nbyABAKfkL0UCUYXS',
  };
  /** Node's own is not there in every version; what is looked at here comes before it. */
  const codec = zstdCodec({
    zstdCompressSync: data => data,
    zstdDecompressSync: () => Buffer.from('unpacked'),
  });

  for (const [name, base64] of Object.entries(FRAMES)) {
    const frame = Buffer.from(base64, 'base64');

    it(`are taken when they are one frame: ${name}`, () => {
      assert.equal(codec.decompress(frame, 8).toString(), 'unpacked');
    });

    it(`are refused when bytes follow the frame, or another frame does: ${name}`, () => {
      for (const surplus of [Buffer.of(0), Buffer.from('x'), frame]) {
        assert.throws(
          () => codec.decompress(Buffer.concat([frame, surplus]), 8),
          protocolError(/bytes behind the end of zstd data/),
        );
      }
    });

    it(`are refused when the frame is cut off anywhere: ${name}`, () => {
      for (let length = 0; length < frame.length; length++) {
        assert.throws(() => codec.decompress(frame.subarray(0, length), 8), protocolError(/zstd data/));
      }
    });
  }
});

describe('codecsOf', () => {
  async function warningsOf(use: () => unknown): Promise<[unknown, string[]]> {
    const warnings: string[] = [];
    const listener = ({ message }: Error) => warnings.push(message);
    process.on('warning', listener);
    const result = use();
    await new Promise(resolve => setImmediate(resolve));
    process.off('warning', listener);
    return [result, warnings];
  }

  it('has those that were asked for, in their order', async () => {
    const [names, warnings] = await warningsOf(() =>
      codecsOf({ compressors: ['snappy', 'zlib'], zlibCompressionLevel: 3 }).map(({ name }) => name),
    );

    assert.deepEqual(names, ['snappy', 'zlib']);
    assert.deepEqual(warnings, []);
  });

  it('goes on without one whose package is not installed, and says so', async () => {
    const load = (name: string): never => {
      throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
    };
    const [names, warnings] = await warningsOf(() =>
      codecsOf({ compressors: ['snappy', 'zlib'], zlibCompressionLevel: undefined }, load).map(({ name }) => name),
    );

    assert.deepEqual(names, ['zlib']);
    assert.match(warnings.join('\n'), /snappy needs the package snappy, which is not installed.* goes on without/);
  });

  it('has zstd where Node has it, and says so where not', async () => {
    const [names, warnings] = await warningsOf(() =>
      codecsOf({ compressors: ['zstd'], zlibCompressionLevel: undefined }).map(({ name }) => name),
    );

    assert.deepEqual(names, hasZstd ? ['zstd'] : []);
    assert.equal(warnings.length, hasZstd ? 0 : 1);
  });
});
