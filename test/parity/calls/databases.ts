import { type Db } from 'mongodb';
import { type Call, call, failing } from '../call.js';

export const databaseCalls: readonly Call[] = [
  call('stats', async ({ db }) => Object.keys(await db.stats()).sort()),
  call('stats with a scale', async ({ db }) => (await db.stats({ scale: 1024, maxTimeMS: 300 }))['db']),
  call('stats on a secondary', async ({ db }) => (await db.stats({ readPreference: 'secondaryPreferred' }))['db']),
  call('profilingLevel', ({ db }) => db.profilingLevel()),
  call('setProfilingLevel', ({ db }) => db.setProfilingLevel('slow_only')),
  call('setProfilingLevel to a wrong one', ({ db }) => db.setProfilingLevel('sometimes' as never)),
  call('removeUser', ({ db }) => db.removeUser('nobody')),
  call('removeUser with options', ({ db }) => db.removeUser('nobody', { writeConcern: { w: 1 }, maxTimeMS: 300 })),
  failing('removeUser that fails', { failCommands: ['dropUser'], errorCode: 13 }, ({ db }) => db.removeUser('nobody')),
  call('aggregate on a database', ({ db }) => db.aggregate([{ $listLocalSessions: {} }, { $count: 'n' }]).toArray()),
  call('aggregate on a database with options', ({ db }) =>
    db
      .aggregate([{ $listLocalSessions: {} }, { $count: 'n' }], { comment: 'c', batchSize: 4, maxTimeMS: 400 })
      .toArray(),
  ),
  call('aggregate on a database of no array', ({ db }) => db.aggregate('x' as never).toArray()),
  call('runCursorCommand', ({ db }) => db.runCursorCommand({ find: 'docs', batchSize: 4, sort: { n: 1 } }).toArray()),
  call('runCursorCommand with a getMore of its own', ({ db }) =>
    db
      .runCursorCommand({ find: 'docs', batchSize: 2, sort: { n: 1 } })
      .setBatchSize(3)
      .setComment('more')
      .toArray(),
  ),
  call('runCursorCommand without a cursor', ({ db }) => db.runCursorCommand({ ping: 1 }).next()),
  call('runCursorCommand with a read preference', ({ db }) =>
    db.runCursorCommand({ find: 'docs', limit: 1 }, { readPreference: 'secondaryPreferred' }).toArray(),
  ),
  call('command of a find', async ({ db }) => (await db.command({ find: 'docs', limit: 1, sort: { n: 1 } }))['cursor']),
  call('command with a concern', ({ db }) => db.command({ ping: 1 }, { readConcern: { level: 'majority' } } as never)),
  call('command, raw', async ({ db }) => Buffer.isBuffer(await db.command({ ping: 1 }, { raw: true }))),
  call('command with a write concern error', async ({ db }) =>
    Object.keys(await db.command({ insert: 'docs', documents: [{ _id: 'cmd' }], writeConcern: { w: 1 } })).sort(),
  ),
  call('admin.buildInfo', async ({ db }) => (await db.admin().buildInfo())['version']),
  call('admin.serverInfo', async ({ db }) => (await db.admin().serverInfo({ maxTimeMS: 100 }))['ok']),
  call('admin.serverStatus', async ({ db }) => (await db.admin().serverStatus())['ok']),
  call('admin.ping', ({ db }) => db.admin().ping()),
  call('admin.ping with a read preference', ({ db }) => db.admin().ping({ readPreference: 'nearest' })),
  call('admin.removeUser', ({ db }) => db.admin().removeUser('nobody')),
  call('admin.validateCollection', async ({ db }) => Object.keys(await db.admin().validateCollection('docs')).sort()),
  call('admin.validateCollection with options', async ({ db }) =>
    Object.keys(await db.admin().validateCollection('docs', { background: true, full: false } as never)).sort(),
  ),
  call('admin.validateCollection of a missing one', ({ db }) => db.admin().validateCollection('missing')),
  call('admin.listDatabases', ({ db }) => db.admin().listDatabases({ filter: { name: 'parity' }, nameOnly: true })),
  call('admin.listDatabases with options', ({ db }) =>
    db.admin().listDatabases({ filter: { name: 'x' }, authorizedDatabases: true, comment: 'c' }),
  ),
  call('admin.replSetGetStatus', async ({ db }) => (await db.admin().replSetGetStatus())['set']),
  call('admin.command', ({ db }) => db.admin().command({ ping: 1 })),
  call('admin.command that is not known', ({ db }) => db.admin().command({ nope: 1 })),
  call('names of a database', ({ db }) => [db.databaseName, db.namespace, db.secondaryOk]),
  call('constants', ({ db }) => {
    const { SYSTEM_INDEX_COLLECTION, SYSTEM_COMMAND_COLLECTION } = db.constructor as typeof Db;
    return [SYSTEM_INDEX_COLLECTION, SYSTEM_COMMAND_COLLECTION];
  }),
  call('dropDatabase with options', ({ client }) =>
    client.db('other').dropDatabase({ maxTimeMS: 300, writeConcern: { w: 'majority' } }),
  ),
  failing('dropDatabase that fails', { failCommands: ['dropDatabase'], errorCode: 13 }, ({ client }) =>
    client.db('other').dropDatabase(),
  ),
];
