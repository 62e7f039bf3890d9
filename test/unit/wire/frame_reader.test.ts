import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameReader } from '../../../src/wire/frame_reader.js';
import { DEFAULT_MAX_MESSAGE_SIZE } from '../../../src/wire/header.js';
import { int32, message, protocolError } from './bytes.js';

class Frames {
  readonly all: Buffer[] = [];

  onFrame(frame: Buffer): void {
    this.all.push(frame);
  }
}

function reader(limit = DEFAULT_MAX_MESSAGE_SIZE): { frames: Frames; reader: FrameReader } {
  const frames = new Frames();
  return { frames, reader: new FrameReader(frames, limit) };
}

describe('FrameReader', () => {
  const first = message(2013, [Buffer.from('first')]);
  const second = message(2013, [Buffer.from('the second')]);

  it('gives each message of one chunk', () => {
    const { frames, reader: read } = reader();

    read.push(Buffer.concat([first, second]));

    assert.deepEqual(frames.all, [first, second]);
  });

  it('gives the same messages byte by byte', () => {
    const { frames, reader: read } = reader();

    for (const byte of Buffer.concat([first, second])) read.push(Buffer.of(byte));

    assert.deepEqual(frames.all, [first, second]);
  });

  it('gives a message once its last byte has arrived', () => {
    const { frames, reader: read } = reader();

    read.push(first.subarray(0, -1));
    assert.equal(frames.all.length, 0);
    assert.equal(read.missingBytes, 1);

    read.push(first.subarray(-1));
    assert.deepEqual(frames.all, [first]);
  });

  it('reads no further into a chunk than it is told', () => {
    const { frames, reader: read } = reader();
    const room = Buffer.concat([first, Buffer.alloc(100, 0xff)]);

    read.push(room, first.length);

    assert.deepEqual(frames.all, [first]);
  });

  it('gives copies: the chunk may be used again', () => {
    const { frames, reader: read } = reader();
    const chunk = Buffer.concat([first, second.subarray(0, 20)]);

    read.push(chunk);
    chunk.fill(0xee);
    read.push(second.subarray(20));

    assert.deepEqual(frames.all, [first, second]);
  });

  it('accepts an empty chunk anywhere', () => {
    const { frames, reader: read } = reader();

    for (const part of [first.subarray(0, 0), first.subarray(0, 2), Buffer.alloc(0), first.subarray(2)])
      read.push(part);

    assert.deepEqual(frames.all, [first]);
  });

  for (const length of [15, 4, 0, -1, -(2 ** 31)]) {
    it(`refuses a message of ${length} bytes`, () => {
      assert.throws(() => reader().reader.push(int32(length)), protocolError(/at least 16/));
    });
  }

  it('accepts a header alone', () => {
    const { frames, reader: read } = reader();

    read.push(message(2013, []));

    assert.equal(frames.all[0]?.length, 16);
  });

  it('accepts a message of exactly the limit and refuses one more byte', () => {
    const { frames, reader: read } = reader(100);

    read.push(message(2013, [Buffer.alloc(84)]));

    assert.equal(frames.all.length, 1);
    assert.throws(() => read.push(message(2013, [Buffer.alloc(85)])), protocolError(/101 bytes, at most 100/));
  });

  it('refuses a length as soon as its four bytes are there, however they came', () => {
    const { reader: read } = reader(100);

    read.push(int32(101).subarray(0, 3));

    assert.throws(() => read.push(int32(101).subarray(3)), protocolError(/at most 100/));
  });

  it('follows a limit that the server announced', () => {
    const { frames, reader: read } = reader(100);

    read.maxMessageSize = 200;
    read.push(message(2013, [Buffer.alloc(150)]));

    assert.equal(frames.all.length, 1);
  });

  it('sets memory aside for what arrived, not for what was claimed', t => {
    const asked: number[] = [];
    const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
    t.mock.method(Buffer, 'allocUnsafeSlow', (size: number) => {
      asked.push(size);
      return allocate(size);
    });
    const { reader: read } = reader();

    read.push(message(2013, [Buffer.alloc(84)], 0, 48_000_000));
    for (let sent = 100; sent < 1_000_000; sent += 10_000) read.push(Buffer.alloc(10_000));

    assert.ok(asked.length > 1);
    assert.ok(asked[0]! <= 64 * 1024, `first ${String(asked[0])}`);
    assert.ok(asked.reduce((sum, size) => sum + size) <= 4_200_000, asked.join(', '));
  });

  it('holds no more than four bytes for a message of which only half the length has come', t => {
    const asked: number[] = [];
    const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
    t.mock.method(Buffer, 'allocUnsafeSlow', (size: number) => {
      asked.push(size);
      return allocate(size);
    });
    const { frames, reader: read } = reader();

    read.push(first.subarray(0, 2));
    read.push(first.subarray(2));

    assert.deepEqual(asked, [4, first.length]);
    assert.equal(frames.all[0]?.buffer.byteLength, first.length);
  });
});
