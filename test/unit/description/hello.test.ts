import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Code, type Document, Double, Int32, Long, ObjectId, Timestamp } from '../../../src/bson/index.js';
import { isDocument } from '../../../src/bson/reply_fields.js';
import { parseHello } from '../../../src/description/hello.js';
import { MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';

const times = { roundTripTime: 4, minRoundTripTime: 2, lastUpdateTime: 100 };
const parse = (reply: Document) => parseHello('a:27017', { ok: 1, ...reply }, times);

describe('parseHello', () => {
  const types: [description: string, reply: Document, type: string][] = [
    ['a mongos by its msg', { isWritablePrimary: true, msg: 'isdbgrid' }, 'Mongos'],
    ['a primary by isWritablePrimary', { setName: 'rs', isWritablePrimary: true }, 'RSPrimary'],
    ['a primary by ismaster of legacy hello', { setName: 'rs', ismaster: true }, 'RSPrimary'],
    ['a secondary', { setName: 'rs', secondary: true }, 'RSSecondary'],
    ['a hidden secondary as other', { setName: 'rs', secondary: true, hidden: true }, 'RSOther'],
    ['an arbiter', { setName: 'rs', arbiterOnly: true }, 'RSArbiter'],
    ['a member in another state as other', { setName: 'rs' }, 'RSOther'],
    ['a member without configuration as ghost', { isreplicaset: true }, 'RSGhost'],
    ['anything else as standalone', { isWritablePrimary: true }, 'Standalone'],
    ['a reply that is not ok as unknown', { ok: 0, setName: 'rs', isWritablePrimary: true }, 'Unknown'],
  ];
  for (const [description, reply, type] of types) {
    it(`takes ${description}`, () => {
      assert.equal(parse(reply).type, type);
    });
  }

  it('reads every field', () => {
    const [electionId, processId, serviceId] = [new ObjectId(), new ObjectId(), new ObjectId()];
    const server = parse({
      setName: 'rs',
      secondary: true,
      hosts: ['A:27017'],
      passives: ['B:27018'],
      arbiters: ['c:27017'],
      tags: { dc: 'east' },
      topologyVersion: { processId, counter: 5 },
      minWireVersion: 0,
      maxWireVersion: 25,
      lastWrite: { lastWriteDate: new Date(1000) },
      me: 'A:27017',
      primary: 'C:27017',
      setVersion: 3,
      electionId,
      logicalSessionTimeoutMinutes: 30,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      maxBsonObjectSize: 16_777_216,
      iscryptd: true,
      compression: ['zstd'],
      helloOk: true,
      readOnly: true,
      passive: true,
      serviceId,
    });

    assert.deepEqual(Object.assign({}, server), {
      address: 'a:27017',
      type: 'RSSecondary',
      hosts: ['a:27017'],
      passives: ['b:27018'],
      arbiters: ['c:27017'],
      tags: { dc: 'east' },
      error: null,
      topologyVersion: { processId, counter: Long.fromNumber(5) },
      minWireVersion: 0,
      maxWireVersion: 25,
      ...times,
      lastWriteDate: 1000,
      me: 'a:27017',
      primary: 'c:27017',
      setName: 'rs',
      setVersion: 3,
      electionId,
      logicalSessionTimeoutMinutes: 30,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      maxBsonObjectSize: 16_777_216,
      iscryptd: true,
      compression: ['zstd'],
      helloOk: true,
      readOnly: true,
      passive: true,
      serviceId,
    });
  });

  it('reads numbers in any form that a decoder gives them', () => {
    for (const maxWireVersion of [21, 21n, new Int32(21), new Double(21), Long.fromNumber(21)]) {
      assert.equal(parse({ maxWireVersion }).maxWireVersion, 21);
    }
    assert.equal(parseHello('a:27017', { ok: new Double(1) }, times).type, 'Standalone');
  });

  it('takes true for ok, as commands do', () => {
    for (const ok of [true, 1, 1n, Long.fromNumber(1), new Double(1)]) assert.equal(parse({ ok }).type, 'Standalone');
    for (const ok of [false, 0, '1', { valueOf: 1 }, null]) assert.equal(parse({ ok }).type, 'Unknown');
  });

  const objects: readonly unknown[] = [
    { valueOf: 1 },
    { __isLong__: true },
    { _bsontype: 'Long' },
    { toString: 1, toHexString: 1 },
    [],
    new Code('x'),
    new Timestamp(1n),
  ];
  const fields: readonly [name: string, wrong: readonly unknown[]][] = [
    ['maxWireVersion', ['21', NaN, 1.5, Infinity]],
    ['minWireVersion', ['0']],
    ['setVersion', ['1', 0.5]],
    ['logicalSessionTimeoutMinutes', ['30', NaN, -1]],
    ['maxBsonObjectSize', ['1']],
    ['maxMessageSizeBytes', ['1']],
    ['maxWriteBatchSize', ['1']],
    ['isWritablePrimary', ['yes']],
    ['helloOk', ['yes']],
    ['msg', [1]],
    ['setName', [1, true]],
    ['me', [1]],
    ['primary', [1]],
    ['hosts', ['a:1', [1], [{}], [['a:1']], [null]]],
    ['passives', ['a:1', [1]]],
    ['arbiters', ['a:1', [1]]],
    ['compression', ['zlib', [1]]],
    ['electionId', ['x', 1]],
    ['serviceId', ['x', 1]],
    ['topologyVersion', [1, {}, { processId: new ObjectId() }, { processId: {}, counter: 1 }]],
    ['tags', [1, { dc: 1 }, { dc: {} }]],
    ['lastWrite', [1, { lastWriteDate: 'x' }, { lastWriteDate: new Date(NaN) }]],
    ['$clusterTime', [1, {}, { clusterTime: 1 }, { clusterTime: new Timestamp(1n), signature: 1 }]],
  ];
  for (const [name, wrong] of fields) {
    it(`refuses ${name} of a wrong BSON type as a protocol error of its server`, () => {
      const mayBeDocument = ['topologyVersion', 'tags', 'lastWrite', '$clusterTime'].includes(name);
      const mayBeArray = ['hosts', 'passives', 'arbiters', 'compression'].includes(name);
      for (const value of [...wrong, ...objects]) {
        if (mayBeDocument && isDocument(value)) continue;
        if (mayBeArray && Array.isArray(value) && value.length === 0) continue;
        assert.throws(
          () => parse({ setName: 'rs', [name]: value }),
          {
            name: 'MongoUnexpectedServerResponseError',
            host: 'a:27017',
            message: new RegExp(`'${name.replace('$', '[$]')}' in the hello reply`),
          },
          inspect({ [name]: value }),
        );
      }
    });
  }

  it('refuses objects that only look like numbers inside lastWrite and topologyVersion', () => {
    for (const value of objects) {
      assert.throws(() => parse({ lastWrite: { lastWriteDate: value } }), MongoUnexpectedServerResponseError);
      const topologyVersion = { processId: new ObjectId(), counter: value };
      assert.throws(() => parse({ topologyVersion }), MongoUnexpectedServerResponseError);
    }
  });

  it('takes null for a missing field, and 0 and 1 for false and true', () => {
    const server = parse({
      setName: 'rs',
      secondary: 1,
      hidden: 0,
      tags: null,
      me: null,
      electionId: null,
      hosts: null,
    });

    assert.equal(server.type, 'RSSecondary');
    assert.deepEqual([server.tags, server.me, server.electionId, server.hosts], [{}, null, null, []]);
  });

  it('ignores limits that no server has', () => {
    for (const limit of [0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31]) {
      const { maxWriteBatchSize, maxBsonObjectSize, maxMessageSizeBytes } = parse({
        maxWriteBatchSize: limit,
        maxBsonObjectSize: limit,
        maxMessageSizeBytes: limit,
      });
      assert.deepEqual([maxWriteBatchSize, maxBsonObjectSize, maxMessageSizeBytes], [null, null, null], String(limit));
    }
    assert.equal(parse({ maxMessageSizeBytes: 1 }).maxMessageSizeBytes, null);
    assert.equal(parse({ maxWriteBatchSize: 1 }).maxWriteBatchSize, 1);
  });

  it("keeps the server's error and topologyVersion when the reply is not ok", () => {
    const processId = new ObjectId();
    const server = parse({ ok: 0, errmsg: 'shutting down', code: 91, topologyVersion: { processId, counter: 1n } });

    assert.equal(server.error?.message, 'shutting down');
    assert.equal(server.error.code, 91);
    assert.equal(server.topologyVersion?.counter.toNumber(), 1);
    assert.equal(server.roundTripTime, -1);
  });
});
