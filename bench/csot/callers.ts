/** What the callers of the phases do. The code is the same for both drivers: the types are ours. */
import type { ClientSession, Collection, MongoClient, MongoClientOptions } from 'mongotempo';

/** What a caller has to work with. */
export interface Stage {
  /** Connected, and without a timeoutMS. Phases whose callers need a client each have none that is connected. */
  readonly client: MongoClient;
  readonly newClient: (options: MongoClientOptions) => MongoClient;
}

/** An operation that can be started. */
export interface Ready {
  run(): Promise<unknown>;
  /** What is not measured, and not waited for. */
  tidy?(): Promise<unknown>;
}

/**
 * Prepares an operation.
 *
 * @param n - a number that no other operation of the sample has
 */
export type Caller = (stage: Stage, timeoutMS: number, n: number) => Ready | Promise<Ready>;

export type SetUp = (client: MongoClient) => void;

/** What the callback of a transaction throws. */
export class CallbackError extends Error {
  override readonly name = 'CallbackError';
}

function users(client: MongoClient): Collection {
  return client.db('bench').collection('users');
}

export const findOne: Caller = ({ client }, timeoutMS, n) => ({
  run: () => users(client).findOne({ n }, { timeoutMS }),
});

export const insertOne: Caller = ({ client }, timeoutMS, n) => ({
  run: () => users(client).insertOne({ n }, { timeoutMS }),
});

/** Takes so many connections, and keeps them as long as the server is silent. */
export function holdConnections(count: number): SetUp {
  return client => {
    for (let n = -count; n < 0; n++) {
      // The end of the sample breaks their connections.
      users(client)
        .findOne({ n }, { timeoutMS: 0 })
        .catch(() => undefined);
    }
  };
}

export const nextOfLifetime: Caller = ({ client }, timeoutMS, n) => {
  const cursor = users(client).find({ n }, { timeoutMS, timeoutMode: 'cursorLifetime' });
  return {
    async run() {
      await cursor.next();
      await cursor.next();
    },
    tidy: () => cursor.close(),
  };
};

export const nextOfIteration: Caller = async (stage, timeoutMS, n) => {
  const cursor = users(stage.client).find({ n }, { timeoutMS, timeoutMode: 'iteration' });
  try {
    await cursor.next();
  } catch {
    // The find did not end in time. Another one may.
    return nextOfIteration(stage, timeoutMS, n);
  }
  return { run: () => cursor.next(), tidy: () => cursor.close() };
};

export const toArray: Caller = ({ client }, timeoutMS, n) => ({
  run: () => users(client).find({ n }, { timeoutMS }).toArray(),
});

export const withTransaction: Caller = ({ client }, timeoutMS, n) =>
  transaction(client, timeoutMS, session => users(client).insertOne({ n }, { session }));

/** The time of the abort begins with the abort, so the pair begins when the callback throws. */
export const withTransactionThatThrows: Caller = async (stage, timeoutMS, n) => {
  const { client } = stage;
  const session = client.startSession();
  let fail = (): void => undefined;
  let onInserted = (): void => undefined;
  const inserted = new Promise<void>(resolve => {
    onInserted = resolve;
  });
  const failed = new Promise<void>((_resolve, reject) => {
    fail = () => reject(new CallbackError('thrown by the callback'));
  });
  const callback = async (): Promise<void> => {
    await users(client).insertOne({ n }, { session });
    onInserted();
    await failed;
  };
  const transaction = session.withTransaction(callback, { timeoutMS });
  try {
    await Promise.race([inserted, transaction]);
  } catch {
    // The insert did not end in time. Another one may.
    return withTransactionThatThrows(stage, timeoutMS, n);
  }
  return {
    run() {
      fail();
      return transaction;
    },
    tidy: () => session.endSession(),
  };
};

function transaction(
  client: MongoClient,
  timeoutMS: number,
  callback: (session: ClientSession) => Promise<unknown>,
): Ready {
  const session = client.startSession();
  return {
    run: () => session.withTransaction(callback, { timeoutMS }),
    tidy: () => session.endSession(),
  };
}

export const bulkWrite: Caller = ({ client }, timeoutMS, n) => ({
  run: () =>
    users(client).bulkWrite(
      [{ insertOne: { document: { n } } }, { updateOne: { filter: { n }, update: { $set: { done: true } } } }],
      { timeoutMS },
    ),
});

export const clientBulkWrite: Caller = ({ client }, timeoutMS, n) => ({
  run: () => client.bulkWrite([{ name: 'insertOne', namespace: 'bench.users', document: { n } }], { timeoutMS }),
});

export const connect: Caller = ({ newClient }, timeoutMS) => {
  const client = newClient({ timeoutMS });
  return { run: () => client.connect() };
};

export const lazyFindOne: Caller = ({ newClient }, timeoutMS, n) => {
  const client = newClient({ timeoutMS });
  return { run: () => users(client).findOne({ n }) };
};

export const close: Caller = async ({ newClient }, timeoutMS, n) => {
  const client = newClient({ timeoutMS });
  // So that there is a session to end.
  await users(client).findOne({ n }, { timeoutMS: 0 });
  return { run: () => client.close() };
};
