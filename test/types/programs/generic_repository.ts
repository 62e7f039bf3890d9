// A repository over any schema: types that stay open until it is used.
import {
  type Collection,
  type Db,
  type Document,
  type Filter,
  type MatchKeysAndValues,
  type ObjectId,
  type OptionalUnlessRequiredId,
  type UpdateFilter,
  type WithId,
} from 'mongotempo';

export class Repository<T extends Document & { _id: ObjectId }> {
  readonly collection: Collection<T>;

  constructor(db: Db, name: string) {
    this.collection = db.collection<T>(name);
  }

  async insert(document: OptionalUnlessRequiredId<T>): Promise<void> {
    await this.collection.insertOne(document);
  }

  find(filter: Filter<T>): Promise<WithId<T>[]> {
    return this.collection.find(filter).toArray();
  }

  async patch(filter: Filter<T>, values: MatchKeysAndValues<T>): Promise<void> {
    await this.collection.updateMany(filter, { $set: values } as UpdateFilter<T>);
  }
}

interface Person {
  _id: ObjectId;
  name: string;
  friends: { name: string; since: Date }[];
}

export async function use(db: Db): Promise<string[]> {
  const people = new Repository<Person>(db, 'people');
  await people.patch({ 'friends.name': 'Ada' }, { name: 'Grace' });
  return (await people.find({ name: /^A/ })).map(({ name }) => name);
}
