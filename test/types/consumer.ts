// What a user's program looks like to the compiler: compiled against the declarations that are published, library checks on.
import {
  type Collection,
  type CommandStartedEvent,
  type Filter,
  type Log,
  MongoClient,
  MongoOperationTimeoutError,
  MongoServerError,
  type ObjectId,
  PoolEventReason,
  PoolEventType,
  SeverityLevel,
  type WithId,
} from 'mongotempo';

interface Order {
  customer: string;
  total: number;
  placedAt?: Date;
}

export async function program(uri: string): Promise<void> {
  await using client = new MongoClient(uri, { timeoutMS: 500, maxPoolSize: 10, appName: 'shop' });
  client.on('commandStarted', (event: CommandStartedEvent) => {
    const name: string = event.commandName;
    const operation: number = event.operationId;
    void [name, operation];
  });
  client.once('connectionCheckedOut', event => {
    const milliseconds: number = event.durationMS;
    void milliseconds;
  });
  await using monitored = new MongoClient(uri, {
    commandMonitor: {
      started({ command }, context) {
        const signal: AbortSignal | undefined = context?.signal;
        void [command['find'], context?.operationName, context?.deadline.remainingMS, signal];
      },
    },
    poolMonitor: {
      event({ type, reason, duration }) {
        if (type === PoolEventType.ConnectionClosed) void (reason === PoolEventReason.Idle);
        const milliseconds: number | undefined = duration;
        void milliseconds;
      },
    },
    serverMonitor: { serverHeartbeatFailed: event => void event.failure.message },
    mongodbLogComponentSeverities: { default: SeverityLevel.OFF, command: 'debug' },
    mongodbLogPath: { write: ({ t, c, s, message }: Log) => void [t.getTime(), c, s, message.length] },
  });
  void monitored;
  const orders: Collection<Order> = client.db('shop').collection<Order>('orders');
  const { insertedId } = await orders.insertOne({ customer: 'c1', total: 3 }, { timeoutMS: 100 });
  const id: ObjectId = insertedId;
  const filter: Filter<Order> = { customer: 'c1', total: { $gt: 2 }, 'items.name': 'tea', $or: [{ total: 1 }] };
  const found: WithId<Order> | null = await orders.findOne(filter);
  const many: WithId<Order>[] = await orders.find(filter).sort({ total: -1 }).limit(3).toArray();
  for await (const order of orders.find({ _id: id })) {
    const customer: string = order.customer;
    void customer;
  }
  const total: number = await client.withSession({ causalConsistency: true }, session =>
    session.withTransaction(
      async within => {
        await orders.insertOne({ customer: 'c2', total: 1 }, { session: within });
        return await orders.countDocuments({}, { session: within });
      },
      { readConcern: 'snapshot', writeConcern: { w: 'majority' }, timeoutMS: 1000 },
    ),
  );
  void total;
  await orders.updateOne({ _id: id }, { $set: { total: 4 }, $inc: { visits: 1 } }, { upsert: true });
  const totals = orders.aggregate<{ _id: string; sum: number }>([
    { $group: { _id: '$customer', sum: { $sum: '$total' } } },
  ]);
  const sums: number[] = (await totals.toArray()).map(({ sum }) => sum);
  try {
    await client.db().command({ ping: 1 }, { signal: AbortSignal.timeout(100) });
  } catch (error) {
    if (error instanceof MongoOperationTimeoutError) void [error.phase, error.timings, error.maybeApplied];
    if (error instanceof MongoServerError) void [error.code, error.codeName];
  }
  void [found, many, sums, client.db('shop').collection('orders').db.client.options.appName];
}
