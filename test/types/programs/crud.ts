// What most services do with a typed collection.
import { type Collection, type Filter, MongoClient, ObjectId, type UpdateFilter, type WithId } from 'mongotempo';

interface Address {
  street: string;
  city: string;
  geo: { lat: number; lon: number };
}

interface Order {
  _id: ObjectId;
  customer: { name: string; email?: string; address: Address };
  items: { sku: string; quantity: number; price: number; tags: string[] }[];
  status: 'new' | 'paid' | 'sent';
  placedAt: Date;
}

export class Orders {
  readonly #orders: Collection<Order>;

  constructor(client: MongoClient) {
    this.#orders = client.db('shop').collection<Order>('orders');
  }

  async place(order: Omit<Order, '_id'>): Promise<ObjectId> {
    const { insertedId } = await this.#orders.insertOne({ _id: new ObjectId(), ...order });
    return insertedId;
  }

  open(city: string): Promise<WithId<Order>[]> {
    const filter: Filter<Order> = { status: { $in: ['new', 'paid'] }, 'customer.address.city': city };
    return this.#orders
      .find(filter, { projection: { items: 0 } })
      .sort({ placedAt: -1 })
      .limit(20)
      .toArray();
  }

  async pay(id: ObjectId): Promise<WithId<Order> | null> {
    const change: UpdateFilter<Order> = { $set: { status: 'paid' }, $currentDate: { placedAt: true } };
    return await this.#orders.findOneAndUpdate({ _id: id }, change, { returnDocument: 'after' });
  }

  async add(id: ObjectId, item: Order['items'][number]): Promise<boolean> {
    const { modifiedCount } = await this.#orders.updateOne({ _id: id }, { $push: { items: item } });
    return modifiedCount === 1;
  }

  async totals(): Promise<{ _id: string; sum: number }[]> {
    return await this.#orders
      .aggregate<{ _id: string; sum: number }>([
        { $unwind: '$items' },
        { $group: { _id: '$items.sku', sum: { $sum: { $multiply: ['$items.price', '$items.quantity'] } } } },
      ])
      .toArray();
  }

  async close(ids: ObjectId[]): Promise<number> {
    const { modifiedCount, deletedCount } = await this.#orders.bulkWrite([
      { updateMany: { filter: { _id: { $in: ids } }, update: { $set: { status: 'sent' } } } },
      { deleteMany: { filter: { status: 'new', placedAt: { $lt: new Date(0) } } } },
    ]);
    return modifiedCount + deletedCount;
  }
}

export async function main(uri: string): Promise<void> {
  const client = new MongoClient(uri, { maxPoolSize: 10, retryWrites: true });
  const orders = new Orders(client);
  await client.withSession(session =>
    session.withTransaction(async () => {
      void (await orders.open('Bonn'));
    }),
  );
  await client.close();
}
