import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deserialize, serialize } from '../../../src/bson/index.js';
import { decodeOpReply, encodeOpQuery } from '../../../src/wire/op_query.js';
import { Reply } from '../../../src/wire/reply.js';
import { int32, message } from './bytes.js';

const REPLY = 1;

/** An OP_REPLY with so many documents, as it says. */
function opReply(count: number, ...parts: readonly Uint8Array[]): Buffer {
  return message(REPLY, [int32(8), int32(0), int32(0), int32(0), int32(count), ...parts]);
}

describe('OP_QUERY', () => {
  it('holds one command to admin', () => {
    const bytes = encodeOpQuery(5, serialize({ ismaster: 1, helloOk: true }));

    const head = [bytes.length, 5, 0, 2004, 0].map((expected, index) => [bytes.readInt32LE(index * 4), expected]);
    for (const [actual, expected] of head) assert.equal(actual, expected);
    assert.equal(bytes.toString('utf8', 20, 31), 'admin.$cmd\0');
    assert.deepEqual([bytes.readInt32LE(31), bytes.readInt32LE(35)], [0, -1]);
    assert.deepEqual(deserialize(bytes.subarray(39)), { ismaster: 1, helloOk: true });
  });
});

describe('OP_REPLY', () => {
  it('holds one document', () => {
    const raw = decodeOpReply(opReply(1, serialize({ ok: 1, ismaster: true })));

    assert.deepEqual(new Reply(raw, false, { close: () => undefined }).document, { ok: 1, ismaster: true });
  });

  const document = Buffer.from(serialize({ ok: 1 }));
  for (const [what, frame] of [
    ['is too short', message(REPLY, [int32(0)])],
    ['has no document', opReply(0)],
    ['says that it has two', opReply(2, document, document)],
    ['says that it has a negative number of documents', opReply(-1, document)],
    ['has bytes behind its document', opReply(1, document, Buffer.of(0))],
    ['has a document longer than itself', opReply(1, document.subarray(0, -1))],
  ] as const) {
    it(`is refused when it ${what}`, () => {
      assert.throws(() => decodeOpReply(frame), { name: 'MongoUnexpectedServerResponseError' });
    });
  }
});
