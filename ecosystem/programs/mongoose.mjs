// Mongoose: models, schema types, population, transactions, change streams, sessions, aggregation, bulk writes, middleware, diagnostics.
import assert from 'node:assert/strict';
import mongodb from 'mongodb';
import mongoose, { Schema, Types } from 'mongoose';
import { check, until, uriOf } from '../support/checks.mjs';

const events = [];
await check('connects', async () => {
  await mongoose.connect(uriOf('shop'), { monitorCommands: true, maxPoolSize: 20 });
  assert.equal(mongoose.connection.readyState, 1);
});
const { connection } = mongoose;

await check('the client of a connection is the MongoClient of the package mongodb', () => {
  assert.ok(connection.getClient() instanceof mongodb.MongoClient);
});
await check('a connection tells its host, port and name', () => {
  assert.equal(connection.name, 'shop');
  assert.equal(typeof connection.host, 'string');
  assert.equal(typeof connection.port, 'number');
});
await check('a connection has the database of the driver', () => {
  assert.ok(connection.db instanceof mongodb.Db);
  assert.equal(connection.db.databaseName, 'shop');
});
await check('command events reach a listener of the client', async () => {
  connection.getClient().on('commandStarted', event => events.push(event.commandName));
  await connection.db.command({ ping: 1 });
  assert.ok(events.includes('ping'));
});
await check('mongoose.mongo is the driver', () => {
  assert.equal(mongoose.mongo.MongoClient, mongodb.MongoClient);
  assert.equal(mongoose.mongo.ObjectId, mongodb.ObjectId);
});
await check('Types.ObjectId is the ObjectId of the driver', () => {
  assert.ok(new Types.ObjectId() instanceof mongodb.ObjectId);
});

// ── Schemas and their types
const author = new Schema({ name: { type: String, required: true, trim: true }, born: Date }, { timestamps: true });
const book = new Schema(
  {
    title: { type: String, required: true, index: true },
    isbn: { type: String, unique: true, sparse: true },
    author: { type: Schema.Types.ObjectId, ref: 'Author' },
    price: Schema.Types.Decimal128,
    sold: { type: Schema.Types.BigInt, default: 0n },
    weight: Schema.Types.Double,
    pages: Schema.Types.Int32,
    key: Schema.Types.UUID,
    cover: Buffer,
    tags: [String],
    ratings: { type: Map, of: Number },
    extra: Schema.Types.Mixed,
    reviews: [{ by: String, stars: { type: Number, min: 1, max: 5 } }],
    size: { width: Number, height: Number },
    state: { type: String, enum: ['draft', 'printed'], default: 'draft' },
  },
  { timestamps: true, optimisticConcurrency: true },
);
book.virtual('label').get(function () {
  return `${this.title} (${this.state})`;
});
book.methods.print = function () {
  this.state = 'printed';
  return this.save();
};
book.statics.cheap = function () {
  return this.find({ price: { $lt: Types.Decimal128.fromString('10') } });
};
book.query.titled = function (title) {
  return this.where({ title });
};
const Author = mongoose.model('Author', author);
const Book = mongoose.model('Book', book);

await check('init creates collections and the indexes of the schemas', async () => {
  await Promise.all([Author.init(), Book.init()]);
  const names = (await Book.listIndexes()).map(({ name }) => name);
  assert.deepEqual(names.sort(), ['_id_', 'isbn_1', 'title_1']);
});
await check('syncIndexes drops what the schema does not name', async () => {
  await Book.collection.createIndex({ pages: 1 });
  assert.deepEqual(await Book.syncIndexes(), ['pages_1']);
});
await check('diffIndexes finds nothing to do', async () => {
  assert.deepEqual(await Book.diffIndexes(), { toDrop: [], toCreate: [] });
});

