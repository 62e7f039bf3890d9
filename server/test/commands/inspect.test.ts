import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverError, withCluster } from '../support/with_cluster.js';

describe('explain', () => {
  it('tells of a plan, and carries nothing out', () =>
    withCluster({}, async client => {
      const items = client.db('shop').collection('items');
      await items.insertOne({ n: 1 });

      const plan = await client.db('shop').command({
        explain: { delete: 'items', deletes: [{ q: {}, limit: 0 }] },
        verbosity: 'queryPlanner',
      });

      assert.equal((plan['queryPlanner'] as { namespace: string }).namespace, 'shop.items');
      assert.equal('executionStats' in plan, false);
      assert.equal(await items.countDocuments(), 1);
      assert.ok('executionStats' in (await items.find().explain('executionStats')));
    }));

  it('refuses an unknown verbosity, and commands that have no plan', () =>
    withCluster({}, async client => {
      const db = client.db('shop');
      assert.equal((await serverError(db.command({ explain: { find: 'a' }, verbosity: 'all' }))).code, 9);
      assert.equal((await serverError(db.command({ explain: { insert: 'a' } }))).code, 59);
    }));
});

describe('profile and validate', () => {
  it('keeps the level of each database', () =>
    withCluster({}, async client => {
      await client.db('a').setProfilingLevel('all');

      assert.deepEqual([await client.db('a').profilingLevel(), await client.db('b').profilingLevel()], ['all', 'off']);
    }));

  it('finds what is there sound, and misses what is not', () =>
    withCluster({}, async client => {
      await client.db('a').createCollection('c');

      assert.equal((await client.db('a').command({ validate: 'c' }))['valid'], true);
      assert.equal((await serverError(client.db('a').admin().validateCollection('d'))).code, 26);
    }));
});
