import { deflateSync } from 'node:zlib';
import { serialize } from '../../src/bson/index.js';
import { body, COMPRESSED, int32, MSG, message, nested, opCompressed, opMsg, sequence } from '../unit/wire/bytes.js';
import type { SeededRandom } from './random.js';

/** The same bytes with a header that says what is true of them; `opCode` replaces theirs. */
export function asMessage(bytes: Buffer, opCode?: number): Buffer {
  const padded = bytes.length < 16 ? Buffer.concat([bytes, Buffer.alloc(16 - bytes.length)]) : Buffer.from(bytes);
  padded.writeInt32LE(padded.length, 0);
  if (opCode !== undefined) padded.writeInt32LE(opCode, 12);
  return padded;
}

const reply = opMsg([
  body({
    cursor: { id: 0n, ns: 'shop.orders', firstBatch: [{ a: 1, text: 'größe' }, { a: [1, { b: 2 }] }] },
    operationTime: 5,
    ok: 1,
  }),
]);
const failure = opMsg([body({ ok: 0, code: 11600, errmsg: 'down', errorLabels: ['RetryableWriteError'] })], 1 << 16);
const written = opMsg([
  body({ ok: 1, n: 2, writeErrors: [{ index: 0, code: 11000 }], writeConcernError: { code: 64 } }),
]);
const sequences = opMsg([sequence('documents', [{ x: 1 }, { x: 2 }]), body({ insert: 'c' }), sequence('more', [{}])]);
const pack = (frame: Buffer) => opCompressed(2, deflateSync(frame.subarray(16)), frame.length - 16);
const bomb = deflateSync(Buffer.alloc(40_000_000));

/** Hostile or large on purpose; each is run once on every target before anything random. */
export const cases: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['a header alone', message(MSG, [])],
  ['48 MB claimed, 100 bytes sent', message(MSG, [Buffer.alloc(84)], 7, 48_000_000)],
  ['2 GB claimed, 100 bytes sent', message(MSG, [Buffer.alloc(84)], 7, 0x7fffffff)],
  ['48 MB claimed by OP_COMPRESSED, 20 bytes packed', opCompressed(2, deflateSync(Buffer.alloc(10)), 47_999_984)],
  ['2 GB claimed by OP_COMPRESSED', opCompressed(2, deflateSync(Buffer.alloc(10)), 0x7fffffff)],
  ['a zlib bomb that claims 100 bytes', opCompressed(2, bomb, 100)],
  ['a zlib bomb that claims what it holds', opCompressed(2, bomb, 40_000_000)],
  ['100,000 levels of documents', opMsg([body(nested(100_000))])],
  ['100,000 levels of arrays', opMsg([body(nested(100_000, 4))])],
  ['100,000 levels, packed', pack(opMsg([body(nested(100_000))]))],
  ['100,000 levels alone', nested(100_000)],
  ['100,000 sequences', opMsg([body({}), ...Array.from({ length: 100_000 }, (_, i) => sequence(i.toString(36), []))])],
  [
    'a sequence of 200,000 empty documents',
    opMsg([
      body({}),
      sequence(
        'a',
        Array.from({ length: 200_000 }, () => ({})),
      ),
    ]),
  ],
  ['1,000,000 fields', opMsg([body(manyFields(1_000_000))])],
  [
    '16 MB of one name',
    opMsg([body(Buffer.concat([int32(16_000_010), Buffer.of(0x0a), Buffer.alloc(16_000_004, 0x61), Buffer.of(0)]))]),
  ],
  ['50,000 messages in one go', Buffer.concat(Array.from({ length: 50_000 }, () => failure))],
];

function manyFields(count: number): Buffer {
  const bytes = Buffer.alloc(count * 3 + 5);
  bytes.writeInt32LE(bytes.length, 0);
  for (let offset = 4; offset < bytes.length - 1; offset += 3) bytes.set([0x0a, 0x61, 0], offset);
  return bytes;
}

const seeds: readonly Buffer[] = [
  reply,
  failure,
  written,
  sequences,
  pack(reply),
  pack(sequences),
  opCompressed(0, reply.subarray(16), reply.length - 16),
  Buffer.concat([reply, failure, pack(written)]),
  Buffer.from(serialize({ ok: 1, cursor: { id: 5n }, errmsg: 'x', a: [1, 2, 3], operationTime: 1 })),
];

const INTERESTING = [0, 1, 4, 5, -1, 15, 16, 17, 255, 0x7fffffff, -0x80000000, 48_000_000, 48_000_001, MSG, COMPRESSED];

/** A valid message with a few things wrong, or plain noise. */
export function hostileBytes(random: SeededRandom): Buffer {
  if (random.chance(10)) return random.bytes(random.below(200));
  let bytes: Buffer = Buffer.from(random.pick(seeds));
  for (let changes = random.below(5); changes >= 0 && bytes.length > 4; changes--) bytes = changed(bytes, random);
  return bytes;
}

/** The bytes with one thing wrong; they are the caller's own. */
export function changed(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.below(bytes.length);
  switch (random.below(7)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
      bytes[at] = bytes[at]! ^ (1 << random.below(8));
      return bytes;
    case 2:
      bytes.writeInt32LE(random.pick(INTERESTING) | 0, Math.min(at, bytes.length - 4));
      return bytes;
    case 3: {
      // A length that is wrong by little is the most dangerous one.
      const where = Math.min(at, bytes.length - 4);
      bytes.writeInt32LE((bytes.readInt32LE(where) + random.below(9) - 4) | 0, where);
      return bytes;
    }
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(20)), bytes.subarray(at)]);
    default: {
      const from = random.below(bytes.length);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from)]);
    }
  }
}
