import KeyvMongo from '@keyv/mongo';
import { type Collection, type MongoClient, ReadPreference } from 'mongodb';

export async function use(): Promise<void> {
  const store = new KeyvMongo('mongodb://localhost', {
    collection: 'x',
    readPreference: new ReadPreference('primary'),
  });
  const { mongoClient, store: collection }: { mongoClient: MongoClient; store: Collection } = await store.connect;
  await collection.findOne({});
  await mongoClient.close();
}
