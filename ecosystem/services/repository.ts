// A typed repository: the types of the driver carry the schema of a collection through every call.
import {
  type Collection,
  type Db,
  type Filter,
  MongoClient,
  MongoServerError,
  ObjectId,
  type OptionalId,
  type UpdateFilter,
  type WithId,
} from 'mongodb';

export interface Customer {
  _id: ObjectId;
  email: string;
  name: { first: string; last: string };
  age?: number;
  tags: string[];
  createdAt: Date;
}

export class Duplicate extends Error {}

export class Repository<T extends { _id: ObjectId }> {
  readonly #collection: Collection<T>;

  constructor(db: Db, name: string) {
    this.#collection = db.collection<T>(name);
  }

  async add(document: OptionalId<T>): Promise<ObjectId> {
    try {
      const { insertedId } = await this.#collection.insertOne(document as never);
      return insertedId as unknown as ObjectId;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === 11000)
        throw new Duplicate(error.message, { cause: error });
      throw error;
    }
  }

  async get(id: ObjectId | string): Promise<WithId<T> | null> {
    return this.#collection.findOne({ _id: new ObjectId(id) } as Filter<T>);
  }

  async find(filter: Filter<T>, limit = 10): Promise<WithId<T>[]> {
    return this.#collection.find(filter).sort({ _id: 1 }).limit(limit).toArray();
  }

  async update(id: ObjectId, update: UpdateFilter<T>): Promise<WithId<T> | null> {
    return this.#collection.findOneAndUpdate({ _id: id } as Filter<T>, update, { returnDocument: 'after' });
  }

  async remove(id: ObjectId): Promise<boolean> {
    return (await this.#collection.deleteOne({ _id: id } as Filter<T>)).deletedCount === 1;
  }

  async unique(field: string): Promise<string> {
    return this.#collection.createIndex({ [field]: 1 }, { unique: true });
  }
}

export interface Customers {
  readonly customers: Repository<Customer>;
  readonly averageAge: () => Promise<number | null>;
  readonly close: () => Promise<void>;
}

export async function openCustomers(uri: string): Promise<Customers> {
  const client = await MongoClient.connect(uri);
  const db = client.db('service');
  const customers = new Repository<Customer>(db, 'customers');
  await customers.unique('email');
  return {
    customers,
    async averageAge() {
      const [row] = await db
        .collection<Customer>('customers')
        .aggregate<{ age: number | null }>([{ $group: { _id: null, age: { $avg: '$age' } } }])
        .toArray();
      return row?.age ?? null;
    },
    close: () => client.close(),
  };
}
