import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serialize, Timestamp } from '../../../src/bson/index.js';
import { MongoCompatibilityError, MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { EventSink } from '../../../src/events/publisher.js';
import { Binding } from '../../../src/executor/binding.js';
import type { OperationReply } from '../../../src/executor/operation.js';
import { MsgFlag } from '../../../src/wire/op_msg.js';
import {
  EngineHarness,
  errorOf,
  failure,
  LOAD_BALANCED,
  PRIMARY,
  read,
  unacknowledgedWrite,
  write,
} from '../../support/engine_harness.js';
import { brokenDocument, replyMessage } from '../../support/scripted_peer.js';
import { quiet } from '../../support/scripted_server.js';

const MINUTE_MS = 60_000;
const MAX_TIME_MS_EXPIRED = 50;
const SHUTDOWN_IN_PROGRESS = 91;
const NOT_WRITABLE_PRIMARY = 10107;

const unretried = (overrides = {}) => read({ retryable: false, ...overrides });

/** Throws the write concern error of a reply, as writes do. */
function throwWriteConcernError({ reply }: OperationReply): never {
  const error = reply.writeConcernError({});
  assert.ok(error !== null);
  throw error;
}

const lsidOf = (harness: EngineHarness, index: number): string | undefined => {
  const { lsid } = (harness.received[index]?.body ?? {}) as { lsid?: { id: { toString(encoding: string): string } } };
  return lsid?.id.toString('hex');
};

describe('send, events', () => {
  it('publishes the start before the command is sent, and the success before the connection is checked in', async () => {
    const harness = await EngineHarness.open();
    let receivedAtStart = -1;
    harness.events.emitter.on('commandStarted', () => {
      receivedAtStart = harness.received.length;
    });

    await harness.runAnswered(read(), [{ ok: 1 }]);

    assert.equal(receivedAtStart, 0);
    assert.deepEqual(
      harness.events.names('commandStarted', 'commandSucceeded', 'commandFailed', 'connectionCheckedIn'),
      ['commandStarted', 'commandSucceeded', 'connectionCheckedIn'],
    );
    await harness.close();
  });

  it('tells the topology of an error before it publishes the failure', async () => {
    const harness = await EngineHarness.open();

    const failed = errorOf(harness.run(unretried()));
    const command = await harness.nextCommand();
    harness.events.clear();
    command.peer.reset();
    await failed;

    assert.deepEqual(harness.events.names().slice(0, 5), [
      'serverDescriptionChanged',
      'topologyDescriptionChanged',
      'connectionPoolCleared',
      'commandFailed',
      'connectionCheckedIn',
    ]);
    assert.equal(harness.events.last('commandFailed').failure, await failed);
    await harness.close();
  });

  it('publishes an error of the server as the failure of its command', async () => {
    const harness = await EngineHarness.open();

    const error = await errorOf(harness.runAnswered(read(), [failure(2)]));

    assert.equal(harness.events.last('commandFailed').failure, error);
    assert.ok(error instanceof MongoServerError);
    assert.equal(error.host, 'a:27017');
    assert.equal(error.phase, 'server');
    assert.equal(error.namespace, 'shop.orders');
    assert.equal(harness.events.count('commandSucceeded'), 0);
    await harness.close();
  });

  it('publishes a reply with a write error as success', async () => {
    const harness = await EngineHarness.open();
    const reply = { ok: 1, writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } };

    await errorOf(harness.runAnswered(write({ result: throwWriteConcernError }), [reply]));

    assert.deepEqual(harness.events.last('commandSucceeded').reply, reply);
    assert.equal(harness.events.count('commandFailed'), 0);
    await harness.close();
  });

  it('sends what it encoded even if a listener starts another operation', async () => {
    const harness = await EngineHarness.open();
    harness.answer = () => ({ ok: 1 });
    // Two connections are warm: so the other operation is encoded before the first one is sent.
    await Promise.all([harness.run(read()), harness.run(read())]);
    let other: Promise<unknown> | undefined;
    harness.events.emitter.on('commandStarted', ({ commandName }) => {
      if (commandName === 'find') other = harness.run(write());
    });

    await harness.run(read());
    await other;

    assert.deepEqual(harness.story(), ['find a', 'find a', 'insert a', 'find a']);
    assert.deepEqual(harness.received.at(-1)?.body['filter'], {});
    await harness.close();
  });
});

