import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TopologyType } from '../../../src/description/types.js';
import { Binding, pinCursor, pinnedConnection, pinTransaction } from '../../../src/executor/binding.js';
import { EngineHarness, endOfTransaction, read } from '../../support/engine_harness.js';
import { attempt } from '../../support/pool_harness.js';

const { LoadBalanced, Sharded, ReplicaSetWithPrimary } = TopologyType;

/** A server and a connection to it that is checked out. */
async function checkedOut() {
  const harness = await EngineHarness.open();
  const server = harness.serverAt();
  const connection = await server.pool.checkOut(attempt(harness.call().deadline));
  return { harness, server, connection };
}

describe('pinnedConnection', () => {
  it('is none for a command outside of transactions and pinned cursors', async () => {
    const { harness } = await checkedOut();

    assert.equal(pinnedConnection(read(), new Binding(true)), null);
    assert.equal(pinnedConnection(read({ session: harness.session() }), new Binding(true)), null);
    await harness.close();
  });

  it('is that of the cursor', async () => {
    const { harness, server, connection } = await checkedOut();
    const binding = new Binding(true);
    binding.pinned = { server, connection };

    assert.equal(pinnedConnection(read(), binding), binding.pinned);
    assert.equal(pinnedConnection(read({ session: harness.session() }), binding), binding.pinned);
    await harness.close();
  });

  it('is that of the transaction rather than that of the cursor', async () => {
    const { harness, server, connection } = await checkedOut();
    const session = harness.session({}, 'inTransaction');
    session.pin = { server, connection };
    const binding = new Binding(true);
    binding.pinned = { server, connection };

    assert.equal(pinnedConnection(read({ session }), binding), session.pin);
    await harness.close();
  });

  it('is none for a transaction that is pinned to a mongos only', async () => {
    const { harness, server } = await checkedOut();
    const session = harness.session({}, 'inTransaction');
    session.pin = { server, connection: null };

    assert.equal(pinnedConnection(read({ session }), new Binding(false)), null);
    await harness.close();
  });
});

describe('pinTransaction', () => {
  it('pins the connection behind a load balancer, which is then counted as one of a transaction', async () => {
    const { harness, server, connection } = await checkedOut();
    const session = harness.session({}, 'inTransaction');

    assert.equal(pinTransaction(read({ session }), LoadBalanced, server, connection), true);

    assert.deepEqual(session.pin, { server, connection });
    assert.equal(connection.pinnedBy, 'transaction');
    await harness.close();
  });

  it('pins the mongos, and not the connection, in a sharded cluster', async () => {
    const { harness, server, connection } = await checkedOut();
    const session = harness.session({}, 'inTransaction');

    assert.equal(pinTransaction(read({ session }), Sharded, server, connection), false);

    assert.deepEqual(session.pin, { server, connection: null });
    assert.equal(connection.pinnedBy, null);
    await harness.close();
  });

  it('pins nothing in a replica set', async () => {
    const { harness, server, connection } = await checkedOut();
    const session = harness.session({}, 'inTransaction');

    assert.equal(pinTransaction(read({ session }), ReplicaSetWithPrimary, server, connection), false);
    assert.equal(session.pin, null);
    await harness.close();
  });

  it('pins nothing for a command without a session, outside of a transaction, or that ends one', async () => {
    const { harness, server, connection } = await checkedOut();
    const session = harness.session();
    const active = harness.session({}, 'inTransaction');

    assert.equal(pinTransaction(read(), LoadBalanced, server, connection), false);
    assert.equal(pinTransaction(read({ session }), LoadBalanced, server, connection), false);
    assert.equal(pinTransaction(endOfTransaction(active), LoadBalanced, server, connection), false);

    assert.equal(session.pin, null);
    assert.equal(active.pin, null);
    assert.equal(connection.pinnedBy, null);
    await harness.close();
  });

  it('leaves a pin that is there', async () => {
    const { harness, server, connection } = await checkedOut();
    const session = harness.session({}, 'inTransaction');
    const pin = { server, connection: null };
    session.pin = pin;

    assert.equal(pinTransaction(read({ session }), LoadBalanced, server, connection), false);
    assert.equal(session.pin, pin);
    await harness.close();
  });
});

describe('pinCursor', () => {
  it('pins the connection of a cursor behind a load balancer, which is then counted as one of a cursor', async () => {
    const { harness, server, connection } = await checkedOut();
    const binding = new Binding(true);

    assert.equal(pinCursor(binding, LoadBalanced, server, connection), true);

    assert.deepEqual(binding.pinned, { server, connection });
    assert.equal(connection.pinnedBy, 'cursor');
    await harness.close();
  });

  it('pins nothing elsewhere, or for commands that are not about a cursor', async () => {
    const { harness, server, connection } = await checkedOut();

    for (const [pins, type] of [
      [true, Sharded],
      [true, ReplicaSetWithPrimary],
      [false, LoadBalanced],
    ] as const) {
      const binding = new Binding(pins);
      assert.equal(pinCursor(binding, type, server, connection), false);
      assert.equal(binding.pinned, null);
    }
    assert.equal(connection.pinnedBy, null);
    await harness.close();
  });
});
