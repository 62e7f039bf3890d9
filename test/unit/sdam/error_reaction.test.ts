import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Long, ObjectId } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import { unknownServer } from '../../../src/description/server_description.js';
import type { MongoError } from '../../../src/errors/base.js';
import { MongoDriverError } from '../../../src/errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { type ErrorContext, reactTo, reactToFailedCheck } from '../../../src/sdam/error_reaction.js';
import { primary } from './replies.js';

const processId = new ObjectId();
const version = (counter: number) => ({ processId, counter: Long.fromNumber(counter) });
const times = { roundTripTime: 1, minRoundTripTime: 0, lastUpdateTime: 0 };
const description = parseHello('a:27017', primary({ topologyVersion: version(5) }), times);

const context: ErrorContext = {
  connectionGeneration: 3,
  poolGeneration: 3,
  phase: 'afterHandshake',
  description,
  loadBalanced: false,
};
const early: ErrorContext = { ...context, phase: 'beforeHandshake' };

const nothing = { markUnknown: null, clearPool: false, interruptInUse: false, requestCheck: false, cancelCheck: false };

/** The reaction in words. */
function reactionTo(error: unknown, where: ErrorContext = context): string {
  const { markUnknown, ...rest } = reactTo(error, where);
  const parts = Object.entries(rest).filter(([, holds]) => holds);
  return [...(markUnknown === null ? [] : ['unknown']), ...parts.map(([name]) => name)].join(' ');
}

const overloaded = { labels: ['SystemOverloadedError', 'RetryableError'] };
const code = (value: number) => new MongoServerError({ ok: 0, errmsg: 'failed', code: value });

describe('reactTo an error after the handshake', () => {
  const cases: [what: string, error: unknown, reaction: string][] = [
    ['a broken connection', new MongoNetworkError('closed'), 'unknown clearPool cancelCheck'],
    ['a network timeout', new MongoNetworkTimeoutError('timed out'), ''],
    ["the end of the operation's time", new MongoOperationTimeoutError('timed out'), ''],
    ['NotWritablePrimary', code(10107), 'unknown requestCheck'],
    ['NotPrimaryNoSecondaryOk', code(13435), 'unknown requestCheck'],
    ['LegacyNotPrimary', code(10058), 'unknown requestCheck'],
    ['InterruptedDueToReplStateChange', code(11602), 'unknown requestCheck'],
    ['NotPrimaryOrSecondary', code(13436), 'unknown requestCheck'],
    ['PrimarySteppedDown', code(189), 'unknown requestCheck'],
    ['InterruptedAtShutdown', code(11600), 'unknown clearPool requestCheck'],
    ['ShutdownInProgress', code(91), 'unknown clearPool requestCheck'],
    ['any other error of the server', code(8), ''],
    ['an error of the driver', new MongoDriverError('x'), ''],
    ["an abort signal's reason", new Error('aborted'), ''],
    ['something that is no error', 'aborted', ''],
    ['a message without a code', new MongoServerError({ ok: 0, errmsg: 'not master' }), 'unknown requestCheck'],
    ['a message with another code', new MongoServerError({ ok: 0, errmsg: 'not master', code: 8 }), ''],
  ];
  for (const [what, error, reaction] of cases) {
    it(`${what}: ${reaction === '' ? 'nothing' : reaction}`, () => {
      assert.equal(reactionTo(error), reaction);
    });
  }

  it('counts a state change in the write concern error', () => {
    const error = new MongoWriteConcernError({ ok: 1, writeConcernError: { code: 91, errmsg: 'shutting down' } });

    assert.equal(reactionTo(error), 'unknown clearPool requestCheck');
  });

  it('does not count a state change in a write error', () => {
    const error = new MongoServerError({ ok: 1, writeErrors: [{ index: 0, code: 10107, errmsg: 'not primary' }] });

    assert.equal(reactionTo(error), '');
  });

  it('does not count an error that asks for the pool of another connection', () => {
    const error = new MongoNetworkError('pool cleared', { labels: ['PoolRequestedRetry'] });

    assert.equal(reactionTo(error), '');
  });

  it('marks the server with the error and the topologyVersion that came with it', () => {
    const error = new MongoServerError({ ok: 0, errmsg: 'x', code: 10107, topologyVersion: version(6) });

    const { markUnknown } = reactTo(error, context);

    assert.equal(markUnknown?.error, error);
    assert.equal(markUnknown.topologyVersion?.counter.toNumber(), 6);
  });

  it('does not count what an older connection met', () => {
    const stale = { ...context, connectionGeneration: 2 };

    assert.equal(reactionTo(new MongoNetworkError('closed'), stale), '');
    assert.equal(reactionTo(code(91), stale), '');
  });

  it('does not count an error that is not newer than what is known', () => {
    for (const counter of [4, 5]) {
      const error = new MongoServerError({ ok: 0, errmsg: 'x', code: 91, topologyVersion: version(counter) });
      assert.deepEqual(reactTo(error, context), nothing);
    }
  });
});