describe('send, what is encoded', () => {
  it('a tracer or sink that throws while the start is published does not keep the memory of the encoder', async () => {
    const broken = new Error('no exporter');
    let throws = true;
    const sink: EventSink = {
      wants: name => name === 'commandStarted',
      start: () => undefined,
      deliver() {
        if (throws) throw broken;
      },
    };
    const harness = await EngineHarness.open({ sinks: [sink] });

    assert.equal(await errorOf(harness.run(unretried())), broken);
    assert.equal(harness.engine.encoder.isLent, false);
    assert.deepEqual(harness.received, []);

    // The connection is as it was, and serves the next command.
    throws = false;
    assert.deepEqual(await harness.runAnswered(unretried(), [{ ok: 1 }]), { ok: 1 });
    assert.equal(harness.server.peers.filter(({ closed }) => closed).length, 0);
    await harness.close();
  });

  it('lets an operation look at its message before anything is sent', async () => {
    const harness = await EngineHarness.open();
    const refusal = new MongoServerError({ errmsg: 'this would replace the document' });
    const lengths: number[] = [];

    const checkEncoded = (message: Buffer) => {
      lengths.push(message.readInt32LE(0) - message.length);
      throw refusal;
    };
    assert.equal(await errorOf(harness.run(write({ checkEncoded }))), refusal);

    assert.deepEqual(lengths, [0]);
    assert.deepEqual(harness.story(), []);
    assert.deepEqual(harness.events.names('commandStarted', 'commandFailed'), []);
    harness.assertReleased();
    await harness.close();
  });

  it('sends an operation whose message passes the check', async () => {
    const harness = await EngineHarness.open();
    let checks = 0;

    const checkEncoded = () => {
      checks++;
    };
    await harness.runAnswered(write({ checkEncoded }), [{ ok: 1 }]);

    assert.equal(checks, 1);
    await harness.close();
  });

  it('sends whole messages when the encoding of a document starts another operation', async () => {
    const harness = await EngineHarness.open();
    harness.answer = () => ({ ok: 1 });
    await Promise.all([harness.run(read()), harness.run(read())]);
    let inner: Promise<unknown> | undefined;
    const document = {
      toBSON() {
        inner ??= harness.run(read({ command: () => ({ find: 'inner', filter: { a: 1 } }) }));
        return { _id: 1, text: 'outer' };
      },
    };

    await harness.run(read({ command: () => ({ find: 'outer', filter: document }) }));
    await inner;

    const [outer, other] = harness.received.slice(-2).map(({ body }) => body);
    assert.deepEqual([outer?.['find'], outer?.['filter']], ['outer', { _id: 1, text: 'outer' }]);
    assert.deepEqual([other?.['find'], other?.['filter']], ['inner', { a: 1 }]);
    harness.assertReleased();
    await harness.close();
  });
});

