import { type MongoClient, ObjectId } from 'mongodb';
import mongoose, { type HydratedDocument, type InferSchemaType, model, Schema, Types } from 'mongoose';

const schema = new Schema({ name: { type: String, required: true }, tags: [String], at: Date });
type Pet = InferSchemaType<typeof schema>;
const Pets = model('Pet', schema);

export async function use(): Promise<void> {
  const client: MongoClient = mongoose.connection.getClient();
  const pet: HydratedDocument<Pet> = new Pets({ name: 'Rex' });
  const id: ObjectId = new Types.ObjectId();
  await Pets.findOne({ _id: id, name: pet.name }).lean();
  await mongoose.connection.transaction(async session => {
    await Pets.create([{ name: 'Rex' }], { session });
  });
  const session = await mongoose.startSession();
  await client.db().collection('pets').findOne({}, { session });
  Pets.watch().on('change', change => change);
}
