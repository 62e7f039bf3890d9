// TypeORM's MongoDB driver: entities by decorators and by schemas, repositories, entity managers, cursors, bulk writes, indexes, subscribers.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import mongodb from 'mongodb';
import typeorm from 'typeorm';
import { check, uriOf } from '../support/checks.mjs';

const { Column, CreateDateColumn, DataSource, Entity, EntitySchema, Index, MongoRepository, ObjectIdColumn } = typeorm;
const { BeforeInsert, EventSubscriber, UpdateDateColumn } = typeorm;

// Decorators are called as TypeScript compiles them to: this file needs no compiler.
class Address {}
Column({ type: 'string' })(Address.prototype, 'street');
Column({ type: 'string' })(Address.prototype, 'city');

class User {
  greet() {
    this.greeting = `hello ${this.name}`;
  }
}
ObjectIdColumn()(User.prototype, 'id');
Column({ type: 'string' })(User.prototype, 'name');
Column({ type: 'number' })(User.prototype, 'age');
Column({ type: 'string', nullable: true })(User.prototype, 'greeting');
Column(() => Address)(User.prototype, 'address');
Column({ type: 'array', nullable: true })(User.prototype, 'tags');
CreateDateColumn()(User.prototype, 'createdAt');
UpdateDateColumn()(User.prototype, 'updatedAt');
BeforeInsert()(User.prototype, 'greet');
Index({ unique: true })(User.prototype, 'name');
Entity('users')(User);

const Post = new EntitySchema({
  name: 'Post',
  tableName: 'posts',
  columns: {
    _id: { type: 'string', objectId: true, primary: true, generated: true },
    title: { type: String },
    likes: { type: Number, default: 0 },
  },
  indices: [{ name: 'by_title', columns: ['title'] }],
});

const heard = [];
class Subscriber {
  afterInsert({ metadata }) {
    heard.push(`insert ${metadata.tableName}`);
  }
  afterUpdate({ metadata }) {
    heard.push(`update ${metadata.tableName}`);
  }
}
EventSubscriber()(Subscriber);

const source = new DataSource({
  type: 'mongodb',
  url: uriOf('orm'),
  entities: [User, Post],
  subscribers: [Subscriber],
  synchronize: true,
});

await check('initialize connects, and creates the indexes', async () => {
  await source.initialize();
  assert.equal(source.isInitialized, true);
  const indexes = await source.mongoManager.collectionIndexes(User);
  assert.ok(indexes.some(({ key, unique }) => key.name === 1 && unique === true));
});
const users = source.getMongoRepository(User);
const posts = source.getMongoRepository('Post');
const userOf = (name, age, rest = {}) => Object.assign(new User(), { name, age, ...rest });

