import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serialize } from '../../../src/bson/index.js';
import { crc32c } from '../../../src/wire/crc32c.js';
import { decodeOpMsg } from '../../../src/wire/op_msg.js';
import { body, element, int32, opMsg, protocolError, rawDocument, sequence } from './bytes.js';

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;

function checksummed(message: Buffer): Buffer {
  const longer = Buffer.concat([message, int32(0)]);
  longer.writeInt32LE(longer.length, 0);
  longer.writeUInt32LE(crc32c(longer, 0, longer.length - 4), longer.length - 4);
  return longer;
}

describe('crc32c', () => {
  it('gives the check value of CRC-32C', () => assert.equal(crc32c(Buffer.from('123456789'), 0, 9), 0xe3069283));

  it('gives the value of RFC 3720 for 32 zero bytes', () => assert.equal(crc32c(Buffer.alloc(32), 0, 32), 0x8a9136aa));

  it('reads only the range asked for', () => assert.equal(crc32c(Buffer.from('xx123456789y'), 2, 11), 0xe3069283));
});

describe('decodeOpMsg', () => {
  it('reads the body', () => {
    const { body: read, moreToCome, sequences } = decodeOpMsg(opMsg([body({ ok: 1 })]));

    assert.deepEqual(read.slice(), Buffer.from(serialize({ ok: 1 })));
    assert.equal(moreToCome, false);
    assert.equal(sequences.length, 0);
  });

  it('reads sequences before and after the body', () => {
    const frame = opMsg([sequence('a', [{ x: 1 }, { x: 2 }]), body({ ok: 1 }), sequence('b', [])]);

    const { body: read, sequences } = decodeOpMsg(frame);

    assert.equal(read.number('ok'), 1);
    assert.deepEqual(
      sequences.map(({ identifier, documents }) => [identifier, documents.map(document => document.number('x'))]),
      [
        ['a', [1, 2]],
        ['b', []],
      ],
    );
  });

  it('reads moreToCome', () => assert.equal(decodeOpMsg(opMsg([body({})], MORE_TO_COME)).moreToCome, true));

  it('accepts a right checksum', () => {
    assert.equal(decodeOpMsg(checksummed(opMsg([body({ ok: 1 })], CHECKSUM_PRESENT))).body.number('ok'), 1);
  });

  it('refuses a wrong checksum, whichever byte was damaged', () => {
    const good = checksummed(opMsg([body({ ok: 1 })], CHECKSUM_PRESENT));
    for (let index = 0; index < good.length; index++) {
      const bad = Buffer.from(good);
      bad[index] = (bad[index] ?? 0) ^ 0x10;

      assert.throws(() => decodeOpMsg(bad), protocolError(/checksum|unknown required flags/), `byte ${index}`);
    }
  });

  it('refuses a checksum for which there is no room', () => {
    assert.throws(() => decodeOpMsg(opMsg([], CHECKSUM_PRESENT)), protocolError(/without room for the checksum/));
  });

  for (let bit = 2; bit < 16; bit++) {
    it(`refuses the unknown required flag ${bit}`, () => {
      assert.throws(() => decodeOpMsg(opMsg([body({})], 1 << bit)), protocolError(/unknown required flags/));
    });
  }

  it('ignores unknown flags of the upper half', () => {
    assert.equal(decodeOpMsg(opMsg([body({ ok: 1 })], 0xffff0000)).body.number('ok'), 1);
  });

  it('refuses a message that ends before its flags do', () => {
    for (const length of [16, 17, 19]) {
      assert.throws(() => decodeOpMsg(opMsg([]).subarray(0, length)), protocolError(/without flags/));
    }
  });

  it('refuses a message without a body', () => {
    assert.throws(() => decodeOpMsg(opMsg([])), protocolError(/without a body/));
    assert.throws(() => decodeOpMsg(opMsg([sequence('a', [])])), protocolError(/without a body/));
  });

  it('refuses two bodies', () => {
    assert.throws(() => decodeOpMsg(opMsg([body({}), body({})])), protocolError(/two bodies/));
  });

  it('refuses two sequences of one name', () => {
    const frame = opMsg([body({}), sequence('a', []), sequence('b', []), sequence('a', [])]);

    assert.throws(() => decodeOpMsg(frame), protocolError(/two document sequences/));
  });

  for (const kind of [2, 3, 255]) {
    it(`refuses a section of kind ${kind}`, () => {
      assert.throws(() => decodeOpMsg(opMsg([body({}), Buffer.of(kind)])), protocolError(/unknown kind/));
    });
  }

  for (const [title, claimed] of [
    ['negative', -1],
    ['0', 0],
    ['too small for its name', 4],
    ['one byte too large', 12],
    ['the largest there is', 0x7fffffff],
  ] as const) {
    it(`refuses a sequence whose size is ${title}`, () => {
      assert.throws(() => decodeOpMsg(opMsg([body({}), sequence('a', [{}], claimed)])), protocolError(/sequence of/));
    });
  }

  it('refuses a sequence whose size ends inside a document', () => {
    const frame = opMsg([body({}), sequence('a', [{}], 10)]);

    assert.throws(() => decodeOpMsg(frame), protocolError(/Malformed BSON/));
  });

  it('refuses a sequence without room for its size', () => {
    assert.throws(() => decodeOpMsg(opMsg([body({}), Buffer.of(1, 9, 0)])), protocolError(/without a size/));
  });

  it('refuses a sequence whose name has no end, even if a zero byte follows later', () => {
    const endless = Buffer.concat([Buffer.of(1), int32(6), Buffer.from('ab')]);

    assert.throws(() => decodeOpMsg(opMsg([endless, body({})])), protocolError(/name has no end/));
  });

  it('refuses a sequence whose name is not UTF-8', () => {
    const frame = opMsg([body({}), sequence(Buffer.of(0xc3), [])]);

    assert.throws(() => decodeOpMsg(frame), protocolError(/not UTF-8/));
  });

  it('refuses bytes behind the last section', () => {
    assert.throws(() => decodeOpMsg(opMsg([body({}), Buffer.of(0)])), protocolError(/Malformed|two bodies/));
  });

  it('refuses a body that claims more than the message holds', () => {
    const liar = Buffer.from(rawDocument([element(0x10, 'ok', int32(1))]));
    liar.writeInt32LE(liar.length + 1, 0);

    assert.throws(() => decodeOpMsg(opMsg([body(liar)])), protocolError(/where \d+ are left/));
  });

  it('takes time in proportion to the number of sequences', () => {
    const sections = Array.from({ length: 100_000 }, (_, index) => sequence(index.toString(36), []));
    const frame = opMsg([body({}), ...sections]);

    const begin = process.cpuUsage().user;
    assert.equal(decodeOpMsg(frame).sequences.length, 100_000);
    // Comparing each with each takes more than ten seconds.
    assert.ok((process.cpuUsage().user - begin) / 1000 < 3000);
  });
});
