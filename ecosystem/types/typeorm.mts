import { ObjectId } from 'mongodb';
import { DataSource, EntitySchema, type MongoRepository } from 'typeorm';

interface Pet {
  _id: ObjectId;
  name: string;
}
const pet = new EntitySchema<Pet>({
  name: 'Pet',
  columns: { _id: { type: 'string', objectId: true, primary: true }, name: { type: String } },
});

export async function use(): Promise<void> {
  const source = await new DataSource({ type: 'mongodb', url: 'mongodb://localhost', entities: [pet] }).initialize();
  const pets: MongoRepository<Pet> = source.getMongoRepository(pet);
  await pets.findOneBy({ _id: new ObjectId() });
  // TypeORM has declarations of the driver of its own.
  const rows = pets.aggregate<Pet>([{ $match: {} }]);
  const stream = source.mongoManager.watch(pet);
  await Promise.all([rows.close(), stream.close()]);
}