describe('send, the session', () => {
  it('is a new one for each of two operations that run at the same time', async () => {
    const harness = await EngineHarness.open();

    const running = [harness.run(read()), harness.run(read())];
    for (let count = 0; count < 2; count++) (await harness.nextCommand()).reply();
    await Promise.all(running);

    assert.notEqual(lsidOf(harness, 0), lsidOf(harness, 1));
    assert.equal(harness.engine.sessions.size, 2);
    await harness.close();
  });

  it('is that of the user where the operation is part of one', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session();

    await harness.runAnswered(read({ session }), [{ ok: 1 }]);
    await harness.runAnswered(read(), [{ ok: 1 }]);
    await harness.runAnswered(read({ session }), [{ ok: 1 }]);

    assert.equal(lsidOf(harness, 0), lsidOf(harness, 2));
    assert.notEqual(lsidOf(harness, 0), lsidOf(harness, 1));
    assert.equal(harness.engine.sessions.size, 1);
    await harness.close();
  });

  it('is none on a server without sessions, and for an unacknowledged write', async () => {
    const hello = { ...PRIMARY, logicalSessionTimeoutMinutes: null };
    const harness = await EngineHarness.open({ hellos: { 'a:27017': hello } });
    const usual = await EngineHarness.open();

    await harness.runAnswered(read(), [{ ok: 1 }]);
    await usual.run(unacknowledgedWrite());

    assert.equal(lsidOf(harness, 0), undefined);
    assert.equal(lsidOf(usual, 0), undefined);
    assert.equal(harness.engine.sessions.size, 0);
    assert.equal(usual.engine.sessions.size, 0);
    await harness.close();
    await usual.close();
  });

  it('is refused if the user has one and the server knows none', async () => {
    const hello = { ...PRIMARY, logicalSessionTimeoutMinutes: null };
    const harness = await EngineHarness.open({ hellos: { 'a:27017': hello } });

    const error = await errorOf(harness.run(read({ session: harness.session() })));

    assert.ok(error instanceof MongoCompatibilityError);
    assert.deepEqual(harness.story(), []);
    harness.assertReleased();
    await harness.close();
  });

  it('is not used again when the server may have dropped it', async () => {
    const harness = await EngineHarness.open();

    await harness.runAnswered(read(), [{ ok: 1 }]);
    harness.clock.skip(29 * MINUTE_MS - 1);
    await harness.runAnswered(read(), [{ ok: 1 }]);
    // What counts is when it was last used.
    harness.clock.skip(29 * MINUTE_MS - 1);
    await harness.runAnswered(read(), [{ ok: 1 }]);
    harness.clock.skip(29 * MINUTE_MS + 1);
    await harness.runAnswered(read(), [{ ok: 1 }]);

    assert.equal(lsidOf(harness, 1), lsidOf(harness, 0));
    assert.equal(lsidOf(harness, 2), lsidOf(harness, 0));
    assert.notEqual(lsidOf(harness, 3), lsidOf(harness, 0));
    await harness.close();
  });

  it('never gets too old behind a load balancer, where one mongos does not speak for the others', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);

    await harness.runAnswered(read(), [{ ok: 1 }]);
    harness.clock.skip(300 * MINUTE_MS);
    await harness.runAnswered(read(), [{ ok: 1 }]);

    assert.equal(lsidOf(harness, 1), lsidOf(harness, 0));
    await harness.close();
  });

  it('is dirty, and not used again, after its connection broke', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session();

    const failed = errorOf(harness.run(unretried({ session })));
    (await harness.nextCommand()).peer.reset();
    await failed;

    assert.equal(session.serverSession(30).isDirty, true);
    session.end();
    assert.equal(harness.engine.sessions.size, 0);
    await harness.close();
  });

  it('is dirty while the server may still run a command whose caller has left', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session();

    const failed = errorOf(harness.run(unretried({ session }), { timeoutMS: 100 }));
    await harness.nextCommand();
    await harness.clock.advance(100);

    assert.ok((await failed) instanceof MongoOperationTimeoutError);
    assert.equal(session.serverSession(30).isDirty, true);
    assert.equal(harness.serverAt().pool.stats().draining, 1);
    await harness.close();
  });

  it('is clean after an error of the server', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session();

    await errorOf(harness.runAnswered(unretried({ session }), [failure(2)]));

    assert.equal(session.serverSession(30).isDirty, false);
    await harness.close();
  });

  it('learns the times in a reply, also from one to a command that failed', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session();
    const times = (t: number) => ({
      operationTime: new Timestamp({ t, i: 1 }),
      $clusterTime: { clusterTime: new Timestamp({ t, i: 2 }) },
    });

    await harness.runAnswered(read({ session }), [{ ok: 1, ...times(5) }]);
    assert.deepEqual(session.operationTime, times(5).operationTime);
    await errorOf(harness.runAnswered(read({ session }), [failure(2, times(8))]));

    assert.deepEqual(session.operationTime, times(8).operationTime);
    assert.deepEqual(session.clusterClock.time, times(8).$clusterTime);
    assert.deepEqual(harness.engine.clusterClock.time, times(8).$clusterTime);
    await harness.close();
  });

  it('has begun its transaction once a command has been sent, whatever comes of it', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({}, 'inTransaction');

    const failed = errorOf(harness.runAnswered(write({ session }), [failure(2)]));
    await failed;

    assert.equal(session.transaction.state, 'in progress');
    await harness.close();
  });

  it('has not begun its transaction when its command could not be encoded', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({}, 'inTransaction');
    const refusal = new RangeError('refused');

    const checkEncoded = () => {
      throw refusal;
    };
    assert.equal(await errorOf(harness.run(write({ session, checkEncoded }))), refusal);

    assert.equal(session.transaction.state, 'starting');
    await harness.close();
  });
});