let novel;
const key = '6f1b2c3d-0a1b-4c2d-8e3f-123456789abc';
const writer = await Author.create({ name: '  Ada ', born: new Date('1970-05-01') });
await check('create trims, and sets timestamps', () => {
  assert.equal(writer.name, 'Ada');
  assert.ok(writer.createdAt instanceof Date);
});
await check('a document with every type is saved', async () => {
  novel = await Book.create({
    title: 'One',
    isbn: '1',
    author: writer._id,
    price: '12.50',
    sold: 5_000_000_000n,
    weight: 1,
    pages: 320,
    key,
    cover: Buffer.from('png'),
    tags: ['new', 'blue'],
    ratings: new Map([['ada', 5]]),
    extra: { any: [1, { thing: true }] },
    reviews: [{ by: 'bo', stars: 4 }],
    size: { width: 12, height: 20 },
  });
  assert.ok(novel._id instanceof mongodb.ObjectId);
});
const read = await Book.findById(novel?._id);
await check('a Decimal128 comes back', () => assert.equal(read.price.toString(), '12.50'));
await check('a BigInt comes back', () => assert.equal(read.sold, 5_000_000_000n));
await check('a Double and an Int32 come back', () => {
  assert.equal(Number(read.weight), 1);
  assert.equal(read.pages, 320);
});
await check('a Double is stored as a double, an Int32 as an int', async () => {
  const [types] = await Book.aggregate([{ $project: { weight: { $type: '$weight' }, pages: { $type: '$pages' } } }]);
  assert.equal(types.weight, 'double');
  assert.equal(types.pages, 'int');
});
await check('a UUID comes back', () => assert.equal(read.key.toString(), key));
await check('a UUID is stored with subtype 4', async () => {
  const raw = await Book.collection.findOne({ _id: novel._id });
  assert.equal(raw.key.sub_type, 4);
});
await check('a Buffer comes back', () => assert.equal(Buffer.from(read.cover).toString(), 'png'));
await check('an array, a Map and a Mixed come back', () => {
  assert.deepEqual(read.tags.toObject(), ['new', 'blue']);
  assert.equal(read.ratings.get('ada'), 5);
  assert.deepEqual(read.extra, { any: [1, { thing: true }] });
});
await check('subdocuments come back with ids', () => {
  assert.equal(read.reviews[0].stars, 4);
  assert.ok(read.reviews[0]._id instanceof mongodb.ObjectId);
  assert.equal(read.reviews.id(read.reviews[0]._id).by, 'bo');
});
await check('virtuals, methods, statics and query helpers work', async () => {
  assert.equal(read.label, 'One (draft)');
  assert.equal((await read.print()).state, 'printed');
  await Book.create({ title: 'Cheap', price: '3' });
  assert.deepEqual(
    (await Book.cheap()).map(({ title }) => title),
    ['Cheap'],
  );
  assert.equal((await Book.find().titled('Cheap')).length, 1);
});
await check('validation fails before anything is sent', async () => {
  const before = events.length;
  await assert.rejects(Book.create({ title: 'Bad', state: 'lost' }), { name: 'ValidationError' });
  assert.equal(events.length, before);
});
await check('a cast that cannot be made is a CastError', async () => {
  await assert.rejects(Book.findById('no id').exec(), { name: 'CastError' });
});
await check('a unique index refuses with code 11000, keyPattern and keyValue', async () => {
  const error = await Book.create({ title: 'Two', isbn: '1' }).then(
    () => null,
    failure => failure,
  );
  assert.ok(error instanceof mongodb.MongoServerError);
  assert.equal(error.code, 11000);
  assert.deepEqual(error.keyPattern, { isbn: 1 });
  assert.deepEqual(error.keyValue, { isbn: '1' });
});

