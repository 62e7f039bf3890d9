import { type FindCursor, MongoClient, type ObjectId } from 'mongodb';
import Papr, { schema, types } from 'papr';

export async function use(): Promise<void> {
  const client = new MongoClient('mongodb://localhost');
  const papr = new Papr();
  papr.initialize(client.db());
  const Pets = papr.model('pets', schema({ name: types.string({ required: true }), age: types.number() }));
  const pet = await Pets.insertOne({ name: 'Rex' });
  const id: ObjectId = pet._id;
  await Pets.findOne({ _id: id, age: { $gt: 1 } });
  const cursor: FindCursor<unknown> = await Pets.findCursor({ name: 'Rex' });
  await cursor.close();
}
