// A service of orders with Express: it answers with what the driver tells, errors included.
import express from 'express';
import { MongoClient, MongoServerError, ObjectId } from 'mongodb';

export async function startOrders(uri) {
  const client = await new MongoClient(uri, { appName: 'orders', retryWrites: true, maxPoolSize: 10 }).connect();
  const orders = client.db('service').collection('orders');
  const stock = client.db('service').collection('stock');
  await orders.createIndex({ number: 1 }, { unique: true });
  const app = express().use(express.json());

  app.post('/orders', async ({ body }, response) => {
    const session = client.startSession();
    try {
      const order = await session.withTransaction(async () => {
        const { modifiedCount } = await stock.updateOne(
          { _id: body.item, left: { $gte: body.count } },
          { $inc: { left: -body.count } },
          { session },
        );
        if (modifiedCount === 0) return null;
        const made = { ...body, at: new Date() };
        await orders.insertOne(made, { session });
        return made;
      });
      if (order === null) response.status(409).json({ error: 'not enough in stock' });
      else response.status(201).json(order);
    } finally {
      await session.endSession();
    }
  });
  app.get('/orders', async ({ query }, response) => {
    const filter = query.after === undefined ? {} : { _id: { $gt: new ObjectId(query.after) } };
    response.json(await orders.find(filter).sort({ _id: 1 }).limit(2).toArray());
  });
  app.get('/orders/:id', async ({ params }, response) => {
    if (!ObjectId.isValid(params.id)) return response.status(400).json({ error: 'no id' });
    const order = await orders.findOne({ _id: ObjectId.createFromHexString(params.id) });
    return response.status(order === null ? 404 : 200).json(order);
  });
  app.patch('/orders/:id', async ({ params, body }, response) => {
    const _id = new ObjectId(params.id);
    const order = await orders.findOneAndUpdate({ _id }, { $set: body }, { returnDocument: 'after' });
    response.json(order);
  });
  app.delete('/orders/:id', async ({ params }, response) => {
    const { deletedCount } = await orders.deleteOne({ _id: new ObjectId(params.id) });
    response.status(deletedCount === 1 ? 204 : 404).end();
  });
  app.get('/report', async (_request, response) => {
    const rows = orders.aggregate([{ $group: { _id: '$item', sold: { $sum: '$count' } } }, { $sort: { _id: 1 } }]);
    response.json(await rows.toArray());
  });
  app.use((error, _request, response, next) => {
    if (error instanceof MongoServerError && error.code === 11000) {
      return response.status(409).json({ error: 'duplicate', key: error.keyValue });
    }
    return next(error);
  });

  const server = await new Promise(resolve => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      await client.close();
    },
  };
}
