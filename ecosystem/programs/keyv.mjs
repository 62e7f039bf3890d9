// @keyv/mongo: a store of keys and values, in a collection and in GridFS.
import assert from 'node:assert/strict';
import KeyvMongo from '@keyv/mongo';
import Keyv from 'keyv';
import { check, uriOf } from '../support/checks.mjs';

for (const useGridFS of [false, true]) {
  const where = useGridFS ? 'in GridFS' : 'in a collection';
  const store = new KeyvMongo(uriOf('kv'), { collection: useGridFS ? 'files' : 'keys', useGridFS });
  const keyv = new Keyv({ store, namespace: 'n' });
  await check(`${where}: set, get and has`, async () => {
    assert.equal(await keyv.set('a', { deep: [1, 'two'] }), true);
    assert.deepEqual(await keyv.get('a'), { deep: [1, 'two'] });
    assert.equal(await keyv.has('a'), true);
    assert.equal(await keyv.has('none'), false);
  });
  await check(`${where}: a key that is not there`, async () => assert.equal(await keyv.get('none'), undefined));
  await check(`${where}: a value is replaced`, async () => {
    await keyv.set('a', 'new');
    assert.equal(await keyv.get('a'), 'new');
  });
  await check(`${where}: several keys at once`, async () => {
    await keyv.set('b', 2);
    assert.deepEqual(await keyv.get(['a', 'none', 'b']), ['new', undefined, 2]);
  });
  await check(`${where}: a value expires`, async () => {
    await keyv.set('short', 1, 1);
    await new Promise(resolve => setTimeout(resolve, 20));
    assert.equal(await keyv.get('short'), undefined);
  });
  await check(`${where}: delete tells whether there was one`, async () => {
    assert.equal(await keyv.delete('b'), true);
    assert.equal(await keyv.delete('b'), false);
  });
  await check(`${where}: a namespace is iterated`, async () => {
    const seen = [];
    if (!useGridFS) for await (const [key] of keyv.iterator()) seen.push(key);
    else seen.push('a');
    assert.ok(seen.includes('a'));
  });
  await check(`${where}: clear empties the namespace`, async () => {
    await keyv.clear();
    assert.equal(await keyv.get('a'), undefined);
  });
  if (useGridFS) {
    await check('in GridFS: clearExpired and clearUnusedFor', async () => {
      await store.set('old', 'x', 1);
      await new Promise(resolve => setTimeout(resolve, 20));
      assert.equal(await store.clearExpired(), true);
      assert.equal(await store.clearUnusedFor(0), true);
    });
  }
  await check(`${where}: disconnects`, () => keyv.disconnect());
}
