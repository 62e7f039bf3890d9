// migrate-mongo: migrations that are created, applied, listed, reverted and refused, by its API and by its command.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { config, create, database, down, status, up } from 'migrate-mongo';
import { check, uriOf } from '../support/checks.mjs';

const folder = resolve('migrations');
mkdirSync(folder, { recursive: true });
const settings = {
  mongodb: { url: uriOf('migrated'), databaseName: 'migrated', options: { maxPoolSize: 5 } },
  migrationsDir: folder,
  changelogCollectionName: 'changelog',
  lockCollectionName: 'changelog_lock',
  lockTtl: 60,
  migrationFileExtension: '.mjs',
  useFileHash: false,
  moduleSystem: 'esm',
};
config.set(settings);
const write = (name, text) => writeFileSync(resolve(folder, name), text);
let db;
let client;

await check('connects', async () => {
  ({ db, client } = await database.connect());
  assert.equal(db.databaseName, 'migrated');
});
await check('create writes a file', async () => {
  const name = await create('first');
  assert.ok(readdirSync(folder).includes(name));
  write(
    name,
    'export const up = async db => db.collection("albums").insertOne({ n: 1 });\nexport const down = async db => db.collection("albums").deleteMany({});',
  );
});
await check('status says pending', async () => assert.equal((await status(db))[0].appliedAt, 'PENDING'));
await check('up applies', async () => {
  assert.equal((await up(db, client)).length, 1);
  assert.equal(await db.collection('albums').countDocuments(), 1);
});
await check('status says when', async () => assert.notEqual((await status(db))[0].appliedAt, 'PENDING'));
await check('up has nothing more to do', async () => assert.deepEqual(await up(db, client), []));
await check('a lock of another process is respected', async () => {
  await db.collection('changelog_lock').insertOne({ createdAt: new Date() });
  await assert.rejects(up(db, client), /lock is in place/);
  await db.collection('changelog_lock').deleteMany({});
});
await check('a migration runs in a transaction', async () => {
  write(
    '29990101000000-transaction.mjs',
    `export const up = async (db, client) => {
      const session = client.startSession();
      try {
        await session.withTransaction(async () => {
          await db.collection('albums').updateOne({ n: 1 }, { $set: { n: 2 } }, { session });
          await db.collection('artists').insertOne({ n: 2 }, { session });
        });
      } finally {
        await session.endSession();
      }
    };
    export const down = async db => db.collection('artists').drop();`,
  );
  assert.equal((await up(db, client)).length, 1);
  assert.equal(await db.collection('artists').countDocuments({ n: 2 }), 1);
});
await check('down reverts the last', async () => {
  assert.deepEqual(await down(db, client), ['29990101000000-transaction.mjs']);
  assert.equal(await db.collection('artists').countDocuments(), 0);
});
await check('a migration that fails says why, and leaves no lock', async () => {
  write(
    '29990102000000-broken.mjs',
    `export const up = async db => {
      await db.createCollection('strict', { validator: { $jsonSchema: { required: ['a'] } } });
      await db.collection('strict').insertOne({});
    };
    export const down = async () => {};`,
  );
  const error = await up(db, client).then(
    () => null,
    failure => failure,
  );
  assert.match(error.message, /Could not migrate up 29990102000000-broken.mjs: Document failed validation/);
  assert.ok(error.additionalInfo);
  assert.equal(await db.collection('changelog_lock').countDocuments(), 0);
});
await check('its command tells the status', async () => {
  writeFileSync('migrate-mongo-config.mjs', `export default ${JSON.stringify(settings)};`);
  const args = ['node_modules/migrate-mongo/bin/migrate-mongo.js', 'status', '-f', 'migrate-mongo-config.mjs'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  assert.match(stdout, /29990102000000-broken.mjs/);
  assert.match(stdout, /PENDING/);
});
await check('closes', () => client.close());
