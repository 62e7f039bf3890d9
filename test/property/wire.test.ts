import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeDocument } from '../../src/bson/decode.js';
import { type Document, deserialize, serialize } from '../../src/bson/index.js';
import { RawDocument } from '../../src/bson/raw_document.js';
import { MongoUnexpectedServerResponseError } from '../../src/errors/driver.js';
import { zlibCodec } from '../../src/wire/compressor.js';
import { FrameReader } from '../../src/wire/frame_reader.js';
import { MessageEncoder } from '../../src/wire/message_encoder.js';
import { compressMessage, decompressMessage } from '../../src/wire/op_compressed.js';
import { decodeOpMsg } from '../../src/wire/op_msg.js';
import { body, message, opMsg, sequence } from '../unit/wire/bytes.js';

const CODEC = zlibCodec(-1);

// A failing property prints its seed and the smallest counterexample.

const LIMITS = { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 };

const fieldName = fc.string({ unit: 'binary', maxLength: 8 }).map(name => `f${name.replaceAll('\0', '')}`);
const { document } = fc.letrec<{ document: Document; value: unknown }>(tie => ({
  document: fc.dictionary(fieldName, tie('value'), { maxKeys: 5 }),
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('document'),
  ),
}));
const identifier = fc.stringMatching(/^[a-z]{1,8}$/);
const sections = fc.record({
  body: document,
  sequences: fc.uniqueArray(fc.record({ identifier, documents: fc.array(document, { maxLength: 4 }) }), {
    selector: each => each.identifier,
    maxLength: 3,
  }),
});
const payload = fc.uint8Array({ maxLength: 300 });

class Frames {
  readonly all: Buffer[] = [];

  onFrame(frame: Buffer): void {
    this.all.push(frame);
  }
}

/** Runs a decoder: what it may do with any bytes is return, or throw a protocol error. */
function survives(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof MongoUnexpectedServerResponseError)) throw error;
  }
}

function decodeAll(frame: Buffer): void {
  const { body: read, sequences } = decodeOpMsg(frame);
  decodeDocument(read.bytes, read.start);
  for (const { documents } of sequences) for (const each of documents) decodeDocument(each.bytes, each.start);
}