// ── Reads
await Book.insertMany([
  { title: 'Three', pages: 30, tags: ['red'], price: '30', author: writer._id },
  { title: 'Four', pages: 40, tags: ['blue'], price: '40', author: writer._id },
  { title: 'Five', pages: 50, tags: ['red', 'blue'], price: '50' },
]);
await check('find sorts, skips, limits and selects', async () => {
  const found = await Book.find({ pages: { $gte: 30, $lt: 100 } })
    .sort({ pages: -1 })
    .skip(1)
    .limit(1)
    .select('title -_id')
    .lean();
  assert.deepEqual(found, [{ title: 'Four' }]);
});
await check('findOne, exists and distinct', async () => {
  assert.equal((await Book.findOne({ title: 'Five' })).pages, 50);
  assert.ok((await Book.exists({ title: 'Five' }))._id instanceof mongodb.ObjectId);
  assert.equal(await Book.exists({ title: 'Six' }), null);
  assert.deepEqual((await Book.distinct('tags')).sort(), ['blue', 'new', 'red']);
});
await check('countDocuments and estimatedDocumentCount', async () => {
  assert.equal(await Book.countDocuments({ tags: 'red' }), 2);
  assert.equal(await Book.estimatedDocumentCount(), 5);
});
await check('lean gives plain objects', async () => {
  const plain = await Book.findOne({ title: 'Five' }).lean();
  assert.equal(Object.getPrototypeOf(plain), Object.prototype);
});
await check('orFail rejects with DocumentNotFoundError', async () => {
  await assert.rejects(Book.findOne({ title: 'Six' }).orFail().exec(), { name: 'DocumentNotFoundError' });
});
await check('a query cursor is iterated', async () => {
  const titles = [];
  for await (const { title } of Book.find().sort('pages').cursor({ batchSize: 2 })) titles.push(title);
  assert.equal(titles.length, 5);
});
await check('a query cursor has eachAsync with parallel calls', async () => {
  let seen = 0;
  await Book.find()
    .cursor()
    .eachAsync(() => void seen++, { parallel: 3 });
  assert.equal(seen, 5);
});
await check('a query cursor is a stream', async () => {
  const seen = [];
  await new Promise((resolve, reject) => {
    Book.find()
      .cursor()
      .on('data', doc => seen.push(doc))
      .on('end', resolve)
      .on('error', reject);
  });
  assert.equal(seen.length, 5);
});
await check('a query cursor transforms', async () => {
  const cursor = Book.find()
    .sort('title')
    .cursor({ transform: ({ title }) => title.toUpperCase() });
  assert.equal(await cursor.next(), 'CHEAP');
  await cursor.close();
});
await check('explain, hint, comment and maxTimeMS are taken', async () => {
  const found = await Book.find({ title: 'Five' }).hint({ title: 1 }).comment('shelf').maxTimeMS(5000).lean();
  assert.equal(found.length, 1);
  const plan = await Book.find({ title: 'Five' }).explain('queryPlanner');
  assert.ok(plan.queryPlanner ?? plan[0].queryPlanner);
});
await check('read preference and read concern are taken', async () => {
  assert.equal((await Book.find({ title: 'Five' }).read('primaryPreferred').readConcern('local').lean()).length, 1);
});
await check('collation compares without case', async () => {
  assert.equal((await Book.find({ title: 'five' }).collation({ locale: 'en', strength: 2 }).lean()).length, 1);
});

// ── Writes
await check('save sends only what has changed', async () => {
  const doc = await Book.findOne({ title: 'Three' });
  doc.pages = 31;
  doc.tags.push('odd');
  const sent = [];
  const listener = event => event.commandName === 'update' && sent.push(event.command.updates[0].u);
  connection.getClient().on('commandStarted', listener);
  await doc.save();
  connection.getClient().off('commandStarted', listener);
  assert.deepEqual(Object.keys(sent[0].$set).sort(), ['pages', 'updatedAt']);
  assert.deepEqual(Object.keys(sent[0].$push), ['tags']);
});
await check('two writers of one version: the second gets a VersionError', async () => {
  const [first, second] = await Promise.all([Book.findOne({ title: 'Four' }), Book.findOne({ title: 'Four' })]);
  first.pages = 41;
  await first.save();
  second.pages = 42;
  await assert.rejects(second.save(), { name: 'VersionError' });
});
await check('updateOne and updateMany tell what they did', async () => {
  const one = await Book.updateOne({ title: 'Four' }, { $set: { pages: 44 } });
  assert.deepEqual([one.acknowledged, one.matchedCount, one.modifiedCount, one.upsertedCount], [true, 1, 1, 0]);
  const many = await Book.updateMany({ tags: 'blue' }, { $addToSet: { tags: 'sea' } });
  assert.equal(many.modifiedCount, 3);
});
await check('an upsert tells its id', async () => {
  const result = await Book.updateOne({ title: 'Six' }, { pages: 6 }, { upsert: true });
  assert.ok(result.upsertedId instanceof mongodb.ObjectId);
  assert.equal((await Book.findById(result.upsertedId)).state, 'draft');
});
await check('findOneAndUpdate returns the new document on request', async () => {
  const before = await Book.findOneAndUpdate({ title: 'Six' }, { pages: 60 });
  assert.equal(before.pages, 6);
  const after = await Book.findOneAndUpdate({ title: 'Six' }, { pages: 66 }, { returnDocument: 'after' });
  assert.equal(after.pages, 66);
});
await check('findOneAndUpdate with includeResultMetadata returns the result of the server', async () => {
  const result = await Book.findOneAndUpdate({ title: 'Six' }, { pages: 67 }, { includeResultMetadata: true });
  assert.equal(result.ok, 1);
  assert.equal(result.lastErrorObject.updatedExisting, true);
  assert.equal(result.value.pages, 66);
});
await check('findOneAndReplace, findByIdAndDelete and replaceOne', async () => {
  const replaced = await Book.findOneAndReplace({ title: 'Six' }, { title: 'Sixth' }, { returnDocument: 'after' });
  assert.equal(replaced.pages, undefined);
  assert.equal((await Book.replaceOne({ title: 'Sixth' }, { title: 'Sext' })).modifiedCount, 1);
  assert.equal((await Book.findByIdAndDelete(replaced._id)).title, 'Sext');
});
await check('array filters reach the server', async () => {
  await Book.create({
    title: 'Rated',
    reviews: [
      { by: 'a', stars: 1 },
      { by: 'b', stars: 5 },
    ],
  });
  await Book.updateOne(
    { title: 'Rated' },
    { 'reviews.$[low].stars': 2 },
    { arrayFilters: [{ 'low.stars': { $lt: 2 } }] },
  );
  assert.deepEqual(
    (await Book.findOne({ title: 'Rated' })).reviews.map(({ stars }) => stars),
    [2, 5],
  );
});
await check('an update pipeline is sent', async () => {
  await Book.updateOne({ title: 'Rated' }, [{ $set: { pages: { $size: '$reviews' } } }], { updatePipeline: true });
  assert.equal((await Book.findOne({ title: 'Rated' })).pages, 2);
});
await check('deleteOne of a document and of a query', async () => {
  const doc = await Book.create({ title: 'Gone' });
  await doc.deleteOne();
  assert.equal(await Book.findById(doc._id), null);
  assert.equal((await Book.deleteOne({ title: 'Rated' })).deletedCount, 1);
});
await check('deleteMany tells how many', async () => {
  await Book.insertMany([{ title: 'X' }, { title: 'X' }]);
  assert.equal((await Book.deleteMany({ title: 'X' })).deletedCount, 2);
});

