import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, Double, Int32, Long, ObjectId } from '../../../../src/bson/index.js';
import { parseHello } from '../../../../src/sdam/description/hello.js';

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

  it('takes nothing from fields of a wrong type', () => {
    const server = parse({
      setName: 1,
      hosts: 'a',
      tags: null,
      electionId: 'x',
      topologyVersion: 1,
      maxWireVersion: 'x',
    });

    assert.equal(server.type, 'Standalone');
    assert.deepEqual([server.hosts, server.tags, server.electionId], [[], {}, null]);
    assert.deepEqual([server.topologyVersion, server.maxWireVersion], [null, 0]);
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
