import { MongoStore } from 'connect-mongo';
import { MongoClient } from 'mongodb';

export const store: MongoStore = MongoStore.create({ client: new MongoClient('mongodb://localhost'), ttl: 60 });
export const other = MongoStore.create({ clientPromise: new MongoClient('mongodb://localhost').connect() });