describe('send, replies that cannot be read', () => {
  it('closes the connection of a reply whose head is malformed, which counts as a network error', async () => {
    const harness = await EngineHarness.open();

    const failed = errorOf(harness.run(unretried()));
    const command = await harness.nextCommand();
    command.peer.send(replyMessage(brokenDocument(), command.requestId));
    const error = await failed;
    await quiet();

    assert.ok(error instanceof MongoUnexpectedServerResponseError);
    assert.equal(command.peer.closed, true);
    assert.equal(harness.events.last('commandFailed').failure, error);
    assert.equal(harness.serverAt().pool.stats().total, 0);
    assert.equal(harness.typeOf(), 'Unknown');
    assert.equal(harness.engine.sessions.size, 0);
    harness.assertReleased();
    await harness.close();
  });

  it('closes the connection of an error whose details are malformed', async () => {
    const harness = await EngineHarness.open();
    const bytes = Buffer.from(serialize({ ok: 0, errInfo: { a: 1 } }));
    // The type of the field of errInfo: it is read only when the error is made.
    bytes[bytes.indexOf('errInfo') + 'errInfo'.length + 1 + 4] = 0x7e;

    const failed = errorOf(harness.run(unretried()));
    const command = await harness.nextCommand();
    command.peer.send(replyMessage(bytes, command.requestId));
    const error = await failed;
    await quiet();

    assert.ok(error instanceof MongoUnexpectedServerResponseError);
    assert.equal(command.peer.closed, true);
    assert.equal(harness.serverAt().pool.stats().total, 0);
    assert.equal(harness.engine.sessions.size, 0);
    harness.assertReleased();
    await harness.close();
  });

  it('closes the connection of a reply in which the operation finds no result', async () => {
    const harness = await EngineHarness.open();
    const malformed = new MongoUnexpectedServerResponseError('there is no cursor in it');

    const error = await errorOf(
      harness.runAnswered(
        unretried({
          result() {
            throw malformed;
          },
        }),
        [{ ok: 1 }],
      ),
    );
    await quiet();

    assert.equal(error, malformed);
    assert.equal(harness.received[0]?.peer.closed, true);
    assert.equal(harness.serverAt().pool.stats().total, 0);
    harness.assertReleased();
    await harness.close();
  });

  it('keeps the connection of a reply that holds a write error', async () => {
    const harness = await EngineHarness.open();
    const reply = { ok: 1, writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } };

    const error = await errorOf(harness.runAnswered(write({ result: throwWriteConcernError }), [reply]));

    assert.ok(error instanceof MongoWriteConcernError);
    assert.equal(harness.serverAt().pool.stats().idle, 1);
    await harness.close();
  });
});

