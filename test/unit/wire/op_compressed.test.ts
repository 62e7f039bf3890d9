import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { zlibCodec } from '../../../src/wire/compressor.js';
import { compressMessage, decompressMessage, mayCompress } from '../../../src/wire/op_compressed.js';
import { body, COMPRESSED, message, opCompressed, opMsg, protocolError } from './bytes.js';

const LIMIT = 48_000_000;
const CODEC = zlibCodec(-1);
const NONE = 0;
const SNAPPY = 1;
const ZLIB = 2;

describe('compressMessage', () => {
  const original = opMsg([body({ text: 'mongo '.repeat(500) })]);

  it('frames the message as OP_COMPRESSED with the same ids', () => {
    const wrapped = compressMessage(original, zlibCodec(-1));

    assert.equal(wrapped.readInt32LE(0), wrapped.length);
    assert.deepEqual(wrapped.subarray(4, 12), original.subarray(4, 12));
    assert.equal(wrapped.readInt32LE(12), COMPRESSED);
    assert.equal(wrapped.readInt32LE(16), 2013);
    assert.equal(wrapped.readInt32LE(20), original.length - 16);
    assert.equal(wrapped[24], ZLIB);
    assert.deepEqual(wrapped.subarray(25), deflateSync(original.subarray(16)));
  });

  it('is undone by decompressMessage at every level', () => {
    for (let level = -1; level <= 9; level++) {
      assert.deepEqual(decompressMessage(compressMessage(original, zlibCodec(level)), LIMIT, CODEC), original);
    }
  });

  it('packs tighter at a higher level', () => {
    assert.ok(compressMessage(original, zlibCodec(9)).length < compressMessage(original, zlibCodec(0)).length);
  });
});

describe('mayCompress', () => {
  it('refuses handshakes and commands with secrets', () => {
    for (const name of ['hello', 'isMaster', 'ismaster', 'saslStart', 'saslContinue', 'getnonce', 'authenticate']) {
      assert.equal(mayCompress(name), false, name);
    }
    for (const name of ['createUser', 'updateUser', 'copydb', 'copydbgetnonce', 'copydbSaslStart']) {
      assert.equal(mayCompress(name), false, name);
    }
  });

  it('allows everything else', () => assert.equal(mayCompress('insert'), true));
});

describe('decompressMessage', () => {
  const content = opMsg([body({ ok: 1 })]).subarray(16);
  const packed = deflateSync(content);

  it('accepts data that were not compressed', () => {
    assert.deepEqual(
      decompressMessage(opCompressed(NONE, content, content.length), LIMIT, CODEC).subarray(16),
      content,
    );
  });

  it('writes a header with the length and the opcode of the original', () => {
    const read = decompressMessage(opCompressed(ZLIB, packed, content.length, 4711), LIMIT, CODEC);

    assert.equal(read.readInt32LE(0), read.length);
    assert.equal(read.readInt32LE(8), 7);
    assert.equal(read.readInt32LE(12), 4711);
  });

  it('refuses a message too short for its own fields', () => {
    for (let length = 0; length < 9; length++) {
      assert.throws(
        () => decompressMessage(message(COMPRESSED, [Buffer.alloc(length)]), LIMIT, CODEC),
        protocolError(/too short/),
      );
    }
  });

  it('refuses an OP_COMPRESSED inside an OP_COMPRESSED', () => {
    const frame = opCompressed(ZLIB, packed, content.length, COMPRESSED);

    assert.throws(() => decompressMessage(frame, LIMIT, CODEC), protocolError(/inside an OP_COMPRESSED/));
  });

  for (const [title, id] of [
    ['snappy, which was not negotiated', SNAPPY],
    ['an unknown compressor', 200],
  ] as const) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => decompressMessage(opCompressed(id, packed, content.length), LIMIT, CODEC),
        protocolError(/negotiated/),
      );
    });
  }

  it('refuses a negative size', () => {
    assert.throws(() => decompressMessage(opCompressed(ZLIB, packed, -1), LIMIT, CODEC), protocolError(/of -1 bytes/));
  });

  it('allows a message of exactly the limit, header included, and not a byte more', () => {
    const data = Buffer.alloc(1000);
    const frame = opCompressed(ZLIB, deflateSync(data), 1000);

    assert.equal(decompressMessage(frame, 1016, CODEC).length, 1016);
    assert.throws(() => decompressMessage(frame, 1015, CODEC), protocolError(/at most 999/));
  });

  it('refuses data that unpack to less than is claimed', () => {
    const frame = opCompressed(ZLIB, packed, content.length + 1);

    assert.throws(() => decompressMessage(frame, LIMIT, CODEC), protocolError(/that claims/));
  });

  it('refuses data that unpack to more than is claimed, and stops there', () => {
    const bomb = deflateSync(Buffer.alloc(20_000_000));
    const before = process.memoryUsage().arrayBuffers;

    assert.throws(
      () => decompressMessage(opCompressed(ZLIB, bomb, 100), LIMIT, CODEC),
      protocolError(/cannot be unpacked/),
    );
    assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  });

  it('refuses an uncompressed body whose size is not the one claimed', () => {
    for (const claimed of [content.length - 1, content.length + 1]) {
      assert.throws(
        () => decompressMessage(opCompressed(NONE, content, claimed), LIMIT, CODEC),
        protocolError(/that claims/),
      );
    }
  });

  it('refuses data that are not zlib', () => {
    const frame = opCompressed(ZLIB, Buffer.from('no zlib at all'), 14);

    assert.throws(() => decompressMessage(frame, LIMIT, CODEC), protocolError(/cannot be unpacked/));
  });

  it('refuses zlib data that stop too early', () => {
    const frame = opCompressed(ZLIB, packed.subarray(0, -3), content.length);

    assert.throws(() => decompressMessage(frame, LIMIT, CODEC), protocolError(/cannot be unpacked/));
  });

  it('refuses bytes behind the end of the zlib data', () => {
    const frame = opCompressed(ZLIB, Buffer.concat([packed, Buffer.from('more')]), content.length);

    assert.throws(() => decompressMessage(frame, LIMIT, CODEC), protocolError(/4 bytes behind the end/));
  });

  it('accepts an empty message', () => {
    assert.equal(decompressMessage(opCompressed(ZLIB, deflateSync(Buffer.alloc(0)), 0), LIMIT, CODEC).length, 16);
  });
});
