import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import { deserialize, ObjectId, serialize } from 'bson';
import { TestCluster } from '../../src/index.js';
import { crc32c } from '../../src/wire/crc32c.js';
import { FrameReader } from '../../src/wire/frame_reader.js';
import { bodyOf, documentSequence, flagsOf, message, opMsg, RawClient, type RawReply } from '../support/raw_client.js';

async function withRawClient(run: (client: RawClient, cluster: TestCluster) => Promise<void>): Promise<void> {
  await using cluster = await TestCluster.start({ topology: 'replicaset', nodes: 1, seed: 1 });
  const client = await RawClient.connect(cluster.node(0).port);
  try {
    await run(client, cluster);
  } finally {
    client.close();
  }
}

const ping = { ping: 1, $db: 'admin' };

function counterOf(reply: RawReply | undefined): number {
  return (bodyOf(reply)['topologyVersion'] as { counter: number }).counter;
}

/** The same bytes with the checksum flag and a checksum. */
function withChecksum(body: object): Buffer {
  const whole = Buffer.concat([opMsg(body, { flags: 1 }), Buffer.alloc(4)]);
  whole.writeInt32LE(whole.length, 0);
  whole.writeUInt32LE(crc32c(whole.subarray(0, -4)), whole.length - 4);
  return whole;
}

describe('crc32c', () => {
  it('gives the check value of CRC-32C', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });
});

describe('FrameReader', () => {
  it('finds the same messages however the bytes are cut', () => {
    const stream = Buffer.concat([opMsg(ping), opMsg({ hello: 1, $db: 'admin' }), opMsg(ping)]);

    for (let size = 1; size <= stream.length; size++) {
      const reader = new FrameReader();
      const found: Buffer[] = [];
      for (let start = 0; start < stream.length; start += size)
        found.push(...reader.push(stream.subarray(start, start + size)));

      assert.equal(found.length, 3);
      assert.deepEqual(Buffer.concat(found), stream);
    }
  });
});

