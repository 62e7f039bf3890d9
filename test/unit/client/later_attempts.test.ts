import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { SharedDeadline } from '../../../src/call/shared_deadline.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure, PRIMARY } from '../../support/engine_harness.js';
import { checkTimeout } from '../../support/ledger.js';
import { quiet } from '../../support/scripted_server.js';

/** Longer than the pause before a server is checked again. */
const TIMEOUT_MS = 1000;
const LABEL = 'RetryableWriteError';

/** What a server says to the first attempt of an insert, after 10 ms. */
const NOT_YET = failure(134, { errorLabels: [LABEL] });
const STEPPED_DOWN = failure(10107, { errorLabels: [LABEL] });

interface Scenario {
  readonly phase: string;
  readonly first: Document | 'reset';
  /** Prepares what the second attempt meets, once the first one has arrived. */
  readonly then: (harness: ClientHarness) => void;
  /** What the server says to the second attempt; null: nothing. */
  readonly second?: Document;
  readonly options?: MongoClientOptions;
}

const nothing = () => undefined;

const SCENARIOS: Record<string, Scenario> = {
  'while the server is silent': { phase: 'read', first: NOT_YET, then: nothing },
  'on the server': { phase: 'server', first: NOT_YET, then: nothing, second: failure(50) },
  'while the request is being sent': {
    phase: 'write',
    first: NOT_YET,
    then: ({ server }) => {
      for (const peer of server.openPeers) peer.stalled = true;
    },
  },
  'during server selection': {
    phase: 'serverSelection',
    first: STEPPED_DOWN,
    then: ({ server }) => {
      server.hello = () => ({ ...PRIMARY, isWritablePrimary: false, secondary: true, maxWireVersion: 25 });
    },
  },
  'while it waits for its turn in the pool': {
    phase: 'checkOut',
    first: NOT_YET,
    options: { maxPoolSize: 1 },
    then: harness => {
      harness.answer = () => null;
      harness.client.db('shop').collection('other').insertOne({}).catch(nothing);
    },
  },
  'while a new connection is made': {
    phase: 'connect',
    first: 'reset',
    then: ({ server }) => {
      const { hello } = server;
      // The monitor makes a connection of its own first.
      server.hello = command => {
        server.accepts = false;
        return hello(command);
      };
    },
  },
  'while a new connection waits for its hello': {
    phase: 'hello',
    first: 'reset',
    then: ({ server }) => {
      const { hello, peers } = server;
      const monitors = peers.length + 1;
      server.hello = command => (peers.indexOf(command.peer) < monitors ? hello(command) : null);
    },
  },
  'in the first attempt, before the second one begins': {
    phase: 'server',
    first: NOT_YET,
    then: ({ clock }) => clock.skip(TIMEOUT_MS),
  },
};

async function timeoutIn({ first, then, second, options }: Scenario) {
  const harness = await ClientHarness.connected(options);
  const { clock, client } = harness;
  const begin = clock.now();
  const failed = errorOf(
    client.db('shop').collection('orders').insertOne({}, { timeoutMS: TIMEOUT_MS }),
    MongoOperationTimeoutError,
  ).then(error => ({ error, tookMS: clock.now() - begin }));
  await quiet();
  const [command] = harness.received;
  assert.ok(command !== undefined);
  harness.answer = () => second ?? null;
  clock.skip(10);
  then(harness);
  await quiet();
  if (first === 'reset') command.peer.reset();
  else command.reply(first);
  await quiet();
  await clock.advance(2000);
  return { harness, command, ...(await failed) };
}

