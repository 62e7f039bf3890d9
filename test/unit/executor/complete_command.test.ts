import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, Timestamp } from '../../../src/bson/index.js';
import { ReadConcern } from '../../../src/concern/read_concern.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import {
  EngineHarness,
  endOfTransaction,
  errorOf,
  LOAD_BALANCED,
  MONGOS,
  type OperationOverrides,
  PRIMARY,
  type RunOptions,
  read,
  unacknowledgedWrite,
  userCommand,
  write,
} from '../../support/engine_harness.js';
import { STANDALONE } from '../../support/scripted_server.js';

const STANDS_ALONE = { hellos: { 'a:27017': STANDALONE } };

/** The body of the command that an operation sends. */
async function sent(harness: EngineHarness, operation = read(), options?: RunOptions): Promise<Document> {
  await harness.runAnswered(operation, [{ ok: 1 }], options);
  return harness.received.at(-1)?.body ?? {};
}

describe('a command, whatever it is', () => {
  it('has its name first, and names its database and its session', async () => {
    const harness = await EngineHarness.open();

    const body = await sent(harness);

    assert.deepEqual(Object.keys(body), ['find', 'filter', '$db', 'lsid']);
    assert.equal(body['$db'], 'shop');
    await harness.close();
  });

  it('is built anew for each attempt, for the connection at hand', async () => {
    const harness = await EngineHarness.open();
    const types: string[] = [];

    await harness.runAnswered(
      read({
        command({ connection }) {
          types.push(connection.server.type);
          return { find: 'orders', attempt: types.length };
        },
      }),
      [{ ok: 0, code: 6, errmsg: 'unreachable' }, { ok: 1 }],
    );

    assert.deepEqual(types, ['RSPrimary', 'RSPrimary']);
    assert.deepEqual(
      harness.received.map(({ body }) => body['attempt'] as unknown),
      [1, 2],
    );
    await harness.close();
  });

  it('carries the versioned API that the client declares', async () => {
    const harness = await EngineHarness.open({ options: { serverApi: { version: '1', strict: true } } });

    for (const operation of [read(), write(), userCommand({ ping: 1 })]) {
      const body = await sent(harness, operation);
      assert.equal(body['apiVersion'], '1');
      assert.equal(body['apiStrict'], true);
    }
    await harness.close();
  });

  it('carries no versioned API unless the client declares one', async () => {
    const harness = await EngineHarness.open();

    assert.deepEqual(
      Object.keys(await sent(harness)).filter(name => name.startsWith('api')),
      [],
    );
    await harness.close();
  });
});

describe('a command, $readPreference', () => {
  const nearest = ReadPreference.nearest;

  it('is on a read whose mode is not primary', async () => {
    const harness = await EngineHarness.open();

    assert.deepEqual((await sent(harness, read({ readPreference: nearest })))['$readPreference'], { mode: 'nearest' });
    assert.equal((await sent(harness, read()))['$readPreference'], undefined);
    await harness.close();
  });

  it('is not on a write', async () => {
    const harness = await EngineHarness.open();

    assert.equal((await sent(harness, write({ readPreference: nearest })))['$readPreference'], undefined);
    await harness.close();
  });

  it('is not on a read that servers are told it only from a later version on', async () => {
    const harness = await EngineHarness.open();
    const since = (readPreferenceSince: number) => read({ readPreference: nearest, readPreferenceSince });

    assert.equal((await sent(harness, since(22)))['$readPreference'], undefined);
    assert.deepEqual((await sent(harness, since(21)))['$readPreference'], { mode: 'nearest' });
    await harness.close();
  });

  it('lets a member that is addressed directly answer whatever its state is', async () => {
    const harness = await EngineHarness.open({ options: { directConnection: true } });

    assert.deepEqual((await sent(harness))['$readPreference'], { mode: 'primaryPreferred' });
    await harness.close();
  });
});

