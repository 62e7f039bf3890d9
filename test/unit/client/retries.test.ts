import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { orders } from './waiting_methods.js';

/** The outcome of an operation, and when its attempts began: milliseconds after its start. */
interface Story {
  readonly error: unknown;
  readonly attemptsAt: readonly number[];
  readonly endedAt: number;
}

/** Runs an operation, milliseconds by milliseconds, until it ends. */
async function follow(harness: ClientHarness, run: () => Promise<unknown>, command: string): Promise<Story> {
  const { clock, answer } = harness;
  const startedAt = clock.now();
  const attemptsAt: number[] = [];
  harness.answer = received => {
    if (received.name === command) attemptsAt.push(clock.now() - startedAt);
    return answer(received);
  };
  let error: unknown = null;
  let endedAt = null as number | null;
  run().then(
    () => (endedAt = clock.now() - startedAt),
    (reason: unknown) => {
      error = reason;
      endedAt = clock.now() - startedAt;
    },
  );
  await quiet();
  while (endedAt === null) await harness.advance(0.5);
  return { error, attemptsAt, endedAt };
}

const refusal = (code: number, errorLabels: readonly string[] = []): Document => ({
  ok: 0,
  code,
  errmsg: 'no',
  errorLabels,
});
const OVERLOAD = ['SystemOverloadedError', 'RetryableError'];
const found = { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } };

/** Milliseconds between the attempts. */
function pausesOf({ attemptsAt }: Story): number[] {
  return attemptsAt.slice(1).map((at, index) => at - (attemptsAt[index] ?? 0));
}

async function connected(options: MongoClientOptions = {}): Promise<ClientHarness> {
  const harness = await ClientHarness.connected(options);
  harness.chance = 1;
  return harness;
}

describe('retries under timeoutMS', () => {
  for (const [what, command, answer, run] of [
    [
      'a read that is refused by code 134',
      'find',
      refusal(134),
      (harness: ClientHarness) => orders(harness.client).findOne({}, { timeoutMS: 1000 }),
    ],
    [
      'a write whose server says that it may be retried',
      'insert',
      refusal(91, ['RetryableWriteError']),
      (harness: ClientHarness) => orders(harness.client).insertOne({}, { timeoutMS: 1000 }),
    ],
  ] as const) {
    it(`of ${what} follow at once, then after pauses up to 100 ms, until there is no time for another`, async () => {
      // The server answers hello all the same: the tests of the topology are about what it does.
      await using harness = await connected({ minHeartbeatFrequencyMS: 1 });
      harness.answer = ({ name }) => (name === command ? answer : found);

      const story = await follow(harness, () => run(harness), command);

      assert.ok(story.error instanceof MongoOperationTimeoutError);
      assert.ok(story.error.cause instanceof MongoServerError);
      assert.equal(story.endedAt, 1000);
      assert.ok(story.attemptsAt.length > 15);
      assert.ok((story.attemptsAt.at(-1) ?? 0) > 990, `the last attempt began at ${story.attemptsAt.at(-1)}`);
      const pauses = pausesOf(story);
      if (command === 'find') assert.deepEqual(pauses.slice(0, 8), [0, 0, 0, 0, 2, 4, 8, 16]);
      assert.ok(Math.max(...pauses) <= 101);
    });
  }

  it('of a broken connection begin as soon as the server is known again', async () => {
    await using harness = await connected();
    let broken = 0;
    harness.answer = ({ name, peer }) => {
      if (name !== 'find') return { ok: 1 };
      if (++broken > 2) return found;
      peer.reset();
      return null;
    };

    const story = await follow(harness, () => orders(harness.client).findOne({}, { timeoutMS: 5000 }), 'find');

    assert.equal(story.error, null);
    // The monitor checks at once, and then at most every 500 ms (minHeartbeatFrequencyMS).
    assert.ok(story.endedAt <= 1000, `it ended after ${story.endedAt} ms`);
  });

  it('after overload are at most 2, with the backoff of the specification', async () => {
    await using harness = await connected();
    harness.chance = 0.5;
    harness.answer = ({ name }) => (name === 'find' ? refusal(462, OVERLOAD) : found);

    const story = await follow(harness, () => orders(harness.client).findOne({}, { timeoutMS: 5000 }), 'find');

    assert.ok(story.error instanceof MongoServerError);
    assert.deepEqual(pausesOf(story), [100, 200]);
  });

  it('after overload are none if the backoff would end after the deadline', async () => {
    await using harness = await connected();
    harness.answer = ({ name }) => (name === 'find' ? refusal(462, OVERLOAD) : found);

    const story = await follow(harness, () => orders(harness.client).findOne({}, { timeoutMS: 150 }), 'find');

    assert.ok(story.error instanceof MongoOperationTimeoutError);
    assert.equal(story.endedAt, 0);
    assert.equal(story.attemptsAt.length, 1);
  });

  it('of a refused connection wait for the server, which its monitor finds gone, and not for a third backoff', async () => {
    await using harness = await connected({ heartbeatFrequencyMS: 60_000 });
    const { server, client, clock } = harness;
    harness.answer = ({ name }) => (name === 'find' ? found : { ok: 1 });
    // The monitor asks once a minute, and its connection ends unnoticed with the server.
    await harness.advance(1000);
    for (const peer of server.openPeers) peer.close();
    await quiet();
    server.accepts = false;
    const refuse = setRefusing(harness);
    const restartedAt = clock.now() + 3000;

    const finding = follow(harness, () => orders(client).findOne({}, { timeoutMS: 10_000 }), 'find');
    while (clock.now() < restartedAt) {
      await quiet();
      refuse();
      await quiet();
    }
    server.accepts = true;
    for (const peer of server.openPeers) peer.accept();
    const story = await finding;

    assert.equal(story.error, null);
    assert.ok(story.endedAt >= 3000 && story.endedAt <= 3501, `it ended after ${story.endedAt} ms`);
  });

  it('of a connection that is refused while the monitor’s is not are those after overload', async () => {
    await using harness = await connected();
    const { server, client } = harness;
    const [monitor] = server.peers;
    for (const peer of server.openPeers) if (peer !== monitor) peer.close();
    await quiet();
    server.accepts = false;
    const refuse = setRefusing(harness);
    let story = null as Story | null;

    void follow(harness, () => orders(client).findOne({}, { timeoutMS: 10_000 }), 'find').then(
      ended => (story = ended),
    );
    while (story === null) {
      await quiet();
      refuse();
    }

    assert.ok(story.error instanceof MongoNetworkError);
    // Three connections beside those that were there.
    assert.equal(server.peers.length, 5);
  });
});

