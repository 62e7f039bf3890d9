import mongodb, {
  type ChangeStreamDocument,
  type Document,
  GridFSBucket,
  MongoClient,
  ObjectId,
  type WithId,
} from 'mongodb';

interface Pet {
  name: string;
  age: number;
  owner?: { name: string };
}

const client = new MongoClient('mongodb://localhost', { maxPoolSize: 5 });
const pets = client.db('types').collection<Pet>('pets');

export async function use(): Promise<void> {
  const { insertedId } = await pets.insertOne({ name: 'Rex', age: 3 });
  const id: ObjectId = insertedId;
  const found: WithId<Pet> | null = await pets.findOne({ _id: id, age: { $gt: 1 } });
  await pets.updateOne({ 'owner.name': 'Ada' }, { $set: { age: 4 }, $inc: { age: 1 } });
  for await (const { name } of pets.find().project<{ name: string }>({ name: 1 })) name.toUpperCase();
  const rows: Document[] = await pets.aggregate([{ $count: 'n' }]).toArray();
  const stream = pets.watch();
  stream.on('change', (change: ChangeStreamDocument<Pet>) => {
    if (change.operationType === 'insert') change.fullDocument.name.toUpperCase();
  });
  await client.withSession(async session => session.withTransaction(async () => pets.deleteOne({}, { session })));
  new GridFSBucket(client.db()).openUploadStream('x').end();
  new mongodb.MongoClient('mongodb://localhost').on('commandStarted', event => event.commandName.length);
  await pets.bulkWrite([{ insertOne: { document: { name: String(found?.name), age: rows.length } } }]);
  // @ts-expect-error the age of a pet is a number
  await pets.insertOne({ name: 'Rex', age: 'three' });
}
