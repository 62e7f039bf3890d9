import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { Connection } from '../../../src/pool/connection.js';
import { FakeClock } from '../../support/fake_clock.js';
import { attempt, connectionParts, deadline, run } from '../../support/pool_harness.js';
import { quiet, ScriptedServer } from '../../support/scripted_server.js';

/** A connection that is open, and what its owner was told. */
async function owned() {
  const server = new ScriptedServer();
  const clock = new FakeClock();
  const parts = connectionParts(clock, server.open);
  const generation = { value: 7 };
  const told: string[] = [];
  const connection: Connection = new Connection(parts, 1, generation, {
    onDrained: (which, reply) => told.push(`drained ${which === connection} ${reply.document['n']}`),
    onClosed: which => told.push(`closed ${which === connection} ${connection.error?.message}`),
  });
  await connection.opened(0, deadline(clock));
  return { clock, parts, connection, generation, told, peer: await server.nextPeer() };
}

describe('Connection', () => {
  it('tells its owner once that it closed', async () => {
    const { connection, peer, told } = await owned();

    peer.reset();
    await quiet();
    connection.close(new Error('again'));

    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /^closed true connection 1 to db1:27017 closed/);
  });

  it('gives its owner the late reply, and is free by then', async () => {
    const { clock, connection, parts, peer, told } = await owned();
    const failed = assert.rejects(run(connection, parts.encoder, { find: 'orders' }, deadline(clock, 10)));
    const command = await peer.nextCommand();
    await clock.advance(10);
    await failed;
    assert.ok(connection.isOccupied);

    command.reply({ ok: 1, n: 2 });

    assert.deepEqual(told, ['drained true 2']);
    assert.ok(!connection.isOccupied);
  });

  it('becomes stale with its pool', async () => {
    const { connection, generation } = await owned();
    assert.deepEqual([connection.generation, connection.isStale], [7, false]);

    generation.value++;

    assert.deepEqual([connection.generation, connection.isStale], [7, true]);
  });

  it('becomes stale with its service, and no longer with its pool, once it has joined one', async () => {
    const { connection, generation } = await owned();
    const service = { id: new ObjectId(), value: 3, connections: 1 };

    connection.joinService(service);

    generation.value++;
    assert.deepEqual([connection.generation, connection.isStale], [3, false]);
    service.value++;
    assert.deepEqual([connection.generation, connection.isStale], [3, true]);
  });

  it('counts check-outs, and forgets the attempt and the pin at check-in', async () => {
    const { connection } = await owned();
    const lending = attempt();

    connection.checkOut(lending, 0);
    connection.pin('cursor');
    assert.deepEqual([connection.attempt, connection.pinnedBy, connection.uses], [lending, 'cursor', 1]);

    assert.equal(connection.checkIn(), lending);
    assert.deepEqual([connection.attempt, connection.pinnedBy, connection.uses], [null, null, 1]);
  });
});