describe('reactTo an error before the end of the handshake', () => {
  const cases: [what: string, error: MongoError, reaction: string][] = [
    ['a network error that may come from overload', new MongoNetworkError('closed', overloaded), ''],
    ['a network timeout that may come from overload', new MongoNetworkTimeoutError('timed out', overloaded), ''],
    [
      'a refused connection',
      new MongoNetworkError('refused', { ...overloaded, cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }),
      'requestCheck',
    ],
    ['a name that cannot be resolved', new MongoNetworkError('ENOTFOUND'), 'unknown clearPool cancelCheck'],
    ['a timeout during authentication', new MongoNetworkTimeoutError('timed out'), 'unknown clearPool cancelCheck'],
    ['a failed authentication', code(18), 'unknown clearPool cancelCheck'],
    ['a state change', code(11600), 'unknown clearPool requestCheck'],
    ["the end of the operation's time", new MongoOperationTimeoutError('timed out'), ''],
  ];
  for (const [what, error, reaction] of cases) {
    it(`${what}: ${reaction === '' ? 'nothing' : reaction}`, () => {
      assert.equal(reactionTo(error, early), reaction);
    });
  }
});

describe('reactTo an error behind a load balancer', () => {
  const balanced: ErrorContext = { ...context, loadBalanced: true, serviceId: new ObjectId() };

  it("clears the service's connections, and never marks the load balancer", () => {
    assert.equal(reactionTo(new MongoNetworkError('closed'), balanced), 'clearPool');
    assert.equal(reactionTo(code(91), balanced), 'clearPool');
    assert.equal(reactionTo(code(10107), balanced), '');
    assert.equal(reactionTo(new MongoNetworkTimeoutError('timed out'), balanced), '');
  });

  it('does not count what happens before hello named the service', () => {
    const unnamed: ErrorContext = { ...balanced, phase: 'beforeHandshake', serviceId: undefined };

    assert.equal(reactionTo(new MongoNetworkError('closed'), unnamed), '');
    assert.equal(reactionTo(code(18), { ...unnamed, serviceId: new ObjectId() }), 'clearPool');
  });
});

describe('reactToFailedCheck', () => {
  it('marks the server and clears its pool', () => {
    const error = new MongoNetworkError('closed');

    const reaction = reactToFailedCheck(error, description);

    assert.equal(reaction.markUnknown?.error, error);
    assert.equal(reaction.clearPool, true);
    assert.equal(reaction.interruptInUse, false);
  });

  it('interrupts connections in use only after a network timeout', () => {
    assert.equal(reactToFailedCheck(new MongoNetworkTimeoutError('timed out'), description).interruptInUse, true);
    assert.equal(reactToFailedCheck(code(1), description).interruptInUse, false);
  });

  it('asks for one immediate check after a network error of a server that was known', () => {
    const error = new MongoNetworkError('closed');

    assert.equal(reactToFailedCheck(error, description).requestCheck, true);
    assert.equal(reactToFailedCheck(error, unknownServer('a:27017')).requestCheck, false);
    assert.equal(reactToFailedCheck(code(1), description).requestCheck, false);
  });
});
