import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Long, Timestamp } from '../../../src/bson/index.js';
import {
  MongoChangeStreamError,
  MongoClientClosedError,
  MongoUnexpectedServerResponseError,
} from '../../../src/errors/driver.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { MongoServerSelectionError } from '../../../src/sdam/errors.js';
import { errorOf, failure, LOAD_BALANCED } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { member, primaryMember } from '../../support/topology_harness.js';
import { isPending, killedBy, lsidOf } from './core_harness.js';
import { batchReply, StreamHarness, startOf, token } from './stream_harness.js';

const RESUMABLE = { errorLabels: ['ResumableChangeStreamError'] };
/** A server can be checked again so many milliseconds after its last check. */
const MIN_HEARTBEAT_MS = 500;
/** A code that means nothing to the driver. */
const SOME_CODE = 2;

const TIME = new Timestamp({ t: 10, i: 1 });

/** A set of two, so that there is a server to go to. */
const TWO = { hosts: ['a:27017', 'b:27017'] };
const SET_OF_TWO = {
  hellos: { 'a:27017': primaryMember('a:27017', TWO), 'b:27017': member('b:27017', { ...TWO, secondary: true }) },
};

describe('reading a change stream', () => {
  it('returns the changes of each batch in order, and moves the token with each', async () => {
    const stream = await StreamHarness.make();

    const first = stream.next();
    await stream.answer('aggregate', { changes: ['1', '2'], token: 'b1' });
    assert.equal(await first, '1');
    assert.equal(stream.token, '1');
    assert.equal(await stream.next(), '2');
    assert.equal(stream.token, 'b1');
    const third = stream.next();
    await stream.answer('getMore', { changes: [], token: 'b2' });
    await stream.answer('getMore', { changes: ['3'] });

    assert.equal(await third, '3');
    assert.deepEqual(stream.tokens, ['1', 'b1', 'b2', '3']);
    await stream.stop();
  });

  it('moves the token with a batch without changes, also when tryNext returns null', async () => {
    const stream = await StreamHarness.opened();

    const tried = stream.tryNext();
    await stream.answer('getMore', { token: 'later' });

    assert.equal(await tried, null);
    assert.equal(stream.token, 'later');
    await stream.stop();
  });

  it('ends when the server has closed the cursor, after the changes that came with that', async () => {
    const stream = await StreamHarness.opened();

    const last = stream.next();
    await stream.answer('getMore', { changes: ['drop', 'invalidate'], id: 0 });
    assert.equal(await last, 'drop');
    assert.equal(stream.core.closed, false);
    assert.equal(await stream.next(), 'invalidate');

    assert.equal(stream.core.closed, true);
    assert.equal(await stream.next(), null);
    assert.equal(stream.token, 'invalidate');
    await stream.stop();
  });

  it('reads the token from the bytes, whatever the caller makes of documents', async () => {
    const raw = await StreamHarness.make({ context: { decode: (bytes, at) => bytes.subarray(at) } });
    const reading = raw.next();
    await raw.answer('aggregate', { changes: ['1'] });

    await reading;

    assert.equal(raw.token, '1');
    await raw.stop();
  });
});

