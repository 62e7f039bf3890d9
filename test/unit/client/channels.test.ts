import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { ConnectionClosedEvent, ConnectionCreatedEvent, ConnectionReadyEvent } from '../../../src/events/pool.js';
import { EventPublisher } from '../../../src/events/publisher.js';
import { TopologyOpeningEvent } from '../../../src/events/topology.js';
import { MongoChannel, type MongoChannelMessages, MongoTracingChannel, ReadPreference } from '../../../src/index.js';
import { ChannelSink } from '../../../src/sinks/channel_sink.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import { FakeClock } from '../../support/fake_clock.js';

type AnyMessage = MongoChannelMessages[MongoTracingChannel];
type SubChannel = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';

const SUB_CHANNELS: readonly SubChannel[] = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];

/** What a tracing channel publishes, from now until the end of the block. */
function heardOn(name: MongoTracingChannel, only: readonly SubChannel[] = SUB_CHANNELS) {
  const heard: { readonly sub: SubChannel; readonly message: AnyMessage }[] = [];
  const listeners = Object.fromEntries(
    only.map(sub => [sub, (message: unknown) => void heard.push({ sub, message: message as AnyMessage })]),
  ) as unknown as Parameters<ReturnType<typeof tracingChannel>['subscribe']>[0];
  const channel = tracingChannel(name);
  channel.subscribe(listeners);
  return {
    heard,
    subs: () => heard.map(({ sub }) => sub),
    [Symbol.dispose]: () => channel.unsubscribe(listeners),
  };
}

/** What a plain channel publishes, from now until the end of the block. */
function eventsOn<N extends MongoChannel>(name: N) {
  const messages: MongoChannelMessages[N][] = [];
  const listener = (message: unknown) => void messages.push(message as MongoChannelMessages[N]);
  subscribe(name, listener);
  return {
    messages,
    names: () => messages.map(({ event }) => event.name),
    [Symbol.dispose]: () => void unsubscribe(name, listener),
  };
}

async function setUp(options?: MongoClientOptions) {
  const harness = await ClientHarness.connected(options, { checksEvents: false });
  harness.answer = () => ({ ok: 1, n: 1 });
  return Object.assign(harness, { orders: harness.client.db('shop').collection('orders') });
}

const WHOLE: readonly SubChannel[] = ['start', 'end', 'asyncStart', 'asyncEnd'];