/** Refuses the connections that are not accepted. */
function setRefusing({ server }: ClientHarness): () => void {
  let seen = server.peers.length;
  return () => {
    for (const peer of server.peers.slice(seen)) {
      peer.reset(Object.assign(new Error('connect ECONNREFUSED a:27017'), { code: 'ECONNREFUSED' }));
    }
    seen = server.peers.length;
  };
}

describe('retries of withTransaction', () => {
  it('begin the transaction again after a growing backoff, as long as one ends before the deadline', async () => {
    await using harness = await connected();
    const { client } = harness;
    harness.answer = ({ name }) => (name === 'insert' ? refusal(112, ['TransientTransactionError']) : { ok: 1 });
    const session = client.startSession();

    const story = await follow(
      harness,
      () => session.withTransaction(() => orders(client).insertOne({}, { session }), { timeoutMS: 100 }),
      'insert',
    );

    assert.ok(story.error instanceof MongoOperationTimeoutError);
    assert.ok(story.error.hasErrorLabel('TransientTransactionError'));
    // 5 ms, times 1.5 for each attempt; the one after the last would be 57 ms, and end too late.
    const rounded = story.attemptsAt.map(at => Math.round(at));
    assert.deepEqual(rounded, [0, 8, 19, 36, 61, 99]);
    assert.ok(story.endedAt < 100);
  });

  it('commit again at once, then after pauses up to 100 ms, while the outcome is unknown', async () => {
    await using harness = await connected();
    const { client } = harness;
    harness.answer = ({ name }) =>
      name === 'commitTransaction'
        ? { ok: 1, writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } }
        : { ok: 1, n: 1 };
    const session = client.startSession();

    const story = await follow(
      harness,
      () => session.withTransaction(() => orders(client).insertOne({}, { session }), { timeoutMS: 1000 }),
      'commitTransaction',
    );

    assert.deepEqual(pausesOf(story).slice(0, 8), [0, 0, 0, 0, 2, 4, 8, 16]);
    assert.ok((story.attemptsAt.at(-1) ?? 0) > 990);
    assert.ok(story.endedAt <= 1000);
  });
});