describe('a change stream that is interrupted', () => {
  it('is resumed after the last change that was returned, in the same session', async () => {
    const stream = await StreamHarness.opened({}, undefined, { changes: ['1'] });

    const next = stream.next();
    const getMore = await stream.fail('getMore', failure(SOME_CODE, RESUMABLE));
    const resume = await stream.answer('aggregate', { changes: ['2'] });

    assert.equal(await next, '2');
    assert.deepEqual(startOf(resume), { resumeAfter: token('1') });
    assert.equal(lsidOf(resume), lsidOf(getMore));
    await stream.stop();
  });

  it('lets the server forget the cursor that it leaves', async () => {
    const stream = await StreamHarness.opened();

    const next = stream.next();
    await stream.fail('getMore', failure(SOME_CODE, RESUMABLE));
    await stream.answer('aggregate', { changes: ['1'], id: 8 });
    await next;
    await quiet();

    const kills = stream.servers.received.filter(({ name }) => name === 'killCursors');
    assert.deepEqual(kills.map(killedBy), [[7]]);
    await stream.stop();
  });

  it('is resumed after each interruption, with what it has learned meanwhile', async () => {
    const stream = await StreamHarness.opened();
    const next = stream.next();

    const starts = [];
    for (const later of ['a', 'b', 'c']) {
      await stream.fail('getMore', failure(43));
      starts.push(startOf(await stream.answer('aggregate', { token: later })));
    }
    await stream.answer('getMore', { changes: ['1'] });

    assert.equal(await next, '1');
    assert.deepEqual(starts, [
      { resumeAfter: token('opened') },
      { resumeAfter: token('a') },
      { resumeAfter: token('b') },
    ]);
    await stream.stop();
  });

  it('is resumed at the time of its opening if the server tells no tokens', async () => {
    const stream = await StreamHarness.opened({}, undefined, { fields: { operationTime: TIME } });

    const next = stream.next();
    await stream.fail('getMore', failure(43));
    const resume = await stream.answer('aggregate', { changes: ['1'] });

    await next;
    assert.deepEqual(startOf(resume), { startAtOperationTime: TIME });
    await stream.stop();
  });

  it('is started after the token of its start while it has returned nothing', async () => {
    const stream = await StreamHarness.opened({ start: { startAfter: token('invalidate') } }, undefined, {});

    const next = stream.next();
    await stream.fail('getMore', failure(43));
    const resume = await stream.answer('aggregate', { changes: ['1'] });

    await next;
    assert.deepEqual(startOf(resume), { startAfter: token('invalidate') });
    await stream.stop();
  });

  it('goes on when the connection breaks in the getMore, and again in the resume', async () => {
    const stream = await StreamHarness.opened();

    const next = stream.next();
    (await stream.command('getMore')).peer.reset();
    await stream.servers.clock.advance(MIN_HEARTBEAT_MS);
    for (let attempt = 0; attempt < 4; attempt++) {
      (await stream.command('aggregate')).peer.reset();
      await stream.servers.clock.advance(MIN_HEARTBEAT_MS);
    }
    await stream.answer('aggregate', { changes: ['1'] });

    assert.equal(await next, '1');
    await stream.stop();
  });

  it('asks no server that is known to be unreachable, but the one that can be selected', async () => {
    const stream = await StreamHarness.opened({}, SET_OF_TWO);
    const { hellos, clock, server } = stream.servers;
    hellos.set('b:27017', primaryMember('b:27017', { ...TWO, setVersion: 1, electionId: undefined }));
    hellos.delete('a:27017');
    for (const peer of server.openPeers) if (peer.host === 'a:27017') peer.reset();
    await clock.advance(MIN_HEARTBEAT_MS);
    await clock.advance(10_000);

    const next = stream.next();
    const resume = await stream.answer('aggregate', { changes: ['1'] });

    assert.equal(await next, '1');
    assert.equal(resume.peer.host, 'b:27017');
    await stream.stop();
  });

  it('releases the connection behind a load balancer, after it was used to forget the cursor', async () => {
    const stream = await StreamHarness.opened({}, LOAD_BALANCED);

    const next = stream.next();
    const getMore = await stream.fail('getMore', failure(43));
    await stream.answer('aggregate', { changes: ['1'] });
    await next;
    await quiet();

    const kill = stream.servers.received.find(({ name }) => name === 'killCursors');
    assert.equal(kill?.peer, getMore.peer);
    assert.equal(stream.servers.serverAt('lb:27017').pool.stats().inUse, 1, 'that of the new cursor');
    await stream.close();
    await quiet();
    stream.servers.assertReleased();
    await stream.stop();
  });

  it('is not resumed after an error that says otherwise: that closes it', async () => {
    const stream = await StreamHarness.opened();

    const error = errorOf(stream.next(), MongoServerError);
    await stream.fail('getMore', failure(286, { errorLabels: ['NonResumableChangeStreamError'] }));

    assert.equal((await error).code, 286);
    assert.equal(stream.core.closed, true);
    assert.deepEqual(await stream.story(), ['aggregate a', 'getMore a', 'killCursors a']);
    await stream.stop();
  });

  it('is not opened again if it could not be opened', async () => {
    const stream = await StreamHarness.make();

    const error = errorOf(stream.next(), MongoServerError);
    await stream.fail('aggregate', failure(SOME_CODE, RESUMABLE));

    await error;
    assert.equal(stream.core.closed, true);
    await stream.stop();
  });
});

describe('a server that opens cursors and fails each getMore', () => {
  it('is asked at once a few times, then with pauses, and no longer than serverSelectionTimeoutMS', async () => {
    const stream = await StreamHarness.opened({}, { options: { serverSelectionTimeoutMS: 1000 } });
    const { servers } = stream;
    servers.chance = 1;
    servers.answer = ({ name }) => (name === 'aggregate' ? batchReply(name, {}) : failure(43));
    const started = servers.clock.now();

    const error = errorOf(stream.next(), MongoServerError);
    while (!stream.core.closed) {
      await quiet();
      await servers.clock.advance(1);
    }

    assert.equal((await error).code, 43);
    const failures = servers.received.filter(({ name }) => name === 'getMore').length;
    const tookMS = servers.clock.now() - started;
    assert.ok(tookMS >= 1000 && tookMS <= 1101, `${tookMS} ms`);
    assert.ok(failures < 30, `${failures} getMores in a second`);
    await stream.stop();
  });

  it('is asked for as long as resumeFor says', async () => {
    const stream = await StreamHarness.opened({ resumeForMS: 5000 }, { options: { serverSelectionTimeoutMS: 1000 } });
    const { servers } = stream;
    servers.chance = 1;
    servers.answer = ({ name }) => (name === 'aggregate' ? batchReply(name, {}) : failure(43));
    const started = servers.clock.now();

    const error = errorOf(stream.next(), MongoServerError);
    while (!stream.core.closed) {
      await quiet();
      await servers.clock.advance(10);
    }

    await error;
    assert.ok(servers.clock.now() - started >= 5000);
    await stream.stop();
  });
});

