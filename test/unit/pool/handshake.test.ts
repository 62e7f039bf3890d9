import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Long, ObjectId } from '../../../src/bson/index.js';
import {
  awaitableHelloCommand,
  DEFAULT_LIMITS,
  describeConnection,
  handshakeCommand,
  helloCommand,
  sharing,
} from '../../../src/pool/handshake.js';
import { zlibCodec } from '../../../src/wire/compressor.js';
import { HANDSHAKE } from '../../support/pool_harness.js';
import { STANDALONE } from '../../support/scripted_server.js';

const TIMES = { roundTripTime: 1, lastUpdateTime: 2 };
const balanced = { ...HANDSHAKE, useHello: true, loadBalanced: true, apiFields: { apiVersion: '1' } };

describe('helloCommand', () => {
  it('is the legacy hello until the server has said helloOk', () => {
    assert.deepEqual(helloCommand(HANDSHAKE, false), { ismaster: 1, helloOk: true, $db: 'admin' });
    assert.deepEqual(helloCommand(HANDSHAKE, true), { hello: 1, $db: 'admin' });
  });

  it('has the fields of the Stable API and of the load balancer, but not those of the first hello', () => {
    const expected = { hello: 1, loadBalanced: true, apiVersion: '1', $db: 'admin' };

    assert.deepEqual(helloCommand(balanced, false), expected);
    const first = handshakeCommand(balanced);
    assert.deepEqual({ ...first, ...expected }, first);
    assert.deepEqual(
      Object.keys(first).filter(key => !(key in expected)),
      ['client', 'compression', 'backpressure'],
    );
  });
});

describe('awaitableHelloCommand', () => {
  it('is a hello with the version that is known and the time that the server may wait', () => {
    const topologyVersion = { processId: new ObjectId(), counter: Long.fromNumber(3) };

    assert.deepEqual(awaitableHelloCommand(HANDSHAKE, true, topologyVersion, 10_000), {
      hello: 1,
      $db: 'admin',
      topologyVersion,
      maxAwaitTimeMS: 10_000,
    });
  });
});

describe('describeConnection', () => {
  it('has the limits of the server, and the default of each that it does not name', () => {
    const reply = { ...STANDALONE, maxBsonObjectSize: 1000, maxMessageSizeBytes: undefined, maxWriteBatchSize: 10 };

    assert.deepEqual(describeConnection('db1:27017', reply, TIMES, []).limits, {
      maxBsonObjectSize: 1000,
      maxMessageSizeBytes: DEFAULT_LIMITS.maxMessageSizeBytes,
      maxWriteBatchSize: 10,
    });
    assert.deepEqual(describeConnection('db1:27017', { ok: 1 }, TIMES, []).limits, DEFAULT_LIMITS);
  });

  it('takes the first compressor of the client that the server knows', () => {
    const offered = [{ ...zlibCodec(-1), name: 'zstd' as const }, zlibCodec(-1)];
    const reply = { ...STANDALONE, compression: ['zlib', 'snappy'] };

    assert.equal(describeConnection('db1:27017', reply, TIMES, offered).compressor, 'zlib');
    assert.equal(describeConnection('db1:27017', reply, TIMES, []).compressor, undefined);
  });
});

describe('sharing', () => {
  const describe1 = (fields: object, times = TIMES) =>
    describeConnection('db1:27017', { ...STANDALONE, ...fields }, times, [zlibCodec(-1)]);

  it('has the parts of an earlier description of the same server, and its own connection id', () => {
    const earlier = describe1({ connectionId: 1 });
    const later = describe1({ connectionId: 2 }, { roundTripTime: 7, lastUpdateTime: 8 });

    const shared = sharing(later, earlier);

    assert.equal(shared.server, earlier.server);
    assert.equal(shared.limits, earlier.limits);
    assert.equal(shared.serverConnectionId, 2n);
  });

  it('is the description itself when there is no earlier one', () => {
    const description = describe1({});

    assert.equal(sharing(description, null), description);
  });

  for (const [what, fields] of [
    ['another state', { isWritablePrimary: false, setName: 'rs', secondary: true, hosts: ['db1:27017'] }],
    ['another service', { serviceId: new ObjectId() }],
    ['another compressor', { compression: ['zlib'] }],
    ['another maxBsonObjectSize', { maxBsonObjectSize: 8_000_000 }],
    ['another maxMessageSizeBytes', { maxMessageSizeBytes: 40_000_000 }],
    ['another maxWriteBatchSize', { maxWriteBatchSize: 1 }],
  ] as const) {
    it(`is the description itself when the earlier one names ${what}`, () => {
      const description = describe1({});

      assert.equal(sharing(description, describe1(fields)), description);
    });
  }
});
