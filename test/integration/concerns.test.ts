import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MongoClientOptions, ReadPreference } from 'mongotempo';
import { MongoClient } from '../support/checked_client.js';
import { type SetupWithCluster, withServer } from '../support/cluster.js';
import { EventLog } from '../support/event_log.js';

function withSet(client: MongoClientOptions, run: (setup: SetupWithCluster) => Promise<void>): Promise<void> {
  return withServer({ cluster: { topology: 'replicaset' }, client }, run);
}

describe('concerns', () => {
  it('are inherited from client to database to collection to operation', () =>
    withSet({ readConcernLevel: 'local', writeConcern: { w: 1 } }, async ({ client, log }) => {
      const db = client.db('shop', { writeConcern: { w: 2 } });
      const inherited = db.collection('a');
      const own = db.collection('b', { readConcern: { level: 'majority' }, writeConcern: { w: 'majority' } });

      await client.db('other').collection('c').insertOne({});
      await inherited.insertOne({});
      await own.insertOne({});
      await own.insertOne({}, { writeConcern: { w: 3, wtimeoutMS: 500 } });
      await inherited.findOne();
      await own.findOne();
      await own.find({}, { readConcern: 'available' }).toArray();
      await own.aggregate([{ $match: {} }]).toArray();

      assert.deepEqual(
        log.started('insert').map(({ command }) => command['writeConcern'] as unknown),
        [{ w: 1 }, { w: 2 }, { w: 'majority' }, { w: 3, wtimeout: 500 }],
      );
      assert.deepEqual(
        log.started('find').map(({ command }) => command['readConcern'] as unknown),
        [{ level: 'local' }, { level: 'majority' }, { level: 'available' }],
      );
      assert.deepEqual(log.started('aggregate')[0]!.command['readConcern'], { level: 'majority' });
    }));

  it('are not given to a command of the user', () =>
    withSet({ readConcernLevel: 'majority', writeConcern: { w: 'majority' } }, async ({ db, log }) => {
      await db.command({ ping: 1 });

      const { command } = log.started('ping')[0]!;
      assert.deepEqual([command['readConcern'], command['writeConcern']], [undefined, undefined]);
    }));

  it('leave out wtimeout under timeoutMS', () =>
    withSet({ timeoutMS: 5000 }, async ({ collection, log }) => {
      await collection.insertOne({}, { writeConcern: { w: 'majority', wtimeoutMS: 500 }, maxTimeMS: 9 });

      const { command } = log.started('insert')[0]!;
      assert.deepEqual(command['writeConcern'], { w: 'majority' });
      assert.ok(Number(command['maxTimeMS']) > 4000);
    }));
});

describe('read preferences on a replica set', () => {
  it('choose the server and are sent to it', () =>
    withSet({}, async ({ client, collection, log, cluster }) => {
      const primary = cluster.primary!.address;
      await client.connect();
      await Promise.all(
        cluster.nodes.map(({ address }) => log.some('connectionPoolReady', event => event.address === address)),
      );

      await collection.findOne({});
      await collection.findOne({}, { readPreference: 'secondary' });
      await collection.findOne({}, { readPreference: 'secondaryPreferred' });
      await collection.findOne({}, { readPreference: new ReadPreference('nearest') });
      await collection.findOne({}, { readPreference: 'primaryPreferred' });
      await collection.aggregate([], { readPreference: 'secondary' }).toArray();

      const sent = log
        .started()
        .map(({ address, command }) => [address === primary, command['$readPreference']] as const);
      assert.deepEqual(sent[0], [true, undefined]);
      assert.deepEqual(sent[1], [false, { mode: 'secondary' }]);
      assert.deepEqual(sent[2], [false, { mode: 'secondaryPreferred' }]);
      assert.deepEqual(sent[3]![1], { mode: 'nearest' });
      assert.deepEqual(sent[4], [true, { mode: 'primaryPreferred' }]);
      assert.deepEqual(sent[5], [false, { mode: 'secondary' }]);
    }));

  it('do not apply to writes', () =>
    withSet({ readPreference: 'secondary' }, async ({ collection, log, cluster }) => {
      await collection.insertOne({});
      await collection.aggregate([{ $out: 'copy' }], { readPreference: 'primary' }).toArray();

      for (const { address, command } of log.started()) {
        assert.equal(address, cluster.primary!.address);
        assert.equal(command['$readPreference'], undefined);
      }
    }));

  it('let a member that is addressed directly answer whatever its state is', () =>
    withServer({ cluster: { topology: 'replicaset' } }, async ({ cluster }) => {
      const { address } = cluster.nodes.find(({ role }) => role === 'secondary')!;
      await using direct = new MongoClient(`mongodb://${address}/?directConnection=true`);
      const log = new EventLog(direct);

      await direct.db('shop').collection('orders').findOne();

      assert.deepEqual(log.started('find')[0]!.command['$readPreference'], { mode: 'primaryPreferred' });
      assert.equal(log.started('find')[0]!.address, address);
    }));

  it('choose by tags, and fail when nothing has them', () =>
    withSet({ serverSelectionTimeoutMS: 100 }, async ({ collection }) => {
      const readPreference = new ReadPreference('secondary', [{ dc: 'nowhere' }]);

      await assert.rejects(collection.findOne({}, { readPreference }), /Server selection timed out/);
    }));

  it('are inherited where null is given, and so is what else may be given', () =>
    withSet({ writeConcern: { w: 'majority' }, readConcernLevel: 'majority' }, async ({ collection, log }) => {
      const nothing = {
        session: null,
        signal: null,
        timeoutMS: null,
        readPreference: null,
        readConcern: null,
        writeConcern: null,
        promoteValues: null,
      } as unknown as Record<string, never>;
      log.clear();

      await collection.insertOne({ quantity: 2 }, nothing);
      const found = await collection.findOne({}, nothing);

      assert.deepEqual(log.started('insert')[0]!.command['writeConcern'], { w: 'majority' });
      assert.deepEqual(log.started('find')[0]!.command['readConcern'], { level: 'majority' });
      assert.equal(found?.['quantity'], 2);
    }));
});