describe('a command, txnNumber', () => {
  it('counts the retryable writes of a session', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session();

    const numbers = [];
    for (let count = 0; count < 3; count++) numbers.push((await sent(harness, write({ session })))['txnNumber']);

    assert.deepEqual(numbers, [1, 2, 3]);
    await harness.close();
  });

  it('is on no read, no write that must not be retried, and no unacknowledged write', async () => {
    const harness = await EngineHarness.open();
    const unretried = await EngineHarness.open({ options: { retryWrites: false } });

    assert.equal((await sent(harness, read()))['txnNumber'], undefined);
    assert.equal((await sent(harness, write({ retryable: false })))['txnNumber'], undefined);
    assert.equal((await sent(unretried, write()))['txnNumber'], undefined);
    await harness.run(unacknowledgedWrite());
    assert.equal(harness.received.at(-1)?.body['txnNumber'], undefined);
    await harness.close();
    await unretried.close();
  });

  it('is that of the transaction on all of its commands and on its end', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({}, 'inTransaction');
    session.serverSession(30).txnNumber = 41;

    const bodies = [await sent(harness, read({ session })), await sent(harness, write({ session }))];
    session.transaction.commit();
    bodies.push(await sent(harness, endOfTransaction(session)));

    assert.deepEqual(
      bodies.map(body => ['txnNumber', 'autocommit', 'startTransaction'].map(name => body[name] as unknown)),
      [
        [41, false, true],
        [41, false, undefined],
        [41, false, undefined],
      ],
    );
    assert.equal(session.serverSession(30).txnNumber, 41);
    await harness.close();
  });
});

describe('a command in a session', () => {
  const time = (t: number) => new Timestamp({ t, i: 1 });

  it('has what the session asks for', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({}, { readConcern: new ReadConcern('majority') });

    const body = await sent(harness, read({ session }));

    assert.deepEqual(body['readConcern'], { level: 'majority' });
    await harness.close();
  });

  it('reads after the last operation of a causal session once a cluster time is known', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({ causal: true });
    const reply = { ok: 1, operationTime: time(5) };

    await harness.runAnswered(read({ session }), [reply]);
    assert.equal((await sent(harness, read({ session })))['readConcern'], undefined);
    await harness.runAnswered(read({ session }), [{ ...reply, $clusterTime: { clusterTime: time(5) } }]);
    const body = await sent(harness, read({ session }));

    assert.deepEqual(body['readConcern'], { afterClusterTime: time(5) });
    await harness.close();
  });
});

describe('a command, $clusterTime', () => {
  const clusterTime = (t: number) => ({ clusterTime: new Timestamp({ t, i: 1 }) });

  it('is absent until a server has sent one', async () => {
    const harness = await EngineHarness.open();

    assert.equal((await sent(harness))['$clusterTime'], undefined);
    await harness.close();
  });

  it('is the newest that any reply has told, also that to a command that failed', async () => {
    const harness = await EngineHarness.open();

    await harness.runAnswered(read(), [{ ok: 1, $clusterTime: clusterTime(5) }]);
    assert.deepEqual((await sent(harness))['$clusterTime'], clusterTime(5));
    await errorOf(harness.runAnswered(read(), [{ ok: 0, code: 2, errmsg: 'no', $clusterTime: clusterTime(9) }]));
    assert.deepEqual((await sent(harness))['$clusterTime'], clusterTime(9));
    await harness.runAnswered(read(), [{ ok: 1, $clusterTime: clusterTime(7) }]);

    assert.deepEqual((await sent(harness))['$clusterTime'], clusterTime(9));
    await harness.close();
  });

  it('is that of the session if it is newer than that of the client, and the other way round', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session();
    session.clusterClock.advance(clusterTime(20));

    await harness.runAnswered(read(), [{ ok: 1, $clusterTime: clusterTime(5) }]);
    assert.deepEqual((await sent(harness, read({ session })))['$clusterTime'], clusterTime(20));
    assert.deepEqual((await sent(harness))['$clusterTime'], clusterTime(5));
    await harness.runAnswered(read(), [{ ok: 1, $clusterTime: clusterTime(30) }]);

    assert.deepEqual((await sent(harness, read({ session })))['$clusterTime'], clusterTime(30));
    await harness.close();
  });

  it('is on a command that has no session', async () => {
    const harness = await EngineHarness.open();

    await harness.runAnswered(read(), [{ ok: 1, $clusterTime: clusterTime(5) }]);
    await harness.run(unacknowledgedWrite());

    const body = harness.received.at(-1)?.body ?? {};
    assert.deepEqual(body['$clusterTime'], clusterTime(5));
    assert.equal(body['lsid'], undefined);
    await harness.close();
  });

  it('is not sent to a server that stands alone', async () => {
    const harness = await EngineHarness.open(STANDS_ALONE);

    await harness.runAnswered(read(), [{ ok: 1, $clusterTime: clusterTime(5) }]);

    const body = await sent(harness);
    assert.equal(body['$clusterTime'], undefined);
    assert.notEqual(body['lsid'], undefined);
    await harness.close();
  });

  it('is sent to a mongos behind a load balancer', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);

    await harness.runAnswered(read(), [{ ok: 1, $clusterTime: clusterTime(5) }]);

    assert.deepEqual((await sent(harness))['$clusterTime'], clusterTime(5));
    await harness.close();
  });
});