describe('wire properties', () => {
  it('any chunking gives the same frames, and none is touched when a chunk is used again', () => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 6 }), fc.array(fc.nat(400)), (payloads, sizes) => {
        const messages = payloads.map(bytes => message(2013, [bytes]));
        const stream = Buffer.concat(messages);
        const frames = new Frames();
        const reader = new FrameReader(frames, 1000);
        const chunk = Buffer.alloc(400);

        let offset = 0;
        for (let turn = 0; offset < stream.length; turn++) {
          const size = sizes[turn] ?? 7;
          const length = stream.copy(chunk, 0, offset, Math.min(offset + size, stream.length));
          reader.push(chunk, length);
          chunk.fill(0xff);
          offset += length;
          if (size === 0 && turn >= sizes.length) break;
        }

        assert.deepEqual(frames.all, messages);
        assert.equal(reader.missingBytes, 0);
      }),
    );
  });

  it('a bad length is found at the same message, whatever the chunking', () => {
    const badLength = fc.oneof(fc.integer({ max: 15 }), fc.integer({ min: 1001 }));
    fc.assert(
      fc.property(
        fc.array(payload, { maxLength: 4 }),
        badLength,
        fc.integer({ min: 1, max: 400 }),
        (payloads, bad, size) => {
          const messages = payloads.map(bytes => message(2013, [bytes]));
          const stream = Buffer.concat([...messages, message(2013, [], 0, bad)]);
          const frames = new Frames();
          const reader = new FrameReader(frames, 1000);

          assert.throws(() => {
            for (let offset = 0; offset < stream.length; offset += size)
              reader.push(stream.subarray(offset, offset + size));
          }, MongoUnexpectedServerResponseError);
          assert.deepEqual(frames.all, messages);
        },
      ),
    );
  });

  it('what is written by hand is read back: flags, body, sequences', () => {
    fc.assert(
      fc.property(sections, fc.constantFrom(0, 2, 1 << 16), fc.nat(3), (parts, flags, position) => {
        const all = parts.sequences.map(each => sequence(each.identifier, each.documents));
        all.splice(Math.min(position, all.length), 0, body(parts.body));

        const read = decodeOpMsg(opMsg(all, flags));

        assert.equal(read.flags, flags);
        assert.equal(read.moreToCome, flags === 2);
        assert.deepEqual(read.body.slice(), Buffer.from(serialize(parts.body)));
        assert.deepEqual(
          read.sequences.map(each => [each.identifier, each.documents.map(raw => raw.slice())]),
          parts.sequences.map(each => [each.identifier, each.documents.map(raw => Buffer.from(serialize(raw)))]),
        );
      }),
    );
  });

  it('what the encoder writes is read back, with checksum and compression or without', () => {
    const encoder = new MessageEncoder();
    fc.assert(
      fc.property(
        document,
        fc.array(document, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.boolean(),
        (command, documents, checksum, packed) => {
          const outgoing = {
            requestId: 5,
            flags: checksum ? 1 : 0,
            body: command,
            rawFields: [],
            maxTimeMS: 0,
            sequence: { field: 'documents', documents, from: 0 },
          };

          const written = Buffer.from(encoder.encode(outgoing, LIMITS, {}));
          const read = decodeOpMsg(
            packed ? decompressMessage(compressMessage(written, CODEC), 48_000_000, CODEC) : written,
          );

          assert.deepEqual(deserialize(read.body.slice()), deserialize(serialize(command)));
          assert.deepEqual(
            read.sequences[0]?.documents.map(raw => raw.slice()),
            documents.map(each => Buffer.from(serialize(each))),
          );
        },
      ),
    );
  });

  it('no batch breaks a limit unless it holds one document, and the batches together hold all', () => {
    const encoder = new MessageEncoder();
    fc.assert(
      fc.property(
        fc.array(document, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 100, max: 1000 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(0, 1),
        (documents, maxMessageSizeBytes, maxWriteBatchSize, flags) => {
          const limits = { ...LIMITS, maxMessageSizeBytes, maxWriteBatchSize };
          const sent: Buffer[] = [];

          for (let from = 0; from < documents.length; from += encoder.taken) {
            const outgoing = {
              requestId: 1,
              flags,
              body: {},
              rawFields: [],
              maxTimeMS: 0,
              sequence: { field: 'documents', documents, from },
            };
            const written = encoder.encode(outgoing, limits, {});
            assert.ok(encoder.taken >= 1 && encoder.taken <= maxWriteBatchSize);
            assert.ok(written.length <= maxMessageSizeBytes || encoder.taken === 1);
            for (const raw of decodeOpMsg(Buffer.from(written)).sequences[0]?.documents ?? []) sent.push(raw.slice());
          }

          assert.deepEqual(
            sent,
            documents.map(each => Buffer.from(serialize(each))),
          );
        },
      ),
    );
  });

  it('a message with any bytes damaged is read or refused, nothing else', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sections, damage, fc.boolean(), (parts, changes, packed) => {
        const whole = opMsg([
          body(parts.body),
          ...parts.sequences.map(each => sequence(each.identifier, each.documents)),
        ]);
        const bad = packed ? compressMessage(whole, CODEC) : whole;
        for (const [where, value] of changes) bad[16 + (where % (bad.length - 16))] = value;

        survives(() => decodeAll(packed ? decompressMessage(bad, 100_000, CODEC) : bad));
      }),
      { numRuns: 1000 },
    );
  });

  it('any bytes are read or refused, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        survives(() => decodeAll(message(2013, [bytes])));
        survives(() => decodeAll(opMsg([Buffer.of(0), bytes])));
        survives(() => decompressMessage(message(2012, [bytes]), 100_000, CODEC));
        survives(() => new FrameReader(new Frames(), 100_000).push(Buffer.from(bytes)));
      }),
      { numRuns: 1000 },
    );
  });

  it('a field read where it lies is the field that is decoded', () => {
    fc.assert(
      fc.property(document, given => {
        const bytes = Buffer.from(serialize(given));
        const raw = RawDocument.at(bytes, 0, bytes.length);

        for (const [name, value] of Object.entries(deserialize(bytes))) {
          // Names asked for are ASCII: they are the driver's own.
          if (!/^[\x01-\x7f]*$/.test(name)) continue;
          assert.equal(raw.has(name), true);
          if (typeof value === 'number') assert.equal(raw.number(name), value);
          if (typeof value === 'string') assert.equal(raw.string(name), value);
          assert.equal(raw.array(name) !== undefined, Array.isArray(value));
        }
      }),
    );
  });
});