await check('the client of its driver is the MongoClient of the package mongodb', () => {
  assert.ok(source.driver.queryRunner.databaseConnection instanceof mongodb.MongoClient);
});
await check('a mongo repository is one', () => assert.ok(users instanceof MongoRepository));
await check('save inserts, with an ObjectId, dates and listeners', async () => {
  const user = userOf('Ada', 18, { address: Object.assign(new Address(), { street: 'Main', city: 'Ulm' }) });
  await users.save(user);
  assert.ok(user.id instanceof mongodb.ObjectId);
  assert.equal(user.greeting, 'hello Ada');
  assert.ok(user.createdAt instanceof Date);
  assert.ok(user.updatedAt instanceof Date);
});
await check('save of several entities', async () => {
  const saved = await users.save([userOf('Bo', 30), userOf('Cy', 40, { tags: ['a', 'b'] }), userOf('Di', 50)]);
  assert.equal(saved.length, 3);
});
await check('save updates an entity that has an id', async () => {
  const user = await users.findOneBy({ name: 'Bo' });
  user.age = 31;
  await users.save(user);
  assert.equal((await users.findOneBy({ name: 'Bo' })).age, 31);
});
await check('find by an ObjectId, and by its column', async () => {
  const { id } = await users.findOneBy({ name: 'Ada' });
  assert.equal((await users.findOneBy({ _id: id })).name, 'Ada');
  assert.equal((await users.findOneBy({ id })).name, 'Ada');
});
await check('an embedded entity comes back as its class', async () => {
  const { address } = await users.findOneBy({ name: 'Ada' });
  assert.ok(address instanceof Address);
  assert.equal(address.city, 'Ulm');
});
await check('find by an embedded field', async () => {
  assert.equal((await users.findBy({ 'address.city': 'Ulm' })).length, 1);
});
await check('find with where, order, skip, take and select', async () => {
  const found = await users.find({
    where: { age: { $gte: 31 } },
    order: { age: 'DESC' },
    skip: 1,
    take: 1,
    select: { name: true },
  });
  assert.deepEqual(
    found.map(({ name }) => name),
    ['Cy'],
  );
});
await check('findAndCount counts without the limit', async () => {
  const [found, count] = await users.findAndCount({ take: 2 });
  assert.equal(found.length, 2);
  assert.equal(count, 4);
});
await check('find operators are translated', async () => {
  const found = await users.find({ where: { name: { $in: ['Bo', 'Di'] } }, order: { name: 'ASC' } });
  assert.deepEqual(
    found.map(({ name }) => name),
    ['Bo', 'Di'],
  );
});
await check('count, countBy and countDocuments', async () => {
  assert.equal(await users.count(), 4);
  assert.equal(await users.countBy({ age: { $gt: 35 } }), 2);
  assert.equal(await users.countDocuments({ age: { $lt: 35 } }), 2);
});
await check('distinct', async () => assert.deepEqual(await users.distinct('tags', {}), ['a', 'b']));
await check('a cursor of entities gives entities', async () => {
  const cursor = users.createEntityCursor({ age: { $gt: 35 } });
  const first = await cursor.next();
  assert.ok(first instanceof User);
  assert.equal((await cursor.toArray()).length, 1);
});
await check('a cursor of entities is iterated, as entities', async () => {
  const seen = [];
  for await (const user of users.createEntityCursor({})) seen.push(user instanceof User);
  assert.deepEqual(seen, [true, true, true, true]);
});
await check('a plain cursor gives documents', async () => {
  const cursor = users.createCursor({ name: 'Ada' });
  const document = await cursor.next();
  assert.ok(!(document instanceof User));
  await cursor.close();
});
await check('an aggregation cursor', async () => {
  const cursor = users.aggregate([{ $group: { _id: null, oldest: { $max: '$age' } } }]);
  assert.ok(cursor instanceof mongodb.AggregationCursor);
  assert.equal((await cursor.toArray())[0].oldest, 50);
});
await check('an aggregation cursor of entities', async () => {
  const found = await users.aggregateEntity([{ $match: { age: { $gt: 45 } } }]).toArray();
  assert.ok(found[0] instanceof User);
});
await check('insertOne, insertMany and their results', async () => {
  const one = await posts.insertOne({ title: 'One', likes: 1 });
  assert.ok(one.insertedId instanceof mongodb.ObjectId);
  const many = await posts.insertMany([
    { title: 'Two', likes: 2 },
    { title: 'Three', likes: 3 },
  ]);
  assert.equal(many.insertedCount, 2);
});
await check('insert of a repository tells identifiers', async () => {
  const result = await posts.insert({ title: 'Four', likes: 4 });
  assert.ok(result.identifiers[0]._id instanceof mongodb.ObjectId);
});
await check('updateOne, updateMany and replaceOne', async () => {
  assert.equal((await posts.updateOne({ title: 'One' }, { $inc: { likes: 1 } })).modifiedCount, 1);
  assert.equal((await posts.updateMany({}, { $inc: { likes: 10 } })).modifiedCount, 4);
  assert.equal((await posts.replaceOne({ title: 'Four' }, { title: 'Four', likes: 0 })).modifiedCount, 1);
});
await check('update and delete of a repository', async () => {
  await posts.update({ title: 'Four' }, { likes: 44 });
  assert.equal((await posts.findOneBy({ title: 'Four' })).likes, 44);
  const { affected } = await posts.delete({ title: 'Four' });
  assert.equal(affected, 1);
});
await check('findOneAndUpdate, findOneAndReplace and findOneAndDelete', async () => {
  const updated = await posts.findOneAndUpdate({ title: 'Two' }, { $set: { likes: 20 } }, { returnDocument: 'after' });
  assert.equal((updated.value ?? updated).likes, 20);
  await posts.findOneAndReplace({ title: 'Two' }, { title: 'Twice' });
  const deleted = await posts.findOneAndDelete({ title: 'Twice' });
  assert.equal((deleted.value ?? deleted).title, 'Twice');
});
await check('bulkWrite', async () => {
  const result = await posts.bulkWrite([
    { insertOne: { document: { title: 'B1', likes: 0 } } },
    { updateOne: { filter: { title: 'B1' }, update: { $set: { likes: 9 } } } },
  ]);
  assert.equal(result.insertedCount, 1);
  assert.equal(result.modifiedCount, 1);
});
await check('ordered and unordered bulk operations', async () => {
  const ordered = posts.initializeOrderedBulkOp();
  ordered.insert({ title: 'O' });
  ordered.find({ title: 'O' }).updateOne({ $set: { likes: 7 } });
  assert.equal((await ordered.execute()).insertedCount, 1);
  const unordered = posts.initializeUnorderedBulkOp();
  unordered.insert({ title: 'U' });
  assert.equal((await unordered.execute()).insertedCount, 1);
});
await check('a unique index refuses with code 11000', async () => {
  const error = await users.save(userOf('Ada', 1)).then(
    () => null,
    failure => failure,
  );
  assert.equal((error.driverError ?? error).code, 11000);
});
await check('indexes are created, listed and dropped', async () => {
  await posts.createCollectionIndex({ likes: 1 }, { name: 'by_likes' });
  await posts.createCollectionIndexes([{ key: { title: 1, likes: 1 }, name: 'both' }]);
  assert.equal(await posts.collectionIndexExists('by_likes'), true);
  const names = (await posts.collectionIndexes()).map(({ name }) => name).sort();
  assert.deepEqual(names, ['_id_', 'both', 'by_likes', 'by_title']);
  await posts.dropCollectionIndex('by_likes');
  assert.equal(await posts.collectionIndexExists('by_likes'), false);
});
await check('subscribers hear of inserts and updates', () => {
  assert.ok(heard.includes('insert users'));
  assert.ok(heard.includes('update users'));
});
await check('remove takes an entity away', async () => {
  const user = await users.findOneBy({ name: 'Di' });
  await users.remove(user);
  assert.equal(await users.countBy({ name: 'Di' }), 0);
});
await check('deleteOne and deleteMany', async () => {
  assert.equal((await posts.deleteOne({ title: 'O' })).deletedCount, 1);
  assert.ok((await posts.deleteMany({ title: { $exists: true } })).deletedCount >= 1);
});
await check('rename and clear', async () => {
  await posts.insertOne({ title: 'last', likes: 0 });
  await posts.rename('articles');
  assert.equal(await source.driver.queryRunner.databaseConnection.db('orm').collection('articles').countDocuments(), 1);
  await users.clear();
  assert.equal(await users.count(), 0);
});
await check('watch gives the change stream of the driver', async () => {
  const stream = source.mongoManager.watch(User);
  assert.ok(stream instanceof mongodb.ChangeStream);
  const next = stream.tryNext();
  assert.equal(await next, null);
  await users.save(userOf('Seen', 1));
  const change = await stream.next();
  assert.equal(change.fullDocument.name, 'Seen');
  await stream.close();
});
await check('a source that cannot connect says so', async () => {
  const lost = new DataSource({
    type: 'mongodb',
    url: 'mongodb://127.0.0.1:1/',
    serverSelectionTimeoutMS: 100,
    entities: [],
  });
  const error = await lost.initialize().then(
    () => null,
    failure => failure,
  );
  assert.equal(error.name, 'MongoServerSelectionError');
});
await check('dropDatabase and destroy', async () => {
  await source.dropDatabase();
  await source.destroy();
  assert.equal(source.isInitialized, false);
});