describe('send, what the topology is told', () => {
  it('is a change of state that the server reports', async () => {
    const harness = await EngineHarness.open();

    await errorOf(harness.runAnswered(unretried(), [failure(NOT_WRITABLE_PRIMARY)]));

    assert.equal(harness.typeOf(), 'Unknown');
    assert.equal(harness.serverAt().pool.generation, 0);
    await harness.close();
  });

  it('is the write concern error of a write that succeeded', async () => {
    const harness = await EngineHarness.open();
    const reply = { ok: 1, n: 1, writeConcernError: { code: SHUTDOWN_IN_PROGRESS, errmsg: 'shutting down' } };

    const result = await harness.runAnswered(write(), [reply]);

    assert.deepEqual(result, reply);
    assert.equal(harness.typeOf(), 'Unknown');
    assert.equal(harness.serverAt().pool.generation, 1);
    assert.equal(harness.serverAt().pool.stats().total, 0);
    assert.deepEqual(
      harness.events.names('serverDescriptionChanged', 'commandSucceeded', 'commandFailed').slice(0, 2),
      ['serverDescriptionChanged', 'commandSucceeded'],
    );
    await harness.close();
  });

  it('is nothing of a write concern error that says nothing of the server', async () => {
    const harness = await EngineHarness.open();

    await harness.runAnswered(write(), [{ ok: 1, writeConcernError: { code: 64, errmsg: 'timed out' } }]);

    assert.equal(harness.typeOf(), 'RSPrimary');
    await harness.close();
  });

  it('is nothing of an error on a connection from before the last one', async () => {
    const harness = await EngineHarness.open();

    const failed = [errorOf(harness.run(unretried())), errorOf(harness.run(unretried()))];
    const [one, other] = [await harness.nextCommand(), await harness.nextCommand()];
    one.peer.reset();
    await quiet();
    other.peer.reset();
    await Promise.all(failed);

    assert.equal(harness.serverAt().pool.generation, 1);
    assert.equal(harness.events.count('connectionPoolCleared'), 1);
    await harness.close();
  });

  it('is the service behind a load balancer whose connection broke', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);

    const failed = errorOf(harness.run(unretried()));
    (await harness.nextCommand()).peer.reset();
    await failed;

    const { serviceId } = harness.events.last('connectionPoolCleared');
    assert.equal(serviceId?.toHexString(), '0123456789abcdef01234567');
    assert.equal(harness.typeOf('lb:27017'), 'LoadBalancer');
    await harness.close();
  });
});

describe('send, MaxTimeMSExpired', () => {
  it('is a timeout of the operation under timeoutMS', async () => {
    const harness = await EngineHarness.open();

    const error = await errorOf(harness.runAnswered(read(), [failure(MAX_TIME_MS_EXPIRED)], { timeoutMS: 500 }));

    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.equal(error.phase, 'server');
    assert.equal(error.host, 'a:27017');
    assert.equal(error.namespace, 'shop.orders');
    assert.equal(error.maybeApplied, true);
    assert.equal((error.cause as unknown as MongoServerError).code, MAX_TIME_MS_EXPIRED);
    assert.match(error.message, /on the server a:27017 \(find shop\.orders\)/);
    assert.equal(harness.events.last('commandFailed').failure, error);
    assert.deepEqual(harness.story(), ['find a']);
    await harness.close();
  });

  it('is an error of the server without timeoutMS', async () => {
    const harness = await EngineHarness.open();

    const error = await errorOf(harness.runAnswered(read(), [failure(MAX_TIME_MS_EXPIRED)]));

    assert.ok(error instanceof MongoServerError);
    assert.equal(error.code, MAX_TIME_MS_EXPIRED);
    await harness.close();
  });

  it('is a timeout of the operation in a write concern error too', async () => {
    const harness = await EngineHarness.open();
    const reply = { ok: 1, writeConcernError: { code: MAX_TIME_MS_EXPIRED, errmsg: 'time limit exceeded' } };
    const operation = write({ result: throwWriteConcernError });

    const limited = await errorOf(harness.runAnswered(operation, [reply], { timeoutMS: 500 }));
    const unlimited = await errorOf(harness.runAnswered(operation, [reply]));

    assert.ok(limited instanceof MongoOperationTimeoutError);
    assert.ok(limited.cause instanceof MongoWriteConcernError);
    assert.ok(unlimited instanceof MongoWriteConcernError);
    await harness.close();
  });

  it('leaves every other error of the server under timeoutMS as it is', async () => {
    const harness = await EngineHarness.open();

    const error = await errorOf(harness.runAnswered(read(), [failure(2)], { timeoutMS: 500 }));

    assert.ok(error instanceof MongoServerError);
    await harness.close();
  });
});