// ── insertMany and bulkWrite
await check('insertMany stops at the first error when it is ordered', async () => {
  const error = await Book.insertMany([
    { title: 'A', isbn: 'a' },
    { title: 'B', isbn: '1' },
    { title: 'C', isbn: 'c' },
  ]).then(
    () => null,
    failure => failure,
  );
  assert.ok(error instanceof mongodb.MongoBulkWriteError);
  assert.equal(error.code, 11000);
  assert.equal(error.writeErrors.length, 1);
  assert.equal(error.writeErrors[0].index, 1);
  assert.equal(error.insertedDocs.length, 1);
});
await check('insertMany goes on when it is not ordered', async () => {
  const error = await Book.insertMany(
    [
      { title: 'D', isbn: 'd' },
      { title: 'E', isbn: '1' },
      { title: 'F', isbn: 'f' },
    ],
    { ordered: false },
  ).then(
    () => null,
    failure => failure,
  );
  assert.equal(error.insertedDocs.length, 2);
  assert.equal(error.results.length, 3);
  assert.equal(error.writeErrors[0].err.index, 1);
});
await check('insertMany with rawResult gives the result of the driver', async () => {
  const result = await Book.insertMany([{ title: 'G' }], { ordered: false, rawResult: true });
  assert.equal(result.insertedCount, 1);
  assert.ok(result.insertedIds[0] instanceof mongodb.ObjectId);
  assert.equal(result.mongoose.validationErrors.length, 0);
});
await check('bulkWrite does every kind of write', async () => {
  const result = await Book.bulkWrite([
    { insertOne: { document: { title: 'Bulk' } } },
    { updateOne: { filter: { title: 'Bulk' }, update: { pages: 1 } } },
    { updateMany: { filter: { title: 'G' }, update: { pages: 2 } } },
    { replaceOne: { filter: { title: 'G' }, replacement: { title: 'H' }, upsert: true } },
    { deleteOne: { filter: { title: 'H' } } },
    { updateOne: { filter: { title: 'Up' }, update: { pages: 3 }, upsert: true } },
  ]);
  assert.deepEqual(
    [result.insertedCount, result.matchedCount, result.modifiedCount, result.deletedCount, result.upsertedCount],
    [1, 3, 3, 1, 1],
  );
  assert.ok(result.upsertedIds[5] instanceof mongodb.ObjectId);
  assert.equal(result.isOk(), true);
});
await check('bulkWrite that is not ordered tells every error', async () => {
  const error = await Book.bulkWrite(
    [
      { insertOne: { document: { title: 'P', isbn: '1' } } },
      { insertOne: { document: { title: 'Q', isbn: 'q' } } },
      { insertOne: { document: { title: 'R', isbn: '1' } } },
    ],
    { ordered: false },
  ).then(
    () => null,
    failure => failure,
  );
  assert.equal(error.name, 'MongoBulkWriteError');
  assert.deepEqual(
    error.writeErrors.map(({ index }) => index),
    [0, 2],
  );
  assert.equal(error.result.insertedCount, 1);
});
await check('bulkWrite skips and tells operations that do not validate', async () => {
  const result = await Book.bulkWrite([{ insertOne: { document: { title: 'Ok' } } }, { insertOne: { document: {} } }], {
    ordered: false,
  });
  assert.equal(result.insertedCount, 1);
  assert.equal(result.mongoose.validationErrors.length, 1);
});
await check('bulkSave writes new and changed documents', async () => {
  const docs = [new Book({ title: 'S1' }), await Book.findOne({ title: 'Five' })];
  docs[1].pages = 55;
  const result = await Book.bulkSave(docs);
  assert.equal(result.insertedCount, 1);
  assert.equal(result.modifiedCount, 1);
});
await check('the bulkWrite of a connection writes to several models', async () => {
  const result = await connection.bulkWrite([
    { model: 'Author', name: 'insertOne', document: { name: 'Client' } },
    { model: 'Book', name: 'updateOne', filter: { title: 'Ok' }, update: { pages: 9 } },
  ]);
  assert.equal(result.insertedCount, 1);
  assert.equal(result.modifiedCount, 1);
});