describe('channels of node:diagnostics_channel', () => {
  it('publish that an operation waits for a suitable server, with its context', async () => {
    await using harness = await setUp({ serverSelectionTimeoutMS: 100 });
    using topology = eventsOn(MongoChannel.Topology);

    const finding = errorOf(
      harness.orders.findOne({}, { readPreference: new ReadPreference('secondary', [{ dc: 'none' }]) }),
    );
    await harness.advance(200);
    await finding;

    const [waiting] = topology.messages.filter(({ event }) => event.name === 'waitingForSuitableServer');
    assert.equal(waiting?.context?.operationName, 'findOne');
  });

  it('publish an operation with one context object, which tells its client, its call and both events', async () => {
    await using harness = await setUp();
    using operations = heardOn(MongoTracingChannel.Operation);

    await harness.orders.insertOne({});

    assert.deepEqual(operations.subs(), WHOLE);
    const [first] = operations.heard;
    assert.ok(operations.heard.every(({ message }) => message === first!.message));
    const { client, context, started, ended } = first!.message as MongoChannelMessages['mongodb:operation'];
    assert.equal(client, harness.client);
    assert.equal(context?.operationName, 'insertOne');
    assert.equal(started.name, 'operationStarted');
    assert.equal(ended?.name, 'operationSucceeded');
    assert.equal('error' in first!.message, false);
  });

  it('publish each attempt of a command, its selection and its check-out, with the call that caused them', async () => {
    await using harness = await setUp();
    using commands = heardOn(MongoTracingChannel.Command);
    using checkOuts = heardOn(MongoTracingChannel.CheckOut);
    using selections = heardOn(MongoTracingChannel.ServerSelection);
    using retries = eventsOn(MongoChannel.Retry);
    const answers = [failure(91), { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } }];
    harness.answer = () => answers.shift() ?? { ok: 1 };

    const finding = harness.orders.findOne({});
    await harness.advance(10_000);
    await finding;

    assert.deepEqual(commands.subs(), ['start', 'end', 'error', 'asyncStart', 'asyncEnd', ...WHOLE]);
    assert.deepEqual(checkOuts.subs(), [...WHOLE, ...WHOLE]);
    assert.deepEqual(selections.subs(), [...WHOLE, ...WHOLE]);
    assert.deepEqual(retries.names(), ['operationRetried']);
    const [failed] = commands.heard as { readonly message: MongoChannelMessages['mongodb:command'] }[];
    assert.equal(failed!.message.ended?.name, 'commandFailed');
    assert.equal((failed!.message.error as { code?: number }).code, 91);
    const contexts = [...commands.heard, ...checkOuts.heard, ...selections.heard].map(({ message }) => message.context);
    assert.equal(new Set(contexts).size, 1);
  });

  it('publish the failure of an operation as the caller gets it', async () => {
    await using harness = await setUp();
    using operations = heardOn(MongoTracingChannel.Operation);
    harness.answer = () => failure(8000);

    const error = await errorOf(harness.orders.insertOne({}));

    assert.deepEqual(operations.subs(), ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    assert.equal(operations.heard[0]!.message.error, error);
  });

  it('publish to those who subscribe to one sub-channel only', async () => {
    await using harness = await setUp();
    using ends = heardOn(MongoTracingChannel.Command, ['asyncEnd']);

    await harness.orders.insertOne({});

    assert.deepEqual(ends.subs(), ['asyncEnd']);
  });

  it('publish how a connection is established, and what becomes of pools and of the topology', async () => {
    using connects = heardOn(MongoTracingChannel.Connect);
    using pools = eventsOn(MongoChannel.Pool);
    using topologies = eventsOn(MongoChannel.Topology);
    {
      await using _harness = await setUp();
    }
    assert.deepEqual(connects.subs(), WHOLE);
    assert.equal(
      (connects.heard[0]!.message as MongoChannelMessages['mongodb:connect']).ended?.name,
      'connectionReady',
    );
    assert.ok(
      ['connectionPoolCreated', 'connectionCreated', 'connectionClosed', 'connectionPoolClosed'].every(name =>
        pools.names().includes(name as never),
      ),
    );
    assert.equal(topologies.names()[0], 'topologyOpening');
    assert.equal(topologies.names().at(-1), 'topologyClosed');
    assert.ok(topologies.names().includes('serverHeartbeatSucceeded'));
  });

  it('do not take a connection for one that failed because a subscriber left while it was established', () => {
    const publisher = new EventPublisher([], new FakeClock(), null, null, new ChannelSink({}));
    const connection = { address: 'a:27017', connectionId: 1 };
    {
      using connects = heardOn(MongoTracingChannel.Connect);
      publisher.publish('connectionCreated', stamp => new ConnectionCreatedEvent(connection, stamp), null);
      assert.deepEqual(connects.subs(), ['start', 'end']);
    }
    publisher.publish(
      'connectionReady',
      stamp => new ConnectionReadyEvent({ ...connection, durationMS: 1 }, stamp),
      null,
    );
    assert.equal(publisher.wants('connectionClosed'), false);
    {
      using connects = heardOn(MongoTracingChannel.Connect);
      const closed = { ...connection, reason: 'idle' } as const;
      publisher.publish('connectionClosed', stamp => new ConnectionClosedEvent(closed, stamp), null);
      assert.deepEqual(connects.subs(), []);
    }
  });

  it('take up and drop subscribers at any time, also while an operation runs', async () => {
    await using harness = await setUp();
    const names: string[] = [];
    harness.answer = () => null;
    const inserting = harness.orders.insertOne({});
    await harness.advance(0);
    {
      using commands = heardOn(MongoTracingChannel.Command);
      // The one that runs began before.
      harness.answer = () => ({ ok: 1, n: 1 });
      await harness.orders.insertOne({});
      names.push(...commands.subs());
    }
    await harness.orders.insertOne({});
    assert.deepEqual(names, WHOLE);
    await harness.client.close();
    await errorOf(inserting);
  });

  it('publish in the asynchronous context of the caller', async () => {
    await using harness = await setUp();
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const listener = () => void seen.push(storage.getStore());
    for (const sub of ['start', 'asyncEnd']) subscribe(`tracing:${MongoTracingChannel.Command}:${sub}`, listener);
    try {
      await Promise.all(['a', 'b'].map(name => storage.run(name, () => harness.orders.insertOne({}))));
    } finally {
      for (const sub of ['start', 'asyncEnd']) unsubscribe(`tracing:${MongoTracingChannel.Command}:${sub}`, listener);
    }
    assert.deepEqual(seen.toSorted(), ['a', 'a', 'b', 'b']);
  });

  it('build nothing without subscribers', () => {
    const publisher = new EventPublisher([], new FakeClock(), null, null, new ChannelSink({}));
    let built = 0;
    const publish = () =>
      publisher.publish(
        'topologyOpening',
        stamp => (built++, new TopologyOpeningEvent({ topologyId: 1 }, stamp)),
        null,
      );

    publish();
    assert.deepEqual([built, publisher.wants('commandStarted'), publisher.wantsCalls], [0, false, false]);
    {
      using topologies = eventsOn(MongoChannel.Topology);
      publish();
      assert.deepEqual([built, topologies.names().length], [1, 1]);
    }
    publish();
    assert.equal(built, 1);
  });
});
