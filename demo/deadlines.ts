import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import {
  type Collection,
  type ConnectionPendingResponseSucceededEvent,
  MongoClient,
  MongoOperationTimeoutError,
} from 'mongotempo';
import type { EventLedger } from './event_ledger.js';
import type { OperationLog } from './operation_log.js';
import type { Order } from './orders.js';
import { SlowProxy } from './slow_proxy.js';
import { field, milliseconds, say, styled } from './terminal.js';

const TIMEOUT_MS = 200;
/** Longer than the timeout, shorter than the time for which the driver waits for a late reply (1 s). */
const SLOW_MS = 600;
/** Each reply alone is fast enough; all of a cursor's together are not. */
const SLOW_BATCH_MS = 80;
const BATCH = 100;
const NOTE = 'gift wrap';

export interface DeadlineContext {
  readonly uri: string;
  readonly database: string;
  readonly collection: string;
  readonly log: OperationLog;
  readonly ledger: EventLedger;
}

/** Makes one operation run out of its time in each of four ways. Returns how many did not fail as they should. */
export async function showDeadlines(context: DeadlineContext, address: string): Promise<number> {
  let wrong = (await noServer(context)) ? 0 : 1;
  const proxy = await SlowProxy.start(address);
  const client = new MongoClient(throughProxy(context.uri, proxy.address), { maxPoolSize: 1, monitorCommands: true });
  context.ledger.watch(client);
  const orders = client.db(context.database).collection<Order>(context.collection);
  try {
    await orders.findOne({ number: 1 });
    for (const show of [poolExhausted, slowServer, slowCursor]) {
      if (!(await show(context, client, orders, proxy))) wrong++;
      proxy.delayMS = 0;
    }
  } finally {
    await client.close();
    await proxy.stop();
  }
  return wrong;
}

async function noServer(context: DeadlineContext): Promise<boolean> {
  const client = new MongoClient(`mongodb://127.0.0.1:${await closedPort()}/`, {
    timeoutMS: TIMEOUT_MS,
    monitorCommands: true,
  });
  context.ledger.watch(client);
  say(styled('cyan', '1. No server: nothing listens at that port'));
  try {
    const orders = client.db(context.database).collection<Order>(context.collection);
    return await expire(context, 'findOne', () => orders.findOne({ number: 1 }));
  } finally {
    await client.close();
  }
}

type Show = (
  context: DeadlineContext,
  client: MongoClient,
  orders: Collection<Order>,
  proxy: SlowProxy,
) => Promise<boolean>;

const poolExhausted: Show = async (context, _client, orders, proxy) => {
  say(
    styled('cyan', `2. Pool exhausted: maxPoolSize is 1, and another operation has the connection for ${SLOW_MS} ms`),
  );
  proxy.delayMS = SLOW_MS;
  const holder = orders.findOne({ number: 1 });
  const isRight = await expire(context, 'findOne', () => orders.findOne({ number: 2 }, { timeoutMS: TIMEOUT_MS }));
  await holder;
  return isRight;
};

const slowServer: Show = async (context, client, orders, proxy) => {
  say(styled('cyan', `3. Slow server: the reply to an update takes ${SLOW_MS} ms`));
  proxy.delayMS = SLOW_MS;
  const closed: unknown[] = [];
  const onClosed = (event: unknown): unknown => closed.push(event);
  client.on('connectionClosed', onClosed);
  const late = once(client, 'connectionPendingResponseSucceeded', { signal: AbortSignal.timeout(5 * SLOW_MS) }).then(
    ([event]) => (event as ConnectionPendingResponseSucceededEvent).durationMS,
    () => undefined,
  );
  const isRight = await expire(context, 'updateOne', () =>
    orders.updateOne({ number: 1 }, { $set: { note: NOTE } }, { timeoutMS: TIMEOUT_MS }),
  );
  const lateMS = await late;
  proxy.delayMS = 0;
  const order = await orders.findOne({ number: 1 });
  client.off('connectionClosed', onClosed);
  const reply =
    lateMS !== undefined && closed.length === 0
      ? `the late reply came ${milliseconds(lateMS)} later; the same connection then served the next operation, which shows`
      : 'the late reply did not come in time and the connection was closed; the next operation shows';
  field('afterwards', `${reply} that the update was ${order?.note === NOTE ? '' : 'not '}applied`);
  return isRight;
};

const slowCursor: Show = async (context, _client, orders, proxy) => {
  const title = `4. Slow cursor: each further batch of ${BATCH} orders takes ${SLOW_BATCH_MS} ms; no single wait is long, the sum is`;
  say(styled('cyan', title));
  let read = 0;
  const isRight = await expire(context, 'find (cursor)', async () => {
    const options = { batchSize: BATCH, timeoutMS: TIMEOUT_MS };
    for await (const _order of orders.find({ number: { $lte: 10 * BATCH } }, options)) {
      read++;
      proxy.delayMS = SLOW_BATCH_MS;
    }
  });
  field('read by then', `${read} of ${10 * BATCH} orders`);
  return isRight;
};

/** Runs an operation that is to time out, and shows what its error says. */
async function expire(context: DeadlineContext, kind: string, operation: () => Promise<unknown>): Promise<boolean> {
  const begin = performance.now();
  const error = await context.log.run(`${kind}, to time out`, TIMEOUT_MS, operation);
  const took = performance.now() - begin;
  if (!(error instanceof MongoOperationTimeoutError)) {
    say(
      styled(
        'red',
        `  did not time out: ${error instanceof Error ? `${error.name}: ${error.message}` : 'it succeeded'}`,
      ),
    );
    return false;
  }
  field('rejected', `after ${milliseconds(took)}, ${milliseconds(took - TIMEOUT_MS)} after its time`);
  field('class', error.name);
  field('message', error.message);
  field('phase', error.phase ?? 'unknown');
  field('timings', error.timings.map(({ stage, durationMS }) => `${stage} ${milliseconds(durationMS)}`).join(', '));
  field('namespace', error.namespace ?? 'unknown');
  field('host', error.host ?? 'none: no server was involved');
  const { maybeApplied, eventLoopDelayMS, cause } = error;
  if (maybeApplied !== undefined) {
    field(
      'maybeApplied',
      `${maybeApplied}: ${maybeApplied ? 'the command was sent in full' : 'the command was never sent'}`,
    );
  }
  if (eventLoopDelayMS !== undefined) field('event loop', `busy for ${milliseconds(eventLoopDelayMS)}`);
  if (cause !== undefined)
    field('cause', error.message.includes(cause.message) ? cause.name : `${cause.name}: ${cause.message}`);
  return true;
}

/** The same connection string, with the proxy in the place of the hosts. */
function throughProxy(uri: string, address: string): string {
  const [, scheme = '', user = '', rest = ''] = /^(mongodb:\/\/)((?:[^@/]*@)?)[^/?]*(.*)$/s.exec(uri) ?? [];
  if (scheme === '') throw new Error('The demo needs a connection string that begins with mongodb://');
  const [path = '', query = ''] = rest.split('?');
  const options = query.split('&').filter(option => option !== '' && !/^(replicaSet|directConnection)=/i.test(option));
  return `${scheme}${user}${address}${path === '' ? '/' : path}?${[...options, 'directConnection=true'].join('&')}`;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