// ── Population
await check('populate follows a reference', async () => {
  const found = await Book.findOne({ title: 'Three' }).populate('author');
  assert.equal(found.author.name, 'Ada');
});
await check('populate selects and matches', async () => {
  const found = await Book.findOne({ title: 'Three' })
    .populate({ path: 'author', select: 'name -_id', match: { name: 'Ada' } })
    .lean();
  assert.deepEqual(found.author, { name: 'Ada' });
});
const shelf = mongoose.model(
  'Shelf',
  new Schema({
    books: [{ type: Schema.Types.ObjectId, ref: 'Book' }],
    owner: { kind: String, id: { type: Schema.Types.ObjectId, refPath: 'owner.kind' } },
  }),
);
await check('populate goes deep through arrays', async () => {
  const books = await Book.find({ title: { $in: ['Three', 'Four'] } });
  await shelf.create({ books: books.map(({ _id }) => _id) });
  const found = await shelf
    .findOne()
    .populate({ path: 'books', options: { sort: { title: 1 } }, populate: { path: 'author' } });
  assert.deepEqual(
    found.books.map(({ title, author: { name } }) => [title, name]),
    [
      ['Four', 'Ada'],
      ['Three', 'Ada'],
    ],
  );
});
await check('populate takes the model from a path of the document', async () => {
  const one = await shelf.create({ owner: { kind: 'Author', id: writer._id } });
  assert.equal((await shelf.findById(one._id).populate('owner.id')).owner.id.name, 'Ada');
});
await check('virtual population counts and lists', async () => {
  author.virtual('books', { ref: 'Book', localField: '_id', foreignField: 'author' });
  author.virtual('bookCount', { ref: 'Book', localField: '_id', foreignField: 'author', count: true });
  const Virtual = mongoose.model('VirtualAuthor', author, 'authors');
  const found = await Virtual.findById(writer._id).populate('books').populate('bookCount');
  assert.equal(found.books.length, 3);
  assert.equal(found.bookCount, 3);
});

// ── Discriminators, middleware, plugins
const events2 = [];
const shape = new Schema({ name: String }, { discriminatorKey: 'kind' });
shape.pre('save', function () {
  events2.push(`pre save ${this.name}`);
});
shape.post('save', function () {
  events2.push(`post save ${this.name}`);
});
shape.pre('find', function () {
  events2.push('pre find');
  this.where({ hidden: { $ne: true } });
});
shape.pre('aggregate', function () {
  this.pipeline().unshift({ $match: { kind: 'Circle' } });
});
shape.post('findOneAndUpdate', doc => void events2.push(`post findOneAndUpdate ${doc.name}`));
shape.plugin((schema, { field }) => void schema.add({ [field]: { type: Boolean, default: false } }), {
  field: 'hidden',
});
const Shape = mongoose.model('Shape', shape);
const Circle = Shape.discriminator('Circle', new Schema({ radius: Number }));
Shape.discriminator('Square', new Schema({ side: Number }));
await check('discriminators share a collection and come back as their own class', async () => {
  await Shape.create([
    { kind: 'Circle', name: 'c', radius: 1 },
    { kind: 'Square', name: 's', side: 2 },
  ]);
  const found = await Shape.find().sort('name');
  assert.ok(found[0] instanceof Circle);
  assert.equal(found[1].side, 2);
  assert.equal(await Circle.countDocuments(), 1);
});
await check('middleware of save and find has run', () => {
  assert.ok(events2.includes('pre save c') && events2.includes('post save s') && events2.includes('pre find'));
});
await check('middleware changes queries and pipelines', async () => {
  await Shape.create({ kind: 'Circle', name: 'ghost', hidden: true });
  assert.equal((await Shape.find()).length, 2);
  assert.equal((await Shape.aggregate([{ $count: 'n' }]))[0].n, 2);
});
await check('post middleware gets the result', async () => {
  await Shape.findOneAndUpdate({ name: 's' }, { side: 3 });
  assert.ok(events2.includes('post findOneAndUpdate s'));
});
await check('an error of pre middleware stops the write', async () => {
  const Refused = mongoose.model(
    'Refused',
    new Schema({ name: String }).pre('save', () => Promise.reject(new Error('refused'))),
  );
  await assert.rejects(Refused.create({ name: 'x' }), /refused/);
  assert.equal(await Refused.countDocuments(), 0);
});