describe('the wire protocol', () => {
  it('answers an OP_MSG under its request id', () =>
    withRawClient(async client => {
      client.send(opMsg(ping, { requestId: 77 }));
      const reply = await client.receive();

      assert.equal(reply?.responseTo, 77);
      assert.equal(reply.opCode, 2013);
      assert.equal(bodyOf(reply)['ok'], 1);
    }));

  it('answers a hello in OP_QUERY with OP_REPLY', () =>
    withRawClient(async client => {
      const query = Buffer.concat([
        Buffer.alloc(4),
        Buffer.from('admin.$cmd\0'),
        Buffer.alloc(8),
        serialize({ isMaster: 1, helloOk: true }),
      ]);
      client.send(message(2004, 5, query));
      const reply = await client.receive();

      assert.equal(reply?.opCode, 1);
      assert.equal(reply.responseTo, 5);
      const hello = deserialize(reply.payload.subarray(20));
      assert.equal(hello['ismaster'], true);
      assert.equal(hello['helloOk'], true);
      assert.equal(hello['maxWireVersion'], 25);
    }));

  it('reads document sequences', () =>
    withRawClient(async client => {
      const sequence = documentSequence('documents', [{ _id: 1 }, { _id: 2 }]);
      client.send(opMsg({ insert: 'c', $db: 'test' }, { sequence }));

      assert.equal(bodyOf(await client.receive())['n'], 2);
    }));

  it('executes but does not answer a request with moreToCome', () =>
    withRawClient(async client => {
      client.send(opMsg({ insert: 'c', documents: [{ _id: 1 }], $db: 'test' }, { flags: 2, requestId: 1 }));
      client.send(opMsg({ count: 'c', $db: 'test' }, { requestId: 2 }));
      const reply = await client.receive();

      assert.equal(reply?.responseTo, 2);
      assert.equal(bodyOf(reply)['n'], 1);
    }));

  it('accepts a right checksum and closes the connection on a wrong one', () =>
    withRawClient(async client => {
      client.send(withChecksum(ping));
      assert.equal(bodyOf(await client.receive())['ok'], 1);

      const wrong = withChecksum(ping);
      wrong.writeUInt8(wrong.readUInt8(wrong.length - 1) ^ 1, wrong.length - 1);
      client.send(wrong);
      assert.equal(await client.receive(), undefined);
    }));

  it('speaks zlib to a connection that negotiated it, and plain when asked in plain', () =>
    withRawClient(async client => {
      client.send(opMsg({ hello: 1, compression: ['snappy', 'zlib'], $db: 'admin' }));
      const hello = await client.receive();
      assert.equal(hello?.opCode, 2013);
      assert.deepEqual(bodyOf(hello)['compression'], ['zlib']);

      const plain = opMsg(ping).subarray(16);
      const head = Buffer.alloc(9);
      head.writeInt32LE(2013, 0);
      head.writeInt32LE(plain.length, 4);
      head.writeUInt8(2, 8);
      client.send(message(2012, 9, Buffer.concat([head, deflateSync(plain)])));
      const reply = await client.receive();

      assert.equal(reply?.opCode, 2012);
      assert.equal(reply.responseTo, 9);
      const inner = inflateSync(reply.payload.subarray(9));
      assert.equal(inner.length, reply.payload.readInt32LE(4));
      assert.equal(deserialize(inner.subarray(5))['ok'], 1);
    }));

  it('streams hellos, each answering the one before, and wakes at a change of the topology', () =>
    withRawClient(async (client, cluster) => {
      client.send(opMsg({ hello: 1, $db: 'admin' }));
      const { topologyVersion } = bodyOf(await client.receive());
      client.send(
        opMsg({ hello: 1, topologyVersion, maxAwaitTimeMS: 60_000, $db: 'admin' }, { flags: 1 << 16, requestId: 40 }),
      );

      await cluster.stepDown();
      const [first, second] = [await client.receive(), await client.receive()];

      assert.equal(first?.responseTo, 40);
      assert.equal(flagsOf(first), 2);
      assert.equal(bodyOf(first)['isWritablePrimary'], false);
      assert.equal(second?.responseTo, first.requestId);
      assert.equal(bodyOf(second)['isWritablePrimary'], true);
      assert.ok(counterOf(second) > counterOf(first));
    }));

  it('answers an awaiting hello after maxAwaitTimeMS when nothing changes', () =>
    withRawClient(async client => {
      client.send(opMsg({ hello: 1, $db: 'admin' }));
      const { topologyVersion } = bodyOf(await client.receive());
      client.send(opMsg({ hello: 1, topologyVersion, maxAwaitTimeMS: 10, $db: 'admin' }));
      const reply = await client.receive();

      assert.equal(flagsOf(reply), 0);
      assert.deepEqual(bodyOf(reply)['topologyVersion'], topologyVersion);
    }));

  it('answers a hello with a stale processId at once', () =>
    withRawClient(async client => {
      client.send(opMsg({ hello: 1, $db: 'admin' }));
      const { topologyVersion } = bodyOf(await client.receive());
      const stale = { ...(topologyVersion as object), processId: new ObjectId() };
      client.send(opMsg({ hello: 1, topologyVersion: stale, maxAwaitTimeMS: 60_000, $db: 'admin' }));

      assert.equal(bodyOf(await client.receive())['ok'], 1);
    }));

  const lengthOf = (length: number) => {
    const bytes = Buffer.alloc(16);
    bytes.writeInt32LE(length, 0);
    return bytes;
  };
  const garbage: Readonly<Record<string, Buffer>> = {
    'a length below 16': lengthOf(15),
    'a negative length': lengthOf(-1),
    'a length above 48000000': lengthOf(48_000_001),
    'an unknown opcode': message(1234, 1, Buffer.alloc(8)),
    'a section longer than its message': message(2013, 1, Buffer.from([0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0])),
    'an unknown required flag': opMsg(ping, { flags: 1 << 5 }),
    'bytes that are no BSON': message(2013, 1, Buffer.from([0, 0, 0, 0, 0, 8, 0, 0, 0, 0x77, 1, 1, 0])),
    'an empty OP_MSG': message(2013, 1, Buffer.alloc(0)),
    'an OP_QUERY without a name': message(2004, 1, Buffer.alloc(3)),
    'compressed bytes that are not': message(2012, 1, Buffer.from([0xdd, 7, 0, 0, 9, 0, 0, 0, 2, 1, 2, 3])),
  };
  for (const [name, bytes] of Object.entries(garbage)) {
    it(`closes the connection on ${name} and goes on serving others`, () =>
      withRawClient(async (client, cluster) => {
        client.send(bytes);
        assert.equal(await client.receive(), undefined);

        const other = await RawClient.connect(cluster.node(0).port);
        other.send(opMsg(ping));
        assert.equal(bodyOf(await other.receive())['ok'], 1);
        other.close();
      }));
  }
});
