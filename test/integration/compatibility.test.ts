import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import * as official from 'mongodb';
import * as mongotempo from 'mongotempo';
import { TestCluster } from 'mongotempo-server';

// Members that neither driver publishes, and that libraries use: src/client/compatibility.ts names the libraries. The same tests hold for both drivers.

/** Anything: the members have no declarations. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

const drivers: Readonly<Record<string, Any>> = { mongodb: official, mongotempo };

/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return */

for (const [name, driver] of Object.entries(drivers)) {
  describe(`what libraries reach for in ${name}`, () => {
    let cluster: TestCluster;
    let client: Any;
    let orders: Any;

    before(async () => {
      cluster = await TestCluster.start({ topology: 'replicaset', seed: 1 });
    });
    after(async () => cluster.stop());

    beforeEach(async () => {
      client = new driver.MongoClient(`${cluster.uri}&appName=shop`);
      orders = client.db('shop').collection('orders');
      await client.connect();
      await orders.deleteMany({});
    });
    afterEach(() => client.close());

    it('has a topology from connect to close', async () => {
      const fresh = new driver.MongoClient(cluster.uri);
      assert.equal(fresh.topology, undefined);
      await fresh.connect();
      const { topology } = fresh;
      assert.equal(topology, fresh.topology);
      assert.equal(topology.isConnected(), true);
      await fresh.close();
      assert.equal(fresh.topology, undefined);
      assert.equal(topology.isDestroyed(), true);
      await fresh.connect();
      assert.notEqual(fresh.topology, topology);
      await fresh.close();
    });

    it('describes the deployment in topology.description', () => {
      const { description } = client.topology;
      assert.equal(description.constructor.name, 'TopologyDescription');
      assert.equal(description.type, 'ReplicaSetWithPrimary');
      const [server] = description.servers.values();
      assert.equal(server.type, 'RSPrimary');
      assert.equal(`${server.host}:${server.port}`, server.address);
    });

    it('has its description, options and hosts in topology.s', () => {
      const { s } = client.topology;
      assert.equal(s.description, client.topology.description);
      assert.equal(s.description.heartbeatFrequencyMS, 10_000);
      assert.deepEqual([s.options.hosts[0].host, s.options.hosts[0].port], ['127.0.0.1', client.options.hosts[0].port]);
      assert.equal(s.options.useUnifiedTopology, undefined);
      assert.equal(s.state, 'connected');
    });

    it('emits the events of its servers from the topology', async () => {
      const topology: EventEmitter = client.topology;
      const events: string[] = [];
      const listener = ({ newDescription }: Any) => events.push(newDescription.type);
      const before = topology.listenerCount('topologyDescriptionChanged');
      topology.on('topologyDescriptionChanged', listener);
      const changed = new Promise(resolve => topology.once('topologyDescriptionChanged', resolve));
      await client.db('admin').command({ replSetStepDown: 1, force: true });
      await changed;
      assert.equal(events[0], 'ReplicaSetNoPrimary');
      topology.off('topologyDescriptionChanged', listener);
      assert.equal(topology.listenerCount('topologyDescriptionChanged'), before);
      await orders.insertOne({}); // there is a primary again
    });

    it('has the connection string and the options in client.s', () => {
      assert.equal(client.s.url, `${cluster.uri}&appName=shop`);
      assert.equal(client.s.options.dbName, 'test');
      assert.equal(client.s.options.hosts[0].host, '127.0.0.1');
      assert.equal(client.s.options.hosts[0].port, client.options.hosts[0].port);
      assert.equal(client.s.hasBeenClosed, false);
      assert.equal(client.s, client.s);
    });

    it('promises its metadata in client.options', async () => {
      const metadata = await client.options.metadata;
      assert.equal(metadata.driver.name, name === 'mongodb' ? 'nodejs' : 'mongotempo');
      assert.equal(metadata.application.name, 'shop');
      client.appendMetadata({ name: 'wrapper' });
      assert.match((await client.options.metadata).driver.name, /\|wrapper$/);
    });

    it('takes its own options again', async () => {
      const again = new driver.MongoClient(cluster.uri, {
        appName: client.options.appName,
        ...client.options.driverInfo,
      });
      await again.connect();
      await again.close();
    });

    it('has no autoEncryption unless it was given', () => {
      assert.equal(client.options.autoEncryption, undefined);
    });

    it('takes monitorCommands after it was made, and emits events', async () => {
      assert.equal(client.monitorCommands, false);
      client.monitorCommands = true;
      assert.equal(client.monitorCommands, true);
    });

    it('makes a client of the subclass by the static connect', async () => {
      class Traced extends driver.MongoClient {}
      const traced: Any = await (Traced as Any).connect(cluster.uri);
      assert.equal(traced instanceof Traced, true);
      await traced.close();
    });

    it('has its database and namespace in collection.s and db.s', () => {
      assert.equal(orders.s.db, orders.db);
      assert.equal(orders.s.db.client, client);
      assert.equal(orders.s.namespace.db, 'shop');
      assert.equal(orders.s.namespace.collection, 'orders');
      assert.equal(orders.s.namespace.toString(), 'shop.orders');
      assert.equal(orders.db.s.namespace.db, 'shop');
      assert.equal(orders.db.s.namespace.toString(), 'shop');
      assert.equal(orders.s, orders.s);
    });

    it('has the client and the transaction of a session', async () => {
      const session = client.startSession();
      assert.equal(session.client, client);
      assert.equal(session.transaction.state, 'NO_TRANSACTION');
      assert.equal(session.transaction.isActive, false);
      session.startTransaction({ writeConcern: { w: 'majority' } });
      assert.equal(session.transaction.state, 'STARTING_TRANSACTION');
      assert.equal(session.transaction.isStarting, true);
      await orders.insertOne({}, { session });
      assert.equal(session.transaction.state, 'TRANSACTION_IN_PROGRESS');
      assert.equal(session.transaction.isActive, true);
      assert.equal(session.transaction.isPinned, false);
      assert.equal(session.transaction.options.writeConcern.w, 'majority');
      await session.commitTransaction();
      assert.equal(session.transaction.state, 'TRANSACTION_COMMITTED');
      assert.equal(session.transaction.isCommitted, true);
      session.startTransaction();
      await session.commitTransaction();
      assert.equal(session.transaction.state, 'TRANSACTION_COMMITTED_EMPTY');
      session.startTransaction();
      await session.abortTransaction();
      assert.equal(session.transaction.state, 'TRANSACTION_ABORTED');
      await session.endSession();
    });

    it('has the client and the session of a cursor', async () => {
      const session = client.startSession();
      const cursor = orders.find({}, { session });
      assert.equal(cursor.client, client);
      assert.equal(cursor.session, session);
      await cursor.toArray();
      await session.endSession();
    });

    describe('cursor.transform', () => {
      const inserted = [{ _id: 1 }, { _id: 2 }, { _id: 3 }];
      let cursor: Any;
      beforeEach(async () => {
        await orders.insertMany(inserted);
        cursor = orders.find({}, { sort: { _id: 1 }, batchSize: 2 });
        cursor.transform = (document: Any) => `order ${document._id}`;
      });
      const expected = ['order 1', 'order 2', 'order 3'];

      it('changes what toArray gives', async () => assert.deepEqual(await cursor.toArray(), expected));

      it('changes what next and tryNext give', async () => {
        assert.equal(await cursor.next(), expected[0]);
        assert.equal(await cursor.tryNext(), expected[1]);
        await cursor.close();
      });

      it('changes what for await and stream give', async () => {
        const seen: unknown[] = [];
        for await (const order of cursor) seen.push(order);
        assert.deepEqual(seen, expected);
        const again = cursor.clone();
        again.transform = cursor.transform;
        assert.deepEqual(await again.stream().toArray(), expected);
      });

      it('is what map has set', () => {
        const mapped = orders.find().map(() => 1);
        assert.equal(mapped.transform(null), 1);
        assert.equal(orders.find().transform, undefined);
      });
    });

    describe('a next of its own on a cursor', () => {
      let cursor: Any;
      let calls = 0;
      beforeEach(async () => {
        await orders.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
        cursor = orders.find({}, { sort: { _id: 1 }, batchSize: 2 });
        const next = cursor.next.bind(cursor);
        calls = 0;
        cursor.next = () => {
          calls++;
          return next();
        };
      });

      it('is called by for await, forEach and stream', async () => {
        const seen: unknown[] = [];
        for await (const { _id } of cursor) seen.push(_id);
        assert.deepEqual(seen, [1, 2, 3]);
        assert.ok(calls >= 3, `called ${calls} times`);
        assert.equal(cursor.closed, true);
      });

      it('closes the cursor where the loop is left or fails', async () => {
        for await (const _ of cursor) break;
        assert.equal(cursor.closed || cursor.killed, true);
        const other = orders.find();
        other.next = () => Promise.reject(new Error('mine'));
        await assert.rejects(async () => {
          for await (const _ of other);
        }, /mine/);
      });

      it('is not asked once the loop has closed the cursor', async () => {
        let seen = 0;
        for await (const _ of cursor) {
          seen++;
          await cursor.close();
        }
        assert.equal(seen, 1);
        if (name === 'mongodb') return; // ends as if there were no more: docs/differences.md
        const aborting = new AbortController();
        const other = orders.find({}, { signal: aborting.signal });
        const next = other.next.bind(other);
        other.next = () => next();
        await assert.rejects(async () => {
          for await (const _ of other) aborting.abort(new Error('enough'));
        }, /enough/);
      });
    });

    it('has the raw result of a bulk write, also in its error', async () => {
      const { result } = await orders.bulkWrite([{ insertOne: { document: { _id: 1 } } }]);
      assert.equal(result.nInserted, 1);
      const error: Any = await orders.insertMany([{ _id: 2 }, { _id: 1 }]).catch((thrown: unknown) => thrown);
      assert.equal(error.result.result.writeErrors.length, 1);
      assert.equal(error.result.result.nInserted, 1);
    });

    it('shows none of it where objects are listed', () => {
      if (name === 'mongodb') return;
      for (const object of [client, orders, orders.db, orders.find(), client.startSession()]) {
        const keys = Object.keys(object);
        for (const key of ['s', 'topology', 'transform', 'transaction', 'client', 'session']) {
          assert.ok(!keys.includes(key), `${key} of ${object.constructor.name}`);
        }
      }
    });
  });
}