// ── Aggregation
await check('aggregate groups and sorts', async () => {
  const rows = await Book.aggregate()
    .unwind('tags')
    .group({ _id: '$tags', n: { $sum: 1 } })
    .sort({ n: -1, _id: 1 });
  assert.equal(rows[0]._id, 'blue');
});
await check('aggregate looks up', async () => {
  const [row] = await Book.aggregate([
    { $match: { title: 'Three' } },
    { $lookup: { from: 'authors', localField: 'author', foreignField: '_id', as: 'who' } },
  ]);
  assert.equal(row.who[0].name, 'Ada');
});
await check('aggregate facets, with options', async () => {
  const [facets] = await Book.aggregate([{ $facet: { all: [{ $count: 'n' }], red: [{ $match: { tags: 'red' } }] } }])
    .allowDiskUse(true)
    .option({ maxTimeMS: 5000 });
  assert.equal(facets.red.length, 2);
});
await check('an aggregation cursor is iterated', async () => {
  let seen = 0;
  for await (const row of Book.aggregate([{ $match: { tags: 'red' } }]).cursor({ batchSize: 1 }))
    seen += row.title === undefined ? 0 : 1;
  assert.equal(seen, 2);
});
await check('aggregate writes out', async () => {
  await Book.aggregate([{ $match: { tags: 'red' } }, { $out: 'reds' }]);
  assert.equal(await connection.db.collection('reds').countDocuments(), 2);
});

// ── Sessions and transactions
await check('a session is the ClientSession of the driver', async () => {
  const session = await mongoose.startSession();
  assert.equal(session.constructor.name, 'ClientSession');
  assert.ok(session instanceof mongodb.ClientSession);
  await session.endSession();
});
await check('a transaction commits', async () => {
  const session = await mongoose.startSession();
  session.startTransaction();
  await Author.create([{ name: 'Tx' }], { session });
  assert.equal(await Author.countDocuments({ name: 'Tx' }), 0);
  assert.equal(await Author.countDocuments({ name: 'Tx' }).session(session), 1);
  await session.commitTransaction();
  await session.endSession();
  assert.equal(await Author.countDocuments({ name: 'Tx' }), 1);
});
await check('a transaction aborts', async () => {
  const session = await mongoose.startSession();
  session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });
  await new Author({ name: 'No' }).save({ session });
  await session.abortTransaction();
  await session.endSession();
  assert.equal(await Author.countDocuments({ name: 'No' }), 0);
});
await check('connection.transaction resets documents when it fails', async () => {
  const doc = new Author({ name: 'Reset' });
  await assert.rejects(
    connection.transaction(async session => {
      await doc.save({ session });
      assert.equal(doc.isNew, false);
      throw new Error('changed my mind');
    }),
    /changed my mind/,
  );
  assert.equal(doc.isNew, true);
});
await check('connection.transaction retries a conflict', async () => {
  const counter = await Author.create({ name: 'Counter' });
  let tries = 0;
  await connection.transaction(async session => {
    tries++;
    const doc = await Author.findById(counter._id).session(session);
    if (tries === 1) await Author.updateOne({ _id: counter._id }, { name: 'Counter' });
    doc.name = 'Counter2';
    await doc.save({ session });
  });
  assert.ok(tries >= 2);
  assert.equal((await Author.findById(counter._id)).name, 'Counter2');
});
await check('withTransaction returns what its function returns', async () => {
  const session = await mongoose.startSession();
  assert.equal(
    await session.withTransaction(async () => (await Author.create([{ name: 'W' }], { session }))[0].name),
    'W',
  );
  await session.endSession();
});
await check('a schema with its own write concern works in a transaction', async () => {
  const Careful = mongoose.model(
    'Careful',
    new Schema({ n: Number }, { writeConcern: { w: 'majority', j: true }, readConcern: { level: 'majority' } }),
  );
  await Careful.createCollection();
  await connection.transaction(async session => {
    await Careful.create([{ n: 1 }], { session });
    await Careful.updateOne({ n: 1 }, { n: 2 }, { session });
    assert.equal((await Careful.findOne().session(session)).n, 2);
  });
  assert.equal((await Careful.findOne()).n, 2);
});
await check('a document remembers its session', async () => {
  const session = await mongoose.startSession();
  const doc = await Author.findOne({ name: 'Ada' }).session(session);
  assert.equal(doc.$session(), session);
  await session.endSession();
});
mongoose.set('transactionAsyncLocalStorage', true);
await check('transactionAsyncLocalStorage gives every operation the session', async () => {
  await assert.rejects(
    connection.transaction(async () => {
      await Author.create({ name: 'Local' });
      throw new Error('undo');
    }),
    /undo/,
  );
  assert.equal(await Author.countDocuments({ name: 'Local' }), 0);
});
mongoose.set('transactionAsyncLocalStorage', false);

