import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, type Document, Long, serialize, Timestamp } from '../../../src/bson/index.js';
import { RawDocument } from '../../../src/bson/raw_document.js';
import { ClusterClock } from '../../../src/sessions/cluster_time.js';
import { element, int32, rawDocument } from '../wire/bytes.js';

const TIME = { clusterTime: new Timestamp({ t: 5, i: 1 }) };
const SIGNATURE = { hash: new Binary(Buffer.alloc(20)), keyId: Long.fromNumber(7) };

function bodyOf(value: unknown): RawDocument {
  const bytes = Buffer.from(serialize({ ok: 1, $clusterTime: value }));
  return RawDocument.at(bytes, 0, bytes.length);
}

/** `{$clusterTime: <these bytes>}` */
function bodyWith(value: Buffer): RawDocument {
  const bytes = rawDocument([element(0x03, '$clusterTime', value)]);
  return RawDocument.at(bytes, 0, bytes.length);
}

const timestamp = element(0x11, 'clusterTime', Buffer.concat([int32(1), int32(5)]));

describe('a cluster clock', () => {
  it('keeps the bytes of a cluster time with and without a signature, and with fields that it does not know', () => {
    const good: Document[] = [
      TIME,
      { ...TIME, signature: SIGNATURE },
      { ...TIME, signature: { ...SIGNATURE, keyId: 0 } },
      { ...TIME, signature: null },
      { ...TIME, signature: SIGNATURE, more: { a: ['x'] } },
    ];
    for (const time of good) {
      const clock = new ClusterClock();
      clock.learn(bodyOf(time));
      const sent = Buffer.concat([int32(0), clock.field ?? Buffer.alloc(0), Buffer.of(0)]);
      sent.writeInt32LE(sent.length, 0);
      assert.deepEqual(sent, Buffer.from(serialize({ $clusterTime: time })));
    }
  });

  const wrong: readonly [what: string, value: unknown][] = [
    ['is a number', 5],
    ['is an array', [TIME]],
    ['has no timestamp', {}],
    ['has a number for a timestamp', { clusterTime: 5 }],
    ['has a number for a signature', { ...TIME, signature: 5 }],
    ['has an empty signature', { ...TIME, signature: {} }],
    ['has a hash that is text', { ...TIME, signature: { ...SIGNATURE, hash: 'x' } }],
    ['has a key id that is text', { ...TIME, signature: { ...SIGNATURE, keyId: 'x' } }],
    [
      'is so long that every command would be',
      { ...TIME, signature: { ...SIGNATURE, hash: new Binary(Buffer.alloc(5000)) } },
    ],
  ];
  for (const [what, value] of wrong) {
    it(`takes nothing from a cluster time that ${what}`, () => {
      const clock = new ClusterClock();
      assert.throws(() => clock.learn(bodyOf(value)), { name: 'MongoUnexpectedServerResponseError' });
      assert.equal(clock.field, null);
      clock.learn(bodyOf(TIME));
      assert.notEqual(clock.field, null);
    });
  }

  const broken = rawDocument([
    element(0x05, 'hash', Buffer.concat([int32(20), Buffer.of(0), Buffer.alloc(20)])),
    element(0x7e, 'keyId', Buffer.alloc(8)),
  ]);
  const whole = Buffer.from(serialize(SIGNATURE));
  const unclosed = Buffer.from(whole);
  unclosed[unclosed.length - 1] = 1;
  const deep = rawDocument([
    ...elementsOf(SIGNATURE),
    element(0x03, 'more', rawDocument([element(0x7e, 'a', Buffer.alloc(4))])),
  ]);
  const oldBinary = rawDocument([
    element(0x05, 'hash', Buffer.concat([int32(20), Buffer.of(2), Buffer.alloc(20)])),
    element(0x12, 'keyId', Buffer.alloc(8)),
  ]);
  const cases: readonly [what: string, value: Buffer][] = [
    ['a hash whose second length is wrong', rawDocument([timestamp, element(0x03, 'signature', oldBinary)])],
    ['an unknown element type in its signature', rawDocument([timestamp, element(0x03, 'signature', broken)])],
    ['a signature without an end', rawDocument([timestamp, element(0x03, 'signature', unclosed)])],
    ['broken BSON deep in its signature', rawDocument([timestamp, element(0x03, 'signature', deep)])],
    [
      'broken BSON beside its signature',
      rawDocument([timestamp, element(0x03, 'signature', whole), element(0x03, 'more', broken)]),
    ],
    [
      'a second, broken signature',
      rawDocument([timestamp, element(0x03, 'signature', whole), element(0x03, 'signature', broken)]),
    ],
  ];
  for (const [what, value] of cases) {
    it(`takes nothing from a cluster time that has ${what}`, () => {
      const clock = new ClusterClock();
      assert.throws(() => clock.learn(bodyWith(value)), { name: 'MongoUnexpectedServerResponseError' });
      assert.equal(clock.field, null);
    });
  }
});

