import fastifyMongo from '@fastify/mongodb';
import fastify from 'fastify';
import { type Db, MongoClient, ObjectId } from 'mongodb';

export async function use(): Promise<void> {
  const app = fastify();
  await app.register(fastifyMongo, { client: new MongoClient('mongodb://localhost'), database: 'x' });
  const db: Db | undefined = app.mongo.db;
  const id: ObjectId = new app.mongo.ObjectId();
  await db?.collection('pets').findOne({ _id: id });
}