// ── Change streams
/** A stream that starts here misses no later change, however late it is opened. */
async function fromNow() {
  const { operationTime } = await connection.db.command({ ping: 1 });
  return { startAtOperationTime: new mongodb.Timestamp({ t: operationTime.t, i: operationTime.i + 1 }) };
}
await check('Model.watch tells changes', async () => {
  const stream = Author.watch([], { fullDocument: 'updateLookup', ...(await fromNow()) });
  const changes = [];
  const seen = new Promise((resolve, reject) => {
    stream.on('change', change => changes.push(change) === 2 && resolve());
    stream.on('error', reject);
  });
  const doc = await Author.create({ name: 'Watched' });
  await Author.updateOne({ _id: doc._id }, { name: 'Seen' });
  await seen;
  await stream.close();
  assert.deepEqual(
    changes.map(({ operationType }) => operationType),
    ['insert', 'update'],
  );
  assert.equal(changes[1].fullDocument.name, 'Seen');
});
await check('Model.watch hydrates on request', async () => {
  const stream = Author.watch([], { fullDocument: 'updateLookup', hydrate: true, ...(await fromNow()) });
  const seen = new Promise((resolve, reject) => stream.once('change', resolve).once('error', reject));
  await Author.create({ name: 'Hydrated' });
  const { fullDocument } = await seen;
  await stream.close();
  assert.ok(fullDocument instanceof Author);
});
await check('connection.watch is iterated with next', async () => {
  const stream = connection.watch([{ $match: { 'ns.coll': 'authors' } }], await fromNow());
  const pending = stream.next();
  await Author.create({ name: 'Next' });
  const change = await pending;
  assert.equal(change.fullDocument.name, 'Next');
  await stream.close();
});
await check('a change stream resumes after a token', async () => {
  const stream = Author.watch([], await fromNow());
  const first = stream.next();
  await Author.create([{ name: 'R1' }, { name: 'R2' }]);
  const { _id: token } = await first;
  await stream.close();
  const resumed = Author.watch([], { resumeAfter: token });
  assert.equal((await resumed.next()).fullDocument.name, 'R2');
  await resumed.close();
});

// ── GridFS by the driver that Mongoose brings
await check('mongoose.mongo.GridFSBucket stores and reads a file', async () => {
  const bucket = new mongoose.mongo.GridFSBucket(connection.db, { bucketName: 'covers', chunkSizeBytes: 1024 });
  const data = Buffer.alloc(5000, 7);
  const upload = bucket.openUploadStream('cover.png', { metadata: { book: 1 } });
  await new Promise((resolve, reject) => upload.on('finish', resolve).on('error', reject).end(data));
  const chunks = [];
  for await (const chunk of bucket.openDownloadStream(upload.id)) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(data));
});