describe('a cluster clock and the times that it sees', () => {
  const time = (t: number, i = 1) => ({ clusterTime: new Timestamp({ t, i }) });

  it('has no time before it has seen one, also when a reply has none', () => {
    const clock = new ClusterClock();
    const bytes = Buffer.from(serialize({ ok: 1 }));

    clock.learn(RawDocument.at(bytes, 0, bytes.length));

    assert.equal(clock.time, undefined);
    assert.equal(clock.field, null);
  });

  it('keeps the newest time, by seconds and then by increment', () => {
    const clock = new ClusterClock();

    for (const [t, i] of [
      [5, 2],
      [4, 9],
      [5, 1],
      [5, 3],
      [5, 3],
    ] as const) {
      clock.learn(bodyOf(time(t, i)));
    }

    assert.deepEqual(clock.time, time(5, 3));
  });

  it('is newer than another clock, or not', () => {
    const [old, same, next, late, none] = [time(5), time(5), time(5, 2), time(6, 0), null].map(seen => {
      const clock = new ClusterClock();
      if (seen !== null) clock.learn(bodyOf(seen));
      return clock;
    }) as [ClusterClock, ClusterClock, ClusterClock, ClusterClock, ClusterClock];

    assert.deepEqual(
      [old, same, next, late, none].map(clock => clock.isNewerThan(old)),
      [false, false, true, true, false],
    );
    assert.equal(old.isNewerThan(none), true);
  });

  it('shows the time with its signature as values of BSON', () => {
    const clock = new ClusterClock();
    const signed = { ...TIME, signature: SIGNATURE };

    clock.learn(bodyOf(signed));

    const { clusterTime, signature } = clock.time as { clusterTime: Timestamp; signature: typeof SIGNATURE };
    assert.ok(clusterTime.equals(TIME.clusterTime));
    assert.deepEqual(Buffer.from(signature.hash.buffer), Buffer.alloc(20));
  });
});

describe('a cluster clock that a caller advances', () => {
  for (const [what, given] of [
    ['without a signature', TIME],
    ['with a signature', { ...TIME, signature: SIGNATURE }],
    ['with a key id that is a number', { ...TIME, signature: { ...SIGNATURE, keyId: 7 } }],
    ['with a key id that is a bigint', { ...TIME, signature: { ...SIGNATURE, keyId: 7n } }],
  ] as const) {
    it(`takes a time ${what}`, () => {
      const clock = new ClusterClock();

      clock.advance(given);

      assert.ok((clock.time as { clusterTime: Timestamp }).clusterTime.equals(TIME.clusterTime));
    });
  }

  it('takes values of another copy of the package bson', () => {
    const foreign = { clusterTime: Object.assign(new Timestamp({ t: 5, i: 1 }), {}) };
    Object.setPrototypeOf(foreign.clusterTime, Object.create(Timestamp.prototype) as object);
    const clock = new ClusterClock();

    clock.advance(foreign);

    assert.ok((clock.time as { clusterTime: Timestamp }).clusterTime.equals(TIME.clusterTime));
  });

  it('does not go back', () => {
    const clock = new ClusterClock();
    clock.advance(TIME);

    clock.advance({ clusterTime: new Timestamp({ t: 4, i: 9 }) });

    assert.ok((clock.time as { clusterTime: Timestamp }).clusterTime.equals(TIME.clusterTime));
  });

  const signatureText =
    'input cluster time must have a valid "signature" property with BSON Binary hash and BSON Long keyId';
  const timeText = 'input cluster time "clusterTime" property must be a valid BSON Timestamp';
  for (const [what, given, message] of [
    ['undefined', undefined, 'input cluster time must be an object'],
    ['null', null, 'input cluster time must be an object'],
    ['a number', 5, 'input cluster time must be an object'],
    ['an empty object', {}, timeText],
    ['a time that is a number', { clusterTime: 5 }, timeText],
    ['a time that is null', { clusterTime: null }, timeText],
    ['a time that is a Long', { clusterTime: Long.fromNumber(5) }, timeText],
    ['a signature that is null', { ...TIME, signature: null }, signatureText],
    ['a signature without a hash', { ...TIME, signature: { keyId: 7 } }, signatureText],
    ['a hash that is a text', { ...TIME, signature: { ...SIGNATURE, hash: 'x' } }, signatureText],
    ['a signature without a key id', { ...TIME, signature: { hash: SIGNATURE.hash } }, signatureText],
    ['a key id that is a text', { ...TIME, signature: { ...SIGNATURE, keyId: 'x' } }, signatureText],
  ] as const) {
    it(`refuses ${what}, and keeps its time`, () => {
      const clock = new ClusterClock();

      assert.throws(() => clock.advance(given), { name: 'MongoInvalidArgumentError', message });

      assert.equal(clock.field, null);
    });
  }
});

function elementsOf(document: Document): Buffer[] {
  const bytes = Buffer.from(serialize(document));
  return [bytes.subarray(4, bytes.length - 1)];
}
