import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestCluster } from 'mongotempo-server';
import { clientBulkWrite } from '../../src/bulk/client_bulk_write.js';
import { Call, NO_STAGE_LIMITS } from '../../src/call/call.js';
import { Deadline } from '../../src/call/deadline.js';
import type { ClientPort } from '../../src/client/client_port.js';
import type { Collection } from '../../src/client/collection.js';
import { Db } from '../../src/client/db.js';
import { createEngine } from '../../src/client/engine.js';
import { clientContext } from '../../src/client/inherit.js';
import { withId } from '../../src/commands/insert.js';
import type { MonitoringEventListeners } from '../../src/events/event_map.js';
import { EventPublisher, OperationIds } from '../../src/events/publisher.js';
import { TypedEventEmitter } from '../../src/events/typed_event_emitter.js';
import type { Engine } from '../../src/executor/engine.js';
import { systemClock } from '../../src/runtime/clock.js';
import { systemRandom } from '../../src/runtime/random.js';
import { openSocket } from '../../src/runtime/socket_transport.js';
import { ServerSessionPool } from '../../src/sessions/server_session_pool.js';
import { EmitterSink } from '../../src/sinks/emitter_sink.js';
import { resolveOptions } from '../../src/uri/resolve.js';
import { rejection } from '../support/cluster.js';
import { paced } from '../support/pace.js';

interface Setup {
  readonly collection: Collection;
  readonly engine: Engine;
  readonly client: ClientPort;
  /** Sets the fail point `failCommand`, once, on the server behind the idle connection. */
  readonly fail: (data: object) => Promise<unknown>;
  /** Names of the commands so far, and of the events of the pool between them. */
  readonly seen: string[];
  readonly checkedOut: () => number;
}

async function withLoadBalancer(options: object, run: (setup: Setup) => Promise<void>): Promise<void> {
  await using cluster = await TestCluster.start({ seed: 1, topology: 'load-balanced' });
  const emitter = new TypedEventEmitter<MonitoringEventListeners>();
  const resolved = resolveOptions(cluster.uri, { serverSelectionTimeoutMS: 5000, ...options });
  const publisher = new EventPublisher([new EmitterSink(emitter)], systemClock);
  const effects = { clock: systemClock, random: systemRandom, open: openSocket };
  const sessions = new ServerSessionPool(systemClock, systemRandom);
  const engine = createEngine(resolved, () => ({}), publisher, sessions, effects);
  engine.topology.open();
  const context = clientContext(resolved);
  const client: ClientPort = {
    options: resolved,
    context,
    clock: systemClock,
    operationIds: new OperationIds(),
    stageLimits: resolved,
    publisher,
    engine: () => engine,
  };
  const collection = new Db(client, 'shop').collection('orders');
  const seen: string[] = [];
  let out = 0;
  emitter.on('connectionCheckedOut', () => out++);
  emitter.on('connectionCheckedIn', () => out--);
  emitter.on('commandStarted', ({ commandName }: { commandName: string }) => seen.push(commandName));
  try {
    await collection.insertMany(Array.from({ length: 10 }, (_, _id) => ({ _id: _id as never })));
    seen.length = 0;
    const fail = async (data: object): Promise<void> => {
      await new Db(client, 'admin').command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
      seen.pop();
    };
    await run({ collection, engine, client, fail, seen, checkedOut: () => out });
    assert.equal(out, 0, 'connections that were not given back');
  } finally {
    engine.topology.close();
  }
}

describe('a cursor behind a load balancer', () => {
  it('keeps its connection until its last batch', () =>
    withLoadBalancer({}, async ({ collection, seen, checkedOut }) => {
      const cursor = collection.find({}, { batchSize: 4 });
      await cursor.next();
      assert.equal(checkedOut(), 1);
      await cursor.toArray();

      assert.equal(checkedOut(), 0);
      assert.deepEqual(seen, ['find', 'getMore', 'getMore']);
    }));

  it('keeps none when everything came at once', () =>
    withLoadBalancer({}, async ({ collection, checkedOut }) => {
      const cursor = collection.find();
      await cursor.next();

      assert.equal(checkedOut(), 0);
    }));

  it('gives it back when it is closed', () =>
    withLoadBalancer({}, async ({ collection, seen, checkedOut }) => {
      const cursor = collection.find({}, { batchSize: 4 });
      await cursor.next();
      await cursor.close();

      assert.equal(checkedOut(), 0);
      assert.deepEqual(seen, ['find', 'killCursors']);
    }));

  it('gives it back when reading fails, at the latest when it is closed', () =>
    withLoadBalancer({}, async ({ collection, seen, fail, checkedOut }) => {
      await fail({ failCommands: ['getMore'], errorCode: 7 });
      const cursor = collection.find({}, { batchSize: 1 });
      await cursor.next();
      await rejection(cursor.next());
      assert.equal(checkedOut(), 1);
      await cursor.close();
      assert.deepEqual(seen, ['find', 'getMore', 'killCursors']);

      await fail({ failCommands: ['getMore'], errorCode: 7 });
      await rejection(collection.find({}, { batchSize: 1 }).toArray());
      // No caller waits for killCursors.
      while (checkedOut() > 0) await new Promise(resolve => setImmediate(resolve));
      assert.deepEqual(seen.slice(-3), ['find', 'getMore', 'killCursors']);
    }));

  it('kills nothing when its connection is lost', () =>
    withLoadBalancer({}, async ({ collection, seen, fail }) => {
      await fail({ failCommands: ['getMore'], closeConnection: true });
      const cursor = collection.find({}, { batchSize: 1 });
      await cursor.next();
      await rejection(cursor.next());
      await cursor.close();

      assert.deepEqual(seen, ['find', 'getMore']);
    }));

  it(
    'waits for a late reply before it kills the cursor on the same connection',
    paced(ms =>
      withLoadBalancer({ timeoutMS: ms(300) }, async ({ collection, seen, fail }) => {
        await fail({ failCommands: ['getMore'], blockConnection: true, blockTimeMS: ms(450) });
        const cursor = collection.find({}, { batchSize: 1 });
        await cursor.next();
        await rejection(cursor.next());
        await cursor.close();

        assert.deepEqual(seen, ['find', 'getMore', 'killCursors']);
      }),
    ),
  );
});

describe('a client bulk write behind a load balancer', () => {
  it('reads its results on the connection that has written', () =>
    withLoadBalancer({}, async ({ client, engine, seen }) => {
      const models = ['a', 'b'].map(letter => ({
        ...{ name: 'updateOne', namespace: 'shop.orders', update: { $set: { x: 1 } }, upsert: true },
        filter: { _id: letter.repeat(8 * 1024 * 1024) },
      }));
      const context = { ...client.context, database: 'admin', namespace: 'admin' };
      const prepare = (document: unknown) => withId(document, () => 0);
      const call = new Call(1, 'bulkWrite', 'admin', Deadline.background(engine.clock), NO_STAGE_LIMITS);

      const result = await clientBulkWrite(engine, context, models, { verboseResults: true }, prepare, call);

      assert.equal(result.updateResults?.size, 2);
      assert.deepEqual(seen, ['bulkWrite', 'getMore']);
    }));
});