// ── Collections, connections, diagnostics
await check('createCollection takes options', async () => {
  const Log = mongoose.model(
    'Log',
    new Schema({ line: String }, { capped: { size: 4096, max: 10 }, autoCreate: false }),
  );
  await Log.createCollection();
  const [info] = await connection.db.listCollections({ name: 'logs' }).toArray();
  assert.equal(info.options.capped, true);
});
await check('connection.listCollections and listDatabases', async () => {
  assert.ok((await connection.listCollections()).some(({ name }) => name === 'books'));
  assert.ok((await connection.listDatabases()).databases.some(({ name }) => name === 'shop'));
});
await check('Model.collection has the methods of the collection of the driver', async () => {
  assert.equal(Book.collection.collectionName, 'books');
  assert.equal((await Book.collection.find({ title: 'Five' }).toArray()).length, 1);
  assert.equal(typeof Book.collection.initializeOrderedBulkOp, 'function');
});
await check('connection.useDb shares the client', async () => {
  const other = connection.useDb('other', { useCache: true });
  assert.equal(other.getClient(), connection.getClient());
  await other.model('Note', new Schema({ text: String })).create({ text: 'hi' });
  assert.equal(await connection.getClient().db('other').collection('notes').countDocuments(), 1);
});
await check('a second connection closes by itself, and tells its states', async () => {
  const second = mongoose.createConnection(uriOf('second'));
  const states = [];
  for (const name of ['connected', 'open', 'disconnecting', 'disconnected', 'close'])
    second.on(name, () => states.push(name));
  await second.asPromise();
  await second.close();
  assert.deepEqual(states, ['connected', 'open', 'disconnecting', 'disconnected', 'close']);
});
await check('setClient takes a client that is there', async () => {
  const client = await new mongodb.MongoClient(uriOf('given')).connect();
  const given = mongoose.createConnection();
  given.setClient(client);
  assert.equal(given.name, 'given');
  assert.equal(given.getClient(), client);
  await given.model('Thing', new Schema({ a: Number })).create({ a: 1 });
  await given.close();
});
await check('operations before connect wait for it', async () => {
  const buffered = mongoose.createConnection();
  const Late = buffered.model('Late', new Schema({ a: Number }));
  const pending = Late.create({ a: 1 });
  await buffered.openUri(uriOf('late'));
  assert.equal((await pending).a, 1);
  await buffered.close();
});
await check('buffered operations time out', async () => {
  const idle = mongoose.createConnection();
  const Late = idle.model('Late', new Schema({ a: Number }, { bufferTimeoutMS: 50 }));
  await assert.rejects(Late.findOne().exec(), /buffering timed out after 50ms/);
  await idle.close();
});
await check('a deployment that is not there is a MongooseServerSelectionError', async () => {
  const nowhere = mongoose.createConnection('mongodb://127.0.0.1:1/x?directConnection=true', {
    serverSelectionTimeoutMS: 100,
  });
  const error = await nowhere.asPromise().then(
    () => null,
    failure => failure,
  );
  assert.equal(error.name, 'MongooseServerSelectionError');
  assert.equal(error.reason.constructor.name, 'TopologyDescription');
  await nowhere.close();
});
await check('isConnected state follows the topology', async () => {
  assert.equal(connection.readyState, mongoose.ConnectionStates.connected);
  await until(() => connection.getClient().topology !== undefined);
  assert.ok(connection.getClient().topology.description.servers.size >= 1);
});
await check('debug prints each operation', async () => {
  const lines = [];
  mongoose.set('debug', (collection, method) => lines.push(`${collection}.${method}`));
  await Book.findOne();
  mongoose.set('debug', false);
  assert.deepEqual(lines, ['books.findOne']);
});
await check('the operation timeout of a query reaches the driver', async () => {
  const found = await Book.find({ title: 'Five' }).setOptions({ timeoutMS: 5000 }).lean();
  assert.equal(found.length, 1);
});
await check('startSession with causal consistency reads its writes', async () => {
  const session = await mongoose.startSession({ causalConsistency: true });
  await Author.create([{ name: 'Causal' }], { session });
  assert.equal((await Author.findOne({ name: 'Causal' }).session(session).read('secondary')).name, 'Causal');
  assert.ok(session.operationTime);
  await session.endSession();
});
await check('a document becomes JSON with ids as strings', async () => {
  const json = JSON.parse(JSON.stringify(await Author.findOne({ name: 'Ada' })));
  assert.equal(typeof json._id, 'string');
});
await check('dropping a collection and a database', async () => {
  await connection.dropCollection('reds');
  await connection.useDb('other').dropDatabase();
  assert.ok(!(await connection.listDatabases()).databases.some(({ name }) => name === 'other'));
});
await check('disconnect closes every connection', async () => {
  await mongoose.disconnect();
  assert.equal(connection.readyState, 0);
});