describe('a command, maxTimeMS', () => {
  const maxTimeOf = async (harness: EngineHarness, overrides: OperationOverrides, options?: RunOptions) =>
    (await sent(harness, read(overrides), options))['maxTimeMS'] as unknown;

  it('is what remains of timeoutMS less the fastest round trip', async () => {
    const harness = await EngineHarness.open({ roundTripMS: 20 });

    assert.equal(await maxTimeOf(harness, {}, { timeoutMS: 500 }), 480);
    const call = harness.call({ timeoutMS: 500 });
    harness.clock.skip(100.5);

    assert.equal(await maxTimeOf(harness, {}, { call }), 379);
    await harness.close();
  });

  it('is absent without timeoutMS, and where timeoutMS is 0', async () => {
    const harness = await EngineHarness.open({ roundTripMS: 20 });

    assert.equal(await maxTimeOf(harness, {}), undefined);
    assert.equal(await maxTimeOf(harness, {}, { timeoutMS: 0 }), undefined);
    await harness.close();
  });

  it('is absent from an operation that asks for none', async () => {
    const harness = await EngineHarness.open();

    assert.equal(await maxTimeOf(harness, { maxTime: 'omit' }, { timeoutMS: 500 }), undefined);
    await harness.close();
  });

  it('is at most what the operation says, and less if less remains', async () => {
    const harness = await EngineHarness.open({ roundTripMS: 20 });

    assert.equal(await maxTimeOf(harness, { maxTime: 300 }, { timeoutMS: 500 }), 300);
    assert.equal(await maxTimeOf(harness, { maxTime: 300 }, { timeoutMS: 200 }), 180);
    assert.equal(await maxTimeOf(harness, { maxTime: 300 }, { timeoutMS: 0 }), 300);
    assert.equal(await maxTimeOf(harness, { maxTime: 300 }), undefined);
    await harness.close();
  });

  it('keeps the command from being sent if a round trip takes all the time that remains', async () => {
    const harness = await EngineHarness.open({ roundTripMS: 20 });

    const error = await errorOf(harness.run(read(), { timeoutMS: 20 }));

    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.equal(error.phase, 'preSend');
    assert.equal(error.maybeApplied, false);
    assert.equal(error.host, 'a:27017');
    assert.equal(error.namespace, 'shop.orders');
    assert.match(
      error.message,
      /before find shop\.orders was sent: a round trip to a:27017 takes at least 20\.0 ms, 20\.0 ms are left/,
    );
    assert.equal(error.connectionId, 1);
    assert.deepEqual(harness.story(), []);
    assert.deepEqual(harness.events.names('commandStarted'), []);
    harness.assertReleased();
    assert.equal(harness.serverAt().pool.stats().idle, 1);
    await harness.close();
  });

  it('is 1 ms if less than that remains, since 0 would mean no limit', async () => {
    const harness = await EngineHarness.open({ roundTripMS: 20 });

    assert.equal(await maxTimeOf(harness, {}, { timeoutMS: 20.5 }), 1);
    await harness.close();
  });
});

