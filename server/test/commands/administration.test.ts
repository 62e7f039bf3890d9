import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, MongoWriteConcernError } from 'mongodb';
import { serverError, withCluster } from '../support/with_cluster.js';

describe('administration', () => {
  it('describes the host and the commands', () =>
    withCluster({}, async client => {
      const admin = client.db('admin');
      const host = await admin.command({ hostInfo: 1 });
      assert.equal((host['os'] as Document)['type'], 'Linux');
      assert.equal((host['system'] as Document)['cpuAddrSize'], 64);

      const { find, configureFailPoint } = (await admin.command({ listCommands: 1 }))['commands'] as Document;
      assert.deepEqual(find, {
        ...{ help: '', requiresAuth: true, secondaryOk: true, adminOnly: false },
        ...{ apiVersions: ['1'], deprecatedApiVersions: [] },
      });
      assert.equal((configureFailPoint as Document)['adminOnly'], true);
    }));

  it('does what changes nothing here', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      const admin = client.db('admin');
      await client.db('d').createCollection('c');
      await admin.command({ logRotate: 1 });
      await admin.command({ rotateCertificates: 1 });
      await admin.command({ setFeatureCompatibilityVersion: '8.0', confirm: true });
      await client.db('d').command({ planCacheClear: 'c' });
      assert.equal((await admin.command({ fsync: 1 }))['numFiles'], 1);
      assert.equal((await client.db('d').command({ compact: 'c' }))['bytesFreed'], 0);
      assert.equal((await serverError(client.db('d').command({ compact: 'missing' }))).code, 26);
    }));

  it('refuses a lock that it would not keep', () =>
    withCluster({}, async client => {
      assert.equal((await serverError(client.db('admin').command({ fsync: 1, lock: true }))).code, 238);
    }));

  it('remembers parameters for each node', () =>
    withCluster({}, async client => {
      const admin = client.db('admin');
      const was = await admin.command({ setParameter: 1, requireApiVersion: true });
      assert.equal(was['was'], false);
      assert.equal((await admin.command({ getParameter: 1, requireApiVersion: 1 }))['requireApiVersion'], true);
      assert.equal((await serverError(admin.command({ setParameter: 1, foo: 1 }))).code, 72);
    }));

  it('counts the bytes of a collection', () =>
    withCluster({}, async client => {
      await client
        .db('d')
        .collection<{ _id: number }>('c')
        .insertMany([{ _id: 1 }, { _id: 2 }]);
      const { size, numObjects } = await client.db('d').command({ dataSize: 'd.c' });
      assert.deepEqual([size, numObjects], [28, 2]);
    }));
});

describe('convertToCapped', () => {
  it('keeps the newest documents, and the index of _id alone', () =>
    withCluster({}, async client => {
      const collection = client.db('d').collection<{ _id: number; a?: number; text?: string }>('c');
      // Three documents of 82 bytes fit into 256, the smallest size there is.
      const text = 'x'.repeat(50);
      await collection.insertMany(Array.from({ length: 10 }, (_, _id) => ({ _id, a: _id, text })));
      await collection.createIndex({ a: 1 });
      await client.db('d').command({ convertToCapped: 'c', size: 75 });

      assert.equal(await collection.isCapped(), true);
      assert.deepEqual(await collection.distinct('_id'), [7, 8, 9]);
      assert.deepEqual(Object.keys(await collection.indexInformation()), ['_id_']);
      await collection.insertOne({ _id: 10, a: 10, text });
      assert.deepEqual(await collection.distinct('_id'), [8, 9, 10]);
    }));

  it('wants a size, and a collection', () =>
    withCluster({}, async client => {
      await client.db('d').createCollection('c');
      assert.equal((await serverError(client.db('d').command({ convertToCapped: 'c' }))).code, 72);
      assert.equal((await serverError(client.db('d').command({ convertToCapped: 'x', size: 1 }))).code, 26);
    }));
});

describe('the default read and write concern', () => {
  it('are implicit until they are set, and then hold for commands without their own', () =>
    withCluster({ topology: 'replicaset', nodes: 3 }, async client => {
      const admin = client.db('admin');
      const before = await admin.command({ getDefaultRWConcern: 1 });
      assert.deepEqual(
        [before['defaultReadConcern'], before['defaultWriteConcern'], before['defaultWriteConcernSource']],
        [{ level: 'local' }, { w: 'majority', wtimeout: 0 }, 'implicit'],
      );

      const set = await admin.command({ setDefaultRWConcern: 1, defaultWriteConcern: { w: 5 } });
      assert.deepEqual(
        [set['defaultWriteConcern'], set['defaultWriteConcernSource']],
        [{ w: 5, wtimeout: 0 }, 'global'],
      );
      const error = await client
        .db('d')
        .command({ insert: 'c', documents: [{}] })
        .catch((reason: unknown) => reason);
      assert.ok(error instanceof MongoWriteConcernError);
      assert.equal(error.code, 100);
      const own = await client.db('d').command({ insert: 'c', documents: [{}], writeConcern: { w: 1 } });
      assert.equal('writeConcernError' in own, false);
    }));

  it('are refused when they are none, and on a standalone', async () => {
    await withCluster({ topology: 'replicaset' }, async client => {
      const admin = client.db('admin');
      assert.equal((await serverError(admin.command({ setDefaultRWConcern: 1 }))).code, 2);
      assert.equal(
        (await serverError(admin.command({ setDefaultRWConcern: 1, defaultWriteConcern: { w: 0 } }))).code,
        2,
      );
      assert.equal((await serverError(admin.command({ setDefaultRWConcern: 1, defaultWriteConcern: {} }))).code, 20);
    });
    await withCluster({ topology: 'standalone' }, async client => {
      assert.equal((await serverError(client.db('admin').command({ getDefaultRWConcern: 1 }))).code, 51_300);
    });
  });
});

describe('commands of routers', () => {
  it('are there on a mongos', () =>
    withCluster({ topology: 'sharded' }, async client => {
      const admin = client.db('admin');
      assert.equal((await admin.command({ isdbgrid: 1 }))['isdbgrid'], 1);
      assert.equal(((await admin.command({ listShards: 1 }))['shards'] as Document[]).length, 1);
      await admin.command({ enableSharding: 'd' });
      const reply = await admin.command({ shardCollection: 'd.c', key: { _id: 'hashed' } });
      assert.equal(reply['collectionsharded'], 'd.c');
      assert.deepEqual(
        (await client.db('d').listCollections().toArray()).map(({ name }) => name),
        ['c'],
      );
      assert.equal((await serverError(admin.command({ shardCollection: 'd.c', key: {} }))).code, 2);
    }));

  it('are nowhere else', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      assert.equal((await serverError(client.db('admin').command({ listShards: 1 }))).code, 59);
    }));
});