describe('an outage of a change stream', () => {
  async function inOutage(resumeForMS?: number): Promise<StreamHarness> {
    const stream = await StreamHarness.opened(resumeForMS === undefined ? {} : { resumeForMS }, {
      options: { serverSelectionTimeoutMS: 1000 },
    });
    stream.servers.hellos.delete('a:27017');
    return stream;
  }

  it('that is longer than serverSelectionTimeoutMS closes it', async () => {
    const stream = await inOutage();

    const error = errorOf(stream.next(), MongoServerSelectionError);
    (await stream.command('getMore')).peer.reset();
    await stream.servers.clock.advance(1000);

    await error;
    assert.equal(stream.core.closed, true);
    await stream.stop();
  });

  it('that is not longer than resumeFor is survived', async () => {
    const stream = await inOutage(60_000);
    const hello = stream.servers.hellos.get('a:27017');
    const next = stream.next();
    (await stream.command('getMore')).peer.reset();
    for (let second = 0; second < 30; second++) {
      await stream.servers.clock.advance(1000);
      await quiet();
    }
    assert.equal(await isPending(next), true);

    stream.servers.hellos.set('a:27017', hello ?? primaryMember('a:27017', { hosts: ['a:27017'] }));
    await stream.servers.clock.advance(10_000);
    const resume = await stream.answer('aggregate', { changes: ['1'] });

    assert.equal(await next, '1');
    assert.deepEqual(startOf(resume), { resumeAfter: token('opened') });
    await stream.stop();
  });

  it('does not keep the close of the stream waiting', async () => {
    const stream = await inOutage(Infinity);
    const next = stream.next();
    (await stream.command('getMore')).peer.reset();
    await stream.servers.clock.advance(5000);
    assert.equal(await isPending(next), true);

    const closing = stream.close();

    assert.equal(await next, null);
    await closing;
    stream.servers.assertReleased();
    await stream.stop();
  });
});

describe('a change stream under timeoutMS', () => {
  it('stays as it is when a getMore times out, and the next call resumes it first, without a getMore', async () => {
    const stream = await StreamHarness.opened({ timeoutMS: 200 });

    const late = errorOf(stream.next(), MongoOperationTimeoutError);
    await stream.command('getMore');
    await stream.servers.clock.advance(200);
    await late;
    assert.equal(stream.core.closed, false);
    assert.equal(stream.token, 'opened');

    const tried = stream.tryNext();
    const resume = await stream.answer('aggregate', { token: 'resumed' });
    assert.equal(await tried, null);
    assert.deepEqual(startOf(resume), { resumeAfter: token('opened') });
    const next = stream.next();
    await stream.answer('getMore', { changes: ['1'] });
    assert.equal(await next, '1');
    await stream.stop();
  });

  it('has one time for a getMore and the whole resume after it', async () => {
    const stream = await StreamHarness.opened({ timeoutMS: 200 });

    const late = errorOf(stream.next(), MongoOperationTimeoutError);
    const getMore = await stream.command('getMore');
    await stream.servers.clock.advance(120);
    getMore.reply(failure(7, RESUMABLE));
    const resume = await stream.command('aggregate');
    assert.equal(Number(resume.body['maxTimeMS']), 80);
    await stream.servers.clock.advance(80);

    const error = await late;
    assert.equal(error.elapsedMS, 200);
    assert.equal(stream.core.closed, false);
    await stream.stop();
  });

  it('has one time for all getMores of a next', async () => {
    const stream = await StreamHarness.opened({ timeoutMS: 200, maxAwaitTimeMS: 50 });

    const late = errorOf(stream.next(), MongoOperationTimeoutError);
    const times = [];
    for (let number = 0; number < 3; number++) {
      const getMore = await stream.command('getMore');
      times.push(Number(getMore.body['maxTimeMS']));
      await stream.servers.clock.advance(60);
      getMore.reply(batchReply('getMore', {}));
    }
    times.push(Number((await stream.command('getMore')).body['maxTimeMS']));
    await stream.servers.clock.advance(20);

    await late;
    assert.deepEqual(times, [50, 50, 50, 20]);
    await stream.stop();
  });

  it('can be opened by the next call if the first has timed out', async () => {
    const stream = await StreamHarness.make({ timeoutMS: 200, start: { startAtOperationTime: TIME } });

    const late = errorOf(stream.next(), MongoOperationTimeoutError);
    await stream.command('aggregate');
    await stream.servers.clock.advance(200);
    await late;
    const next = stream.next();
    const second = await stream.answer('aggregate', { changes: ['1'] });

    assert.equal(await next, '1');
    assert.deepEqual(startOf(second), { startAtOperationTime: TIME });
    await stream.stop();
  });

  it('tells the outage as the cause of a timeout', async () => {
    const stream = await StreamHarness.opened({ timeoutMS: 200 }, { options: { retryReads: false } });
    stream.servers.chance = 1;

    const late = errorOf(stream.next(), MongoOperationTimeoutError);
    await stream.fail('getMore', failure(7, RESUMABLE));
    await stream.fail('aggregate', failure(10107));
    await stream.servers.clock.advance(200);

    const { cause } = await late;
    assert.ok(cause instanceof MongoServerError, String(cause));
    assert.equal(cause.code, 10107);
    await stream.stop();
  });
});

