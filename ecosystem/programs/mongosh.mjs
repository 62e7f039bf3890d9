// @mongosh/service-provider-node-driver: what the shell mongosh reaches the driver by.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import provider from '@mongosh/service-provider-node-driver';
import mongodb from 'mongodb';
import { check, uriOf } from '../support/checks.mjs';

const { NodeDriverServiceProvider } = provider;
const options = { productDocsLink: 'https://example.org', productName: 'Ecosystem', useSystemCA: true };
const bus = new EventEmitter();
const heard = [];
for (const name of ['devtools-connect:connect-attempt-initialized', 'devtools-connect:connect-attempt-finished']) {
  bus.on(name, () => heard.push(name));
}
let shell;
await check('connects', async () => {
  shell = await NodeDriverServiceProvider.connect(uriOf('shell'), options, {}, bus);
  assert.equal(shell.initialDb, 'shell');
});
await check('its client is a MongoClient of the package mongodb', () => {
  assert.ok(shell.getRawClient() instanceof mongodb.MongoClient);
});
await check('the attempt to connect is told', () => {
  assert.deepEqual(heard, [
    'devtools-connect:connect-attempt-initialized',
    'devtools-connect:connect-attempt-finished',
  ]);
});
await check('the topology is known', () => {
  const topology = shell.getTopologyDescription();
  assert.equal(topology.constructor.name, 'TopologyDescription');
  assert.equal(topology.type, 'ReplicaSetWithPrimary');
  assert.equal(typeof topology.servers.values().next().value.hostAddress.host, 'string');
});
await check('connection info names the server', async () => {
  const info = await shell.getConnectionInfo();
  assert.equal(info.buildInfo.version.split('.')[0], '8');
  assert.equal(info.extraInfo.uri, uriOf('shell'));
});
await check('the version of the driver is found', () => {
  assert.match(NodeDriverServiceProvider.getVersionInformation().nodeDriverVersion, /^7\./);
});
await check('runCommand and runCommandWithCheck', async () => {
  assert.equal((await shell.runCommand('admin', { ping: 1 })).ok, 1);
  assert.equal((await shell.runCommandWithCheck('admin', { hello: 1 })).setName, 'rs0');
  await assert.rejects(shell.runCommandWithCheck('admin', { noSuchCommand: 1 }), { codeName: 'CommandNotFound' });
});
await check('insertOne, insertMany and their results', async () => {
  const one = await shell.insertOne('shell', 'things', { n: 1 });
  assert.equal(one.acknowledged, true);
  assert.ok(one.insertedId instanceof mongodb.ObjectId);
  assert.equal((await shell.insertMany('shell', 'things', [{ n: 2 }, { n: 3 }])).insertedCount, 2);
});
await check('find has a cursor that is chained', async () => {
  const cursor = shell.find('shell', 'things', {}, { sort: { n: 1 } });
  assert.deepEqual(
    (await cursor.skip(1).limit(1).project({ _id: 0 }).toArray()).map(({ n }) => n),
    [2],
  );
});
await check('a cursor is read by tryNext, and tells what is buffered', async () => {
  const cursor = shell.find('shell', 'things', {}, { batchSize: 2 });
  assert.ok(await cursor.tryNext());
  assert.equal(cursor.bufferedCount?.() ?? cursor.objsLeftInBatch?.(), 1);
  await cursor.close();
});
await check('updates and deletes', async () => {
  assert.equal((await shell.updateOne('shell', 'things', { n: 1 }, { $set: { x: 1 } })).modifiedCount, 1);
  assert.equal((await shell.updateMany('shell', 'things', {}, { $set: { y: 1 } })).matchedCount, 3);
  assert.equal((await shell.replaceOne('shell', 'things', { n: 3 }, { n: 33 })).modifiedCount, 1);
  assert.equal((await shell.deleteOne('shell', 'things', { n: 33 })).deletedCount, 1);
});
await check('findOneAnd…', async () => {
  const updated = await shell.findOneAndUpdate(
    'shell',
    'things',
    { n: 1 },
    { $set: { z: 1 } },
    { returnDocument: 'after' },
  );
  assert.equal((updated.value ?? updated).z, 1);
  const replaced = await shell.findOneAndReplace('shell', 'things', { n: 1 }, { n: 11 });
  assert.equal((replaced.value ?? replaced).n, 1);
  const deleted = await shell.findOneAndDelete('shell', 'things', { n: 11 });
  assert.equal((deleted.value ?? deleted).n, 11);
});
await check('bulkWrite, and bulk operations step by step', async () => {
  const result = await shell.bulkWrite('shell', 'things', [{ insertOne: { document: { b: 1 } } }]);
  assert.equal(result.insertedCount, 1);
  const bulk = await shell.initializeBulkOp('shell', 'things', true);
  bulk.insert({ b: 2 });
  bulk.find({ b: 2 }).update({ $set: { c: 1 } });
  assert.equal(bulk.batches.length + (bulk.s?.currentBatch === undefined ? 0 : 1) >= 1, true);
  assert.equal((await bulk.execute()).insertedCount, 1);
});
await check('bulkWrite of the client', async () => {
  const result = await shell.clientBulkWrite([{ name: 'insertOne', namespace: 'shell.things', document: { b: 3 } }], {
    verboseResults: true,
  });
  assert.equal(result.insertedCount, 1);
});
await check('counts and distinct', async () => {
  assert.equal(await shell.countDocuments('shell', 'things', { b: { $exists: true } }), 3);
  assert.equal(await shell.estimatedDocumentCount('shell', 'things'), 4);
  assert.deepEqual(await shell.distinct('shell', 'things', 'b'), [1, 2, 3]);
  assert.equal(await shell.count('shell', 'things', { b: 1 }), 1);
});
await check('aggregate on a collection and on a database', async () => {
  assert.equal((await shell.aggregate('shell', 'things', [{ $count: 'n' }]).toArray())[0].n, 4);
  assert.ok((await shell.aggregateDb('admin', [{ $currentOp: {} }]).toArray()).length >= 1);
});
await check('indexes', async () => {
  assert.deepEqual(await shell.createIndexes('shell', 'things', [{ key: { n: 1 }, name: 'n' }]), ['n']);
  assert.equal((await shell.getIndexes('shell', 'things')).length, 2);
});
await check('collections and databases', async () => {
  assert.equal((await shell.createCollection('shell', 'made', { capped: true, size: 4096 })).ok, 1);
  const names = (await shell.listCollections('shell', {}, { nameOnly: true })).map(({ name }) => name).sort();
  assert.deepEqual(names, ['made', 'things']);
  await shell.renameCollection('shell', 'made', 'renamed');
  assert.equal(await shell.dropCollection('shell', 'renamed'), true);
  assert.ok((await shell.listDatabases('admin')).databases.some(({ name }) => name === 'shell'));
});
await check('a session with a transaction', async () => {
  const session = shell.startSession({});
  session.startTransaction();
  await shell.insertOne('shell', 'things', { tx: 1 }, { session });
  await session.abortTransaction();
  await session.endSession();
  assert.equal(await shell.countDocuments('shell', 'things', { tx: 1 }), 0);
});
await check('watch tells a change', async () => {
  const stream = shell.watch([], {}, {}, 'shell', 'things');
  assert.equal(await stream.tryNext(), null);
  await shell.insertOne('shell', 'things', { seen: 1 });
  assert.equal((await stream.next()).fullDocument.seen, 1);
  await stream.close();
});
await check('runCursorCommand', async () => {
  const cursor = shell.runCursorCommand('shell', { find: 'things', filter: {} });
  assert.ok((await cursor.toArray()).length >= 4);
});
await check('read preference, read concern and write concern are told', () => {
  assert.equal(shell.getReadPreference().mode, 'primary');
  assert.equal(shell.getReadConcern(), undefined);
  assert.equal(shell.getWriteConcern()?.w ?? undefined, undefined);
});
await check('resetConnectionOptions connects anew', async () => {
  const before = shell.getRawClient();
  await shell.resetConnectionOptions({ readPreference: 'secondaryPreferred' });
  assert.notEqual(shell.getRawClient(), before);
  assert.equal(shell.getReadPreference().mode, 'secondaryPreferred');
});
await check('getNewConnection is a second provider', async () => {
  const second = await shell.getNewConnection(uriOf('second'));
  assert.equal(second.initialDb, 'second');
  await second.close();
});
await check('suspend closes the client, and its function connects again', async () => {
  const resume = await shell.suspend();
  await resume();
  assert.equal((await shell.runCommand('admin', { ping: 1 })).ok, 1);
});
await check('a wrong address fails fast', async () => {
  const wrong = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=30000';
  const error = await NodeDriverServiceProvider.connect(wrong, { ...options }, {}, bus).then(
    () => null,
    failure => failure,
  );
  // It looks at the heartbeats that fail, and does not wait for the selection.
  assert.equal(error.name, 'MongoNetworkError');
  assert.match(error.message, /ECONNREFUSED/);
});
await check('dropDatabase', async () => assert.equal((await shell.dropDatabase('shell')).ok, 1));
await check('closes', () => shell.close());
