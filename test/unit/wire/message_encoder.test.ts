import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BSONSerializeOptions, type Document, deserialize, serialize } from '../../../src/bson/index.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { type DocumentSequence, MessageEncoder, type MessageLimits } from '../../../src/wire/message_encoder.js';
import { decodeOpMsg } from '../../../src/wire/op_msg.js';
import { body, element, int32, opMsg, sequence } from './bytes.js';

const LIMITS: MessageLimits = {
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
};

interface Parts {
  readonly flags?: number;
  readonly body?: Document;
  readonly rawFields?: readonly Uint8Array[];
  readonly maxTimeMS?: number;
  readonly sequence?: DocumentSequence;
  readonly limits?: Partial<MessageLimits>;
  readonly options?: BSONSerializeOptions;
}

function encode(encoder: MessageEncoder, parts: Parts): Buffer {
  return encoder.encode(
    {
      requestId: 1,
      flags: parts.flags ?? 0,
      body: parts.body ?? { ping: 1 },
      rawFields: parts.rawFields ?? [],
      maxTimeMS: parts.maxTimeMS ?? 0,
      sequence: parts.sequence,
    },
    { ...LIMITS, ...parts.limits },
    parts.options ?? {},
  );
}

function refusal(text: RegExp): (error: unknown) => boolean {
  return error => error instanceof MongoInvalidArgumentError && text.test(error.message);
}

