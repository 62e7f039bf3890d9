// Papr: models with validation on the server, defaults, timestamps and hooks.
import assert from 'node:assert/strict';
import { FindCursor, MongoClient, MongoServerError, ObjectId } from 'mongodb';
import * as papr from 'papr';
import { check, uriOf } from '../support/checks.mjs';

const Papr = papr.default.default ?? papr.default;
const { schema, types } = papr;
const client = new MongoClient(uriOf('papr'));
await client.connect();
const hooked = [];
const instance = new Papr({
  maxTime: 5000,
  hooks: { before: [async ({ methodName }) => void hooked.push(methodName)], after: [] },
});
instance.initialize(client.db('papr'));
const User = instance.model(
  'users',
  schema(
    {
      name: types.string({ required: true, minLength: 2 }),
      age: types.number({ minimum: 0 }),
      active: types.boolean({ required: true }),
      tags: types.array(types.string()),
      friend: types.objectId(),
      address: types.object({ city: types.string({ required: true }) }),
    },
    { defaults: { active: true }, timestamps: true, validationLevel: papr.VALIDATION_LEVEL?.STRICT ?? 'strict' },
  ),
);

await check('updateSchemas creates the collection with a validator', async () => {
  await instance.updateSchemas();
  const [{ options }] = await client.db('papr').listCollections({ name: 'users' }).toArray();
  assert.ok(options.validator.$jsonSchema);
});
await check('updateSchema changes the validator of a collection', async () => {
  await instance.updateSchema(User);
});
let ada;
await check('insertOne gives the document, with defaults and timestamps', async () => {
  ada = await User.insertOne({ name: 'Ada', age: 36, tags: ['a'], address: { city: 'Ulm' } });
  assert.ok(ada._id instanceof ObjectId);
  assert.equal(ada.active, true);
  assert.ok(ada.createdAt instanceof Date);
});
await check('insertMany gives the documents', async () => {
  const many = await User.insertMany([
    { name: 'Bo', age: 1, friend: ada._id },
    { name: 'Cy', age: 2 },
  ]);
  assert.equal(many.length, 2);
});
await check('the server refuses what the schema does, and says why', async () => {
  const error = await User.insertOne({ name: 'X' }).then(
    () => null,
    failure => failure,
  );
  assert.ok(error instanceof MongoServerError);
  assert.equal(error.code, 121);
  assert.ok(error.errInfo.details);
});
await check('find, findOne, findById and exists', async () => {
  assert.equal((await User.find({ age: { $lt: 10 } }, { sort: { age: 1 } })).length, 2);
  assert.equal((await User.findOne({ name: 'Bo' }, { projection: { name: 1 } })).age, undefined);
  assert.equal((await User.findById(ada._id.toHexString())).name, 'Ada');
  assert.equal(await User.exists({ name: 'Zed' }), false);
});
await check('findCursor gives the cursor of the driver', async () => {
  const cursor = await User.findCursor({}, { sort: { name: 1 } });
  assert.ok(cursor instanceof FindCursor);
  const names = [];
  for await (const { name } of cursor) names.push(name);
  assert.deepEqual(names, ['Ada', 'Bo', 'Cy']);
});
await check('aggregate, countDocuments and distinct', async () => {
  assert.deepEqual(await User.aggregate([{ $group: { _id: null, sum: { $sum: '$age' } } }]), [{ _id: null, sum: 39 }]);
  assert.equal(await User.countDocuments({ active: true }), 3);
  assert.deepEqual(await User.distinct('name', { age: { $gt: 1 } }), ['Ada', 'Cy']);
});
await check('updateOne and updateMany set updatedAt', async () => {
  assert.equal((await User.updateOne({ name: 'Bo' }, { $set: { age: 5 } })).modifiedCount, 1);
  assert.equal((await User.updateMany({}, { $addToSet: { tags: 'z' } })).modifiedCount, 3);
  const { createdAt, updatedAt } = await User.findOne({ name: 'Bo' });
  assert.ok(updatedAt >= createdAt);
});
await check('findOneAndUpdate, upsert and findOneAndDelete', async () => {
  assert.equal((await User.findOneAndUpdate({ name: 'Bo' }, { $inc: { age: 1 } })).age, 6);
  const made = await User.upsert({ name: 'Di' }, { $set: { age: 4 } });
  assert.equal(made.active, true);
  assert.equal((await User.findOneAndDelete({ name: 'Di' })).age, 4);
});
await check('bulkWrite', async () => {
  const result = await User.bulkWrite([
    { insertOne: { document: { name: 'Ed', active: false } } },
    { updateOne: { filter: { name: 'Ed' }, update: { $set: { age: 9 } } } },
    { deleteOne: { filter: { name: 'Cy' } } },
  ]);
  assert.deepEqual([result.insertedCount, result.modifiedCount, result.deletedCount], [1, 1, 1]);
});
await check('a session is taken', async () => {
  await client.withSession(session =>
    session.withTransaction(async () => {
      await User.insertOne({ name: 'Tx' }, { session });
      assert.equal(await User.exists({ name: 'Tx' }, { session }), true);
    }),
  );
  assert.equal(await User.exists({ name: 'Tx' }), true);
});
await check('hooks run before each method', () =>
  assert.ok(hooked.includes('insertOne') && hooked.includes('aggregate')),
);
await check('deleteOne and deleteMany', async () => {
  assert.equal((await User.deleteOne({ name: 'Ed' })).deletedCount, 1);
  assert.equal((await User.deleteMany({})).deletedCount, 3);
});
await client.close();