describe('send, the wait for a reply', () => {
  it('ends with socketTimeoutMS without timeoutMS', async () => {
    const harness = await EngineHarness.open({ options: { socketTimeoutMS: 250 } });

    const failed = errorOf(harness.run(unretried()));
    await harness.nextCommand();
    await harness.clock.advance(250);

    assert.ok((await failed) instanceof MongoNetworkTimeoutError);
    assert.equal(harness.typeOf(), 'RSPrimary');
    harness.assertReleased();
    await harness.close();
  });

  it('does not end with socketTimeoutMS under timeoutMS', async () => {
    const harness = await EngineHarness.open({ options: { socketTimeoutMS: 250 } });

    const running = harness.run(unretried(), { timeoutMS: 1000 });
    const command = await harness.nextCommand();
    await harness.clock.advance(999);
    command.reply({ ok: 1, n: 1 });

    assert.deepEqual(await running, { ok: 1, n: 1 });
    await harness.close();
  });
});

describe('send, unacknowledged', () => {
  it('waits for no reply, and counts what was sent', async () => {
    const harness = await EngineHarness.open();
    const documents = [{ _id: 1 }, { _id: 2 }];
    const sequence = { field: 'documents', documents, from: 0 };

    assert.deepEqual(await harness.run(unacknowledgedWrite({ sequence })), { taken: 2 });
    await quiet();

    assert.equal(harness.received[0]?.flags, MsgFlag.moreToCome);
    assert.deepEqual(harness.events.last('commandSucceeded').reply, { ok: 1 });
    harness.assertReleased();
    await harness.close();
  });

  it('has no result where the operation makes none', async () => {
    const harness = await EngineHarness.open();
    const operation = unacknowledgedWrite();

    assert.equal(await harness.run({ ...operation, unacknowledgedResult: undefined }), undefined);
    await harness.close();
  });

  it('fails if its connection has closed before it could be sent, and is not retried', async () => {
    const harness = await EngineHarness.open();
    const broken = new MongoNetworkError('broken');
    const command = () => {
      harness.serverAt().pool.interrupt(() => broken);
      return { insert: 'orders' };
    };

    assert.equal(await errorOf(harness.run(unacknowledgedWrite({ command }))), broken);

    assert.equal(harness.events.last('commandFailed').failure, broken);
    assert.equal(harness.typeOf(), 'Unknown');
    assert.deepEqual(harness.story(), []);
    harness.assertReleased();
    await harness.close();
  });
});

describe('send, a binding that several commands share', () => {
  it('takes its session with the first command that needs one', async () => {
    const harness = await EngineHarness.open();
    const binding = new Binding(false);

    await harness.run(unacknowledgedWrite(), { binding });
    assert.equal(binding.session, null);
    await harness.runAnswered(write(), [{ ok: 1 }], { binding });
    await harness.runAnswered(write(), [{ ok: 1 }], { binding });

    assert.notEqual(lsidOf(harness, 1), undefined);
    assert.equal(lsidOf(harness, 2), lsidOf(harness, 1));
    assert.equal(harness.received[2]?.body['txnNumber'], 2);
    await harness.close();
  });
});