describe('MessageEncoder', () => {
  it('writes a body as the protocol wants it', () => {
    const expected = opMsg([body({ ping: 1 })], 2);
    expected.writeInt32LE(0, 8); // a request answers nothing

    assert.deepEqual(encode(new MessageEncoder(), { flags: 2 }), expected);
  });

  it('writes a sequence behind the body', () => {
    const documents = [{ x: 0 }, { x: 1 }, { x: 2 }];
    const encoder = new MessageEncoder();

    const message = encode(encoder, { body: { insert: 'c' }, sequence: { field: 'documents', documents, from: 1 } });

    const expected = opMsg([body({ insert: 'c' }), sequence('documents', documents.slice(1))]);
    assert.deepEqual(message.subarray(16), expected.subarray(16));
    assert.equal(message.readInt32LE(0), message.length);
    assert.equal(encoder.taken, 2);
  });

  it('puts raw fields at the end of the body', () => {
    const rawFields = [element(0x10, '$a', int32(1)), element(0x10, '$b', int32(2))];

    const { body: read } = decodeOpMsg(encode(new MessageEncoder(), { rawFields }));

    assert.deepEqual(deserialize(read.slice()), { ping: 1, $a: 1, $b: 2 });
  });

  it('puts maxTimeMS behind them, also where there are none and where the room is too small', () => {
    const rawFields = [element(0x10, '$a', int32(1))];
    const large = { ping: '-'.repeat(70_000) };

    const sent = [{ rawFields, maxTimeMS: 2 ** 31 - 1 }, { maxTimeMS: 7 }, { body: large, maxTimeMS: 8 }].map(parts =>
      deserialize(decodeOpMsg(encode(new MessageEncoder(), parts)).body.slice()),
    );

    assert.deepEqual(sent, [
      { ping: 1, $a: 1, maxTimeMS: 2 ** 31 - 1 },
      { ping: 1, maxTimeMS: 7 },
      { ...large, maxTimeMS: 8 },
    ]);
  });

  it('writes a checksum on request', () => {
    const message = encode(new MessageEncoder(), { flags: 1, sequence: { field: 'd', documents: [{}], from: 0 } });

    assert.equal(decodeOpMsg(message).flags, 1); // which verified it
    assert.throws(() => decodeOpMsg(Buffer.concat([message.subarray(0, -1), Buffer.of(message.at(-1)! ^ 1)])));
  });

  it('stops before the document that would make the message too long', () => {
    const documents = Array.from({ length: 10 }, () => ({ text: 'x'.repeat(100) }));
    const encoder = new MessageEncoder();
    const three = encode(encoder, {
      sequence: { field: 'documents', documents: documents.slice(0, 3), from: 0 },
    }).length;

    for (const [maxMessageSizeBytes, taken] of [
      [three, 3],
      [three - 1, 2],
      [10, 1],
    ] as const) {
      const message = encode(encoder, {
        sequence: { field: 'documents', documents, from: 0 },
        limits: { maxMessageSizeBytes },
      });

      assert.equal(encoder.taken, taken);
      assert.equal(decodeOpMsg(Buffer.from(message)).sequences[0]?.documents.length, taken);
    }
  });

  it('counts the checksum toward the length of the message', () => {
    const documents = Array.from({ length: 10 }, () => ({ text: 'x'.repeat(100) }));
    const encoder = new MessageEncoder();
    const parts = { flags: 1, sequence: { field: 'documents', documents, from: 0 } };
    const three = encode(encoder, { ...parts, limits: { maxWriteBatchSize: 3 } }).length;

    assert.ok(encode(encoder, { ...parts, limits: { maxMessageSizeBytes: three - 1 } }).length < three);
    assert.equal(encode(encoder, { ...parts, limits: { maxMessageSizeBytes: three } }).length, three);
  });

  it('stops at maxWriteBatchSize', () => {
    const encoder = new MessageEncoder();
    const documents = Array.from({ length: 10 }, (_, x) => ({ x }));

    encode(encoder, { sequence: { field: 'documents', documents, from: 4 }, limits: { maxWriteBatchSize: 5 } });

    assert.equal(encoder.taken, 5);
  });

  it('names the document that is too large, its size and the limit', () => {
    const documents = [{}, { text: 'x'.repeat(100) }];

    assert.throws(
      () =>
        encode(new MessageEncoder(), {
          sequence: { field: 'documents', documents, from: 0 },
          limits: { maxBsonObjectSize: 50 },
        }),
      refusal(/document at index 1 is 116 bytes.*at most 50/),
    );
  });

  it('lets a statement of an update exceed the limit of a stored document by 16 KiB', () => {
    const statement = { q: {}, u: { text: 'x'.repeat(1000) } };
    const limits = { maxBsonObjectSize: 1000 };
    const encoder = new MessageEncoder();

    encode(encoder, { sequence: { field: 'updates', documents: [statement], from: 0 }, limits });

    assert.equal(encoder.taken, 1);
    assert.throws(
      () => encode(encoder, { sequence: { field: 'documents', documents: [statement], from: 0 }, limits }),
      refusal(/at most 1000/),
    );
  });

  it('lets a command exceed maxBsonObjectSize by 16 KiB and not by more', () => {
    const limits = { maxBsonObjectSize: 1000 };
    const command = (size: number) => ({ ping: 'x'.repeat(size - 16) });
    assert.equal(serialize(command(2000)).length, 2000);

    encode(new MessageEncoder(), { body: command(1000 + 16384), limits });

    assert.throws(
      () => encode(new MessageEncoder(), { body: command(1001 + 16384), limits }),
      refusal(/command is 17385 bytes/),
    );
  });

  it('refuses a document larger than bson itself can build', () => {
    const documents = [{ text: 'x'.repeat(20_000_000) }];

    assert.throws(
      () => encode(new MessageEncoder(), { sequence: { field: 'documents', documents, from: 0 } }),
      refusal(/index 0 is 20000016 bytes/),
    );
  });

  it('grows for large documents and still writes all before them', () => {
    const documents = [{ x: 1 }, { text: 'a'.repeat(200_000) }, { text: 'b'.repeat(3_000_000) }, { x: 2 }];

    const message = encode(new MessageEncoder(), { sequence: { field: 'documents', documents, from: 0 } });

    const read = decodeOpMsg(message).sequences[0]?.documents.map(document => deserialize(document.slice()));
    assert.deepEqual(read, documents);
  });

  it('gives the next message the same memory, or its own after release', () => {
    const encoder = new MessageEncoder();

    const first = encode(encoder, {});
    const second = encode(encoder, {});
    encoder.release();
    const third = encode(encoder, {});

    assert.equal(first.buffer, second.buffer);
    assert.notEqual(second.buffer, third.buffer);
  });

  it('lets go of memory that one large message needed', () => {
    const encoder = new MessageEncoder();

    const large = encode(encoder, { body: { ping: 'x'.repeat(2_000_000) } });

    assert.notEqual(encode(encoder, {}).buffer, large.buffer);
    assert.equal(decodeOpMsg(large).body.string('ping')?.length, 2_000_000);
  });

  it('follows the options for BSON of each call', () => {
    const encoder = new MessageEncoder();
    const command = { ping: undefined, f: () => 1 };

    const bare = decodeOpMsg(Buffer.from(encode(encoder, { body: command, options: { ignoreUndefined: true } })));
    const full = decodeOpMsg(Buffer.from(encode(encoder, { body: command, options: { serializeFunctions: true } })));

    assert.deepEqual(Object.keys(deserialize(bare.body.slice())), []);
    assert.deepEqual(Object.keys(deserialize(full.body.slice())), ['ping', 'f']);
  });

  it('passes on what toBSON of a document throws, also if it looks like a lack of room', () => {
    const failure = new RangeError('mine');
    const document = {
      x: 1,
      toBSON(): never {
        throw failure;
      },
    };

    assert.throws(
      () => encode(new MessageEncoder(), { sequence: { field: 'documents', documents: [document], from: 0 } }),
      (error: unknown) => error === failure,
    );
  });

  it('can be used after a document was refused', () => {
    const encoder = new MessageEncoder();
    assert.throws(() => encode(encoder, { body: { ping: 'x'.repeat(100) }, limits: { maxBsonObjectSize: -16384 } }));

    assert.equal(decodeOpMsg(encode(encoder, {})).body.number('ping'), 1);
  });
});