describe('a command, the timeouts that timeoutMS replaces', () => {
  const command = () => ({
    insert: 'orders',
    maxTimeMS: 7000,
    writeConcern: { w: 'majority', wtimeout: 3000 },
  });

  it('stay without timeoutMS', async () => {
    const harness = await EngineHarness.open();

    const body = await sent(harness, write({ command }));

    assert.equal(body['maxTimeMS'], 7000);
    assert.deepEqual(body['writeConcern'], { w: 'majority', wtimeout: 3000 });
    await harness.close();
  });

  it('are taken off under timeoutMS, 0 included', async () => {
    const harness = await EngineHarness.open();

    const limited = await sent(harness, write({ command }), { timeoutMS: 500 });
    assert.equal(limited['maxTimeMS'], 500);
    assert.deepEqual(limited['writeConcern'], { w: 'majority' });
    const unlimited = await sent(harness, write({ command }), { timeoutMS: 0 });

    assert.equal(unlimited['maxTimeMS'], undefined);
    assert.deepEqual(unlimited['writeConcern'], { w: 'majority' });
    await harness.close();
  });

  it('are taken off an operation that gets no maxTimeMS either', async () => {
    const harness = await EngineHarness.open();

    const body = await sent(harness, write({ command, maxTime: 'omit' }), { timeoutMS: 500 });

    assert.equal(body['maxTimeMS'], undefined);
    assert.deepEqual(body['writeConcern'], { w: 'majority' });
    await harness.close();
  });

  it('leave no empty write concern behind', async () => {
    const harness = await EngineHarness.open();
    const only = () => ({ insert: 'orders', writeConcern: { wtimeout: 3000 } });

    const body = await sent(harness, write({ command: only }), { timeoutMS: 500 });

    assert.equal('writeConcern' in body, false);
    await harness.close();
  });

  it('leave a write concern without wtimeout as it is, even an empty one', async () => {
    const harness = await EngineHarness.open();

    for (const writeConcern of [{ w: 1, j: true }, {}]) {
      const plain = () => ({ insert: 'orders', writeConcern });
      assert.deepEqual(
        (await sent(harness, write({ command: plain }), { timeoutMS: 500 }))['writeConcern'],
        writeConcern,
      );
    }
    await harness.close();
  });

  it('are taken off the command inside of an explain', async () => {
    const harness = await EngineHarness.open();
    const explain = () => ({ explain: command(), verbosity: 'queryPlanner' });

    const body = await sent(harness, read({ command: explain }), { timeoutMS: 500 });

    assert.deepEqual(body['explain'], { insert: 'orders', writeConcern: { w: 'majority' } });
    assert.equal(body['maxTimeMS'], 500);
    await harness.close();
  });

  it('do not trouble a command whose explain is a flag or null', async () => {
    const harness = await EngineHarness.open();

    for (const explain of [true, null]) {
      const flagged = () => ({ aggregate: 'orders', pipeline: [], explain });
      const body = await sent(harness, read({ command: flagged }), { timeoutMS: 500 });
      assert.equal(body['explain'], explain);
    }
    await harness.close();
  });

  it('leave the object of a write concern that others share unchanged', async () => {
    const harness = await EngineHarness.open();
    const writeConcern = Object.freeze({ w: 1, wtimeout: 3000 });

    const shared = () => ({ insert: 'orders', writeConcern });
    assert.deepEqual((await sent(harness, write({ command: shared }), { timeoutMS: 500 }))['writeConcern'], { w: 1 });
    assert.deepEqual(writeConcern, { w: 1, wtimeout: 3000 });
    await harness.close();
  });

  it('never raise a maxTimeMS that the user has put on a command of their own', async () => {
    const harness = await EngineHarness.open();

    const body = await sent(harness, userCommand({ ping: 1, maxTimeMS: 40 }), { timeoutMS: 500 });

    assert.equal(body['maxTimeMS'], 40);
    await harness.close();
  });

  it('are not sent twice if the user’s own command has a maxTimeMS that is undefined', async () => {
    const harness = await EngineHarness.open();

    let text = '';
    const checkEncoded = (message: Buffer) => {
      text = message.toString('latin1');
    };

    await sent(harness, userCommand({ ping: 1, maxTimeMS: undefined }, { checkEncoded }), { timeoutMS: 500 });

    assert.equal(text.split('maxTimeMS').length - 1, 1);
    await harness.close();
  });

  it('stay on the user’s own command, whose longer maxTimeMS gives way to what remains', async () => {
    const harness = await EngineHarness.open();

    const body = await sent(harness, userCommand(command()), { timeoutMS: 500 });

    assert.deepEqual(body['writeConcern'], { w: 'majority', wtimeout: 3000 });
    assert.equal(body['maxTimeMS'], 500);
    const own = await sent(harness, userCommand(command(), { maxTime: 'omit' }), { timeoutMS: 500 });
    assert.equal(own['maxTimeMS'], 7000);
    await harness.close();
  });

  it('are those of the command that ends a transaction too', async () => {
    const harness = await EngineHarness.open({ hellos: { 'a:27017': MONGOS } });
    const session = harness.session({}, 'inTransaction');
    await harness.runAnswered(write({ session }), [{ ok: 1 }]);
    session.transaction.commit();
    const commit = () => ({ commitTransaction: 1, writeConcern: { w: 'majority', wtimeout: 10_000 }, maxTimeMS: 9000 });

    const body = await sent(harness, endOfTransaction(session, 'commitTransaction', { command: commit }), {
      timeoutMS: 500,
    });

    assert.deepEqual(body['writeConcern'], { w: 'majority' });
    assert.equal(body['maxTimeMS'], 500);
    await harness.close();
  });
});

describe('a command, the limits of its connection', () => {
  it('sends only as many documents as the server takes', async () => {
    const harness = await EngineHarness.open({ hellos: { 'a:27017': { ...PRIMARY, maxWriteBatchSize: 2 } } });
    const documents = [{ _id: 1 }, { _id: 2 }, { _id: 3 }];
    const operation = write({
      sequence: { field: 'documents', documents, from: 0 },
      result: ({ taken, address }) => ({ taken, address }),
    });

    assert.deepEqual(await harness.runAnswered(operation, [{ ok: 1 }]), { taken: 2, address: 'a:27017' });
    await harness.close();
  });
});
