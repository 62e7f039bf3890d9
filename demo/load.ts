import type { Collection, Db } from 'mongotempo';
import { euros, makeOrder, type Order } from './orders.js';
import { count, mark, say } from './terminal.js';

const BATCH = 500;
const LOAD_TIMEOUT_MS = 30_000;

/** A new collection with its indexes; what an earlier run has left is dropped. */
export async function emptyOrders(database: Db, name: string): Promise<Collection<Order>> {
  await database.dropDatabase({ timeoutMS: LOAD_TIMEOUT_MS });
  const indexes = [
    { name: 'number_1', key: { number: 1 } },
    { name: 'customer_1', key: { 'customer.id': 1 } },
  ];
  await database.command({ createIndexes: name, indexes }, { timeoutMS: LOAD_TIMEOUT_MS });
  return database.collection<Order>(name);
}

/** Loads the orders, several batches at a time, and compares what the server has with what was sent. */
export async function loadOrders(orders: Collection<Order>, size: number): Promise<void> {
  const documents = Array.from({ length: size }, (_, index) => makeOrder(index + 1));
  const revenue = documents.reduce((sum, { total }) => sum + total, 0);
  const batches = Array.from({ length: Math.ceil(size / BATCH) }, (_, i) =>
    documents.slice(i * BATCH, (i + 1) * BATCH),
  );
  const begin = performance.now();
  await Promise.all(batches.map(batch => orders.insertMany(batch, { timeoutMS: LOAD_TIMEOUT_MS })));
  const seconds = (performance.now() - begin) / 1000;
  const rate = count(Math.round(size / seconds));
  say(`${count(size)} orders in ${batches.length} parallel batches took ${seconds.toFixed(2)} s: ${rate} documents/s`);

  const stored = await orders.countDocuments({}, { timeoutMS: LOAD_TIMEOUT_MS });
  const [sums] = await orders
    .aggregate<{ total: number }>([{ $group: { _id: null, total: { $sum: '$total' } } }], {
      timeoutMS: LOAD_TIMEOUT_MS,
    })
    .toArray();
  const isComplete = stored === size && sums?.total === revenue;
  say(`the server counts ${count(stored)} of them and adds up ${euros(sums?.total ?? 0)}: ${mark(isComplete)}`);
  if (!isComplete) throw new Error(`Sent were ${size} orders of ${euros(revenue)} in all`);
}

/** A query and an aggregation, as an application would run them. */
export async function showReads(orders: Collection<Order>): Promise<void> {
  const latest = await orders
    .find({ status: 'open' }, { sort: { placedAt: -1 }, limit: 3, timeoutMS: LOAD_TIMEOUT_MS })
    .toArray();
  say("find({ status: 'open' }, { sort: { placedAt: -1 }, limit: 3 })");
  for (const { number, placedAt, customer, items, total } of latest) {
    const what = items.map(({ quantity, product }) => `${quantity} ${product}`).join('; ');
    const who = `${customer.name}, ${customer.city}`;
    say(
      `  ${placedAt.toISOString().slice(0, 10)}  #${number}  ${who.padEnd(24)} ${euros(total).padStart(12)}  ${what}`,
    );
  }
  const cities = await orders
    .aggregate<{ _id: string; orders: number; revenue: number }>(
      [
        { $match: { status: { $ne: 'returned' } } },
        { $group: { _id: '$customer.city', orders: { $sum: 1 }, revenue: { $sum: '$total' } } },
        { $sort: { revenue: -1 } },
        { $limit: 3 },
      ],
      { timeoutMS: LOAD_TIMEOUT_MS },
    )
    .toArray();
  say("aggregate([{ $match: … }, { $group: { _id: '$customer.city', … } }, { $sort: … }, { $limit: 3 }])");
  for (const city of cities) {
    say(`  ${city._id.padEnd(12)} ${count(city.orders).padStart(6)} orders ${euros(city.revenue).padStart(18)}`);
  }
}