describe('what ends a change stream from outside', () => {
  it('is the close of its client: a call that waits is told', async () => {
    const stream = await StreamHarness.opened();

    const error = errorOf(stream.next(), MongoClientClosedError);
    await stream.command('getMore');
    stream.servers.engine.lifetime.end();
    stream.servers.engine.topology.close();

    await error;
    assert.equal(stream.core.closed, true);
    await stream.stop();
  });

  it('is its signal', async () => {
    const controller = new AbortController();
    const stream = await StreamHarness.opened({ signal: controller.signal });

    const aborted = stream.next().catch((reason: unknown) => reason);
    await stream.command('getMore');
    controller.abort('enough');

    assert.equal(await aborted, 'enough');
    assert.equal(stream.core.closed, true);
    await stream.stop();
  });

  it('is close: a call that waits ends, and the server forgets the cursor', async () => {
    const stream = await StreamHarness.opened();
    const next = stream.next();
    await stream.command('getMore');

    await stream.close();

    assert.equal(await next, null);
    assert.deepEqual(await stream.story(), ['aggregate a', 'getMore a', 'killCursors a']);
    await stream.stop();
  });
});

describe('a hostile server', () => {
  const cursorOf = (fields: object) => ({
    ok: 1,
    cursor: { id: Long.fromNumber(7), ns: 'shop.orders', nextBatch: [], ...fields },
  });

  it('that sends a change without a token closes the stream', async () => {
    const stream = await StreamHarness.opened();

    const error = errorOf(stream.next(), MongoChangeStreamError);
    await stream.answer('getMore', { changes: [{ operationType: 'insert' }, '2'] });

    assert.equal((await error).message, 'A change stream document has been received that lacks a resume token (_id).');
    assert.equal(stream.core.closed, true);
    assert.equal(stream.token, 'opened');
    assert.equal(await stream.next(), null);
    await stream.stop();
  });

  for (const [what, reply] of [
    ['a token of a change', cursorOf({ nextBatch: [{ _id: 5 }] })],
    ['the token of a batch', cursorOf({ postBatchResumeToken: 'x' })],
    ['the operation time', { ...cursorOf({}), operationTime: new Date(0) }],
  ] as const) {
    it(`that sends a value of a wrong type for ${what} breaks the protocol, and closes the stream`, async () => {
      const stream = await StreamHarness.opened();

      const error = errorOf(stream.next(), MongoUnexpectedServerResponseError);
      await stream.fail('getMore', reply);

      assert.match((await error).message, /of type 0x/);
      assert.equal(stream.core.closed, true);
      await quiet();
      stream.servers.assertReleased();
      await stream.stop();
    });
  }

  it('that refuses the first getMore of each cursor with a broken connection is left in the end', async () => {
    const stream = await StreamHarness.opened({}, { options: { serverSelectionTimeoutMS: 1000, retryReads: false } });
    const error = errorOf(stream.next(), MongoNetworkError);
    for (let round = 0; !stream.core.closed && round < 100; round++) {
      const command = await Promise.race([stream.servers.nextCommand(), error.then(() => null)]);
      if (command === null) break;
      if (command.name === 'aggregate') command.reply(batchReply('aggregate', {}));
      else command.peer.reset();
      await stream.servers.clock.advance(MIN_HEARTBEAT_MS);
      await quiet();
    }

    await error;
    assert.equal(stream.core.closed, true);
    await stream.stop();
  });
});