describe('a timeout in a later attempt', () => {
  for (const [where, scenario] of Object.entries(SCENARIOS)) {
    it(`has the error of the earlier one as its cause, with its label: ${where}`, async () => {
      const { harness, error, tookMS } = await timeoutIn(scenario);
      const { first, phase } = scenario;

      assert.equal(error.phase, phase);
      checkTimeout(error, tookMS);
      const { name, code } = error.cause as { name: string; code?: unknown };
      if (first === 'reset') assert.equal(name, 'MongoNetworkError');
      else assert.equal(code, first['code']);
      assert.ok(error.hasErrorLabel(LABEL));
      assert.equal(error.maybeApplied, true, 'the first attempt was sent');
      assert.equal(error.operationName, 'insertOne');
      assert.ok(error.attempts[0]?.error === error.cause);
      for (const peer of harness.server.peers) peer.stalled = false;
      harness.server.accepts = true;
      await harness[Symbol.asyncDispose]();
    });
  }

  it('tells what the server said of the last attempt among the attempts', async () => {
    const { harness, error } = await timeoutIn(SCENARIOS['on the server'] as Scenario);

    assert.deepEqual(
      error.attempts.map(attempt => (attempt.error as { code?: unknown } | undefined)?.code),
      [134, 50],
    );
    await harness[Symbol.asyncDispose]();
  });

  it('ends in the pause, which alone is backoff', async () => {
    const harness = await ClientHarness.connected();
    const { clock, client } = harness;
    harness.chance = 1;
    // In the end 0.6 ms are left: too little for the shortest pause.
    harness.answer = () => {
      clock.skip(harness.received.length === 1 ? 1.4 : 1);
      return NOT_YET;
    };
    const begin = clock.now();
    let tookMS = NaN;

    const failed = errorOf(
      client.db('shop').collection('orders').insertOne({}, { timeoutMS: 100 }),
      MongoOperationTimeoutError,
    ).finally(() => (tookMS = clock.now() - begin));
    await quiet();
    for (let ms = 0; ms < 300; ms++) await harness.advance(1);

    const error = await failed;
    assert.equal(error.phase, 'backoff');
    checkTimeout(error, tookMS);
    const server = error.timings.filter(({ stage }) => stage === 'server');
    const serverMS = server.reduce((all, { durationMS }) => all + durationMS, 0);
    assert.equal(serverMS.toFixed(6), (harness.received.length + 0.4).toFixed(6));
    assert.match(error.message, /^Timed out in backoff, before insert shop\.orders was sent again/);
    assert.equal((error.cause as { code?: unknown }).code, 134);
    await harness[Symbol.asyncDispose]();
  });
});

describe('time that ran out before anything was sent', () => {
  it('is that of the checkout, and no message says that a round trip takes 0.0 ms', async () => {
    await using harness = await ClientHarness.connected({ maxPoolSize: 1 });
    const { clock, client } = harness;
    const orders = client.db('shop').collection('orders');
    const first = orders.insertOne({});
    await quiet();
    const failed = errorOf(orders.findOne({}, { timeoutMS: TIMEOUT_MS }), MongoOperationTimeoutError);
    await quiet();

    // The event loop is busy until the time is over, and the connection comes before the timer is noticed.
    clock.skip(TIMEOUT_MS);
    harness.received[0]?.reply({ ok: 1, n: 1 });
    await quiet();
    await clock.advance(10);

    const error = await failed;
    assert.equal(error.phase, 'checkOut');
    assert.match(error.message, /^Timed out in checkOut, before find shop\.orders was sent/);
    assert.doesNotMatch(error.message, /round trip/);
    checkTimeout(error, TIMEOUT_MS);
    assert.deepEqual(harness.story(), ['insert']);
    await first;
  });

  it('is that of the caller if its shared deadline was over before', async () => {
    await using harness = await ClientHarness.connected();
    const { clock, client } = harness;
    const deadline = SharedDeadline.start(TIMEOUT_MS, 'Deadline.after', errorOf, clock);
    clock.skip(TIMEOUT_MS + 20);

    const error = await errorOf(
      client.db('shop').collection('orders').findOne({}, { deadline }),
      MongoOperationTimeoutError,
    );

    assert.equal(error.phase, 'caller');
    assert.match(error.message, /^Timed out in the caller's own time, before find shop\.orders was sent/);
    checkTimeout(error, 0);
  });
});
