import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, serialize, Timestamp } from '../../../src/bson/index.js';
import { RawDocument } from '../../../src/bson/raw_document.js';
import type { SessionPin } from '../../../src/sessions/session_state.js';
import { newPool, newSession, TRANSACTION_SETTINGS } from './support.js';

const at = (t: number) => new Timestamp({ t, i: 1 });

function reply(fields: Document): RawDocument {
  const bytes = Buffer.from(serialize({ ok: 1, ...fields }));
  return RawDocument.at(bytes, 0, bytes.length);
}

/** A pin that notes what is checked in. */
function pinTo(connection: string | null) {
  const checkedIn: unknown[] = [];
  const server = { pool: { checkIn: (given: unknown) => checkedIn.push(given) } };
  return { pin: { server, connection } as unknown as SessionPin, checkedIn };
}

describe('SessionState: the session of the server', () => {
  it('the server session is acquired when it is needed first, and stays the same', () => {
    const session = newSession();
    assert.equal(session.takenServerSession, null);

    const taken = session.serverSession(30);

    assert.equal(session.serverSession(30), taken);
    assert.equal(session.takenServerSession, taken);
  });

  it('the end of a session releases its server session once', () => {
    const pool = newPool();
    const session = newSession({}, pool);
    const taken = session.serverSession(30);

    session.end();
    session.end();

    assert.equal(session.hasEnded, true);
    assert.deepEqual(pool.drain(), [taken]);
    assert.equal(session.takenServerSession, taken);
  });

  it('the end of a session that took no server session releases none', () => {
    const pool = newPool();

    newSession({}, pool).end();

    assert.equal(pool.size, 0);
  });

  it('a session is usable until it ends or its client closes, and the error says which', () => {
    const [ended, closed] = [newSession(), newSession()];
    ended.mustBeUsable();

    ended.end();
    closed.clientClosed = true;
    assert.throws(() => ended.mustBeUsable(), { name: 'MongoExpiredSessionError' });
    assert.throws(() => closed.mustBeUsable(), { name: 'MongoClientClosedError' });
    closed.end();
    assert.throws(() => closed.mustBeUsable(), { name: 'MongoClientClosedError' });
  });
});

describe('SessionState: what a reply tells', () => {
  it('the cluster time and the operation time of a reply are learned', () => {
    const session = newSession();

    session.learn(reply({ $clusterTime: { clusterTime: at(7) }, operationTime: at(5) }));

    assert.deepEqual(session.clusterClock.time?.clusterTime, at(7));
    assert.deepEqual(session.operationTime, at(5));
  });

  it('a reply without times changes nothing', () => {
    const session = newSession();
    session.learn(reply({ operationTime: at(5) }));

    session.learn(reply({}));

    assert.deepEqual(session.operationTime, at(5));
  });

  it('the operation time never goes back', () => {
    const session = newSession();

    for (const t of [5, 4, 6, 6, 1]) session.learn(reply({ operationTime: at(t) }));

    assert.deepEqual(session.operationTime, at(6));
  });

  it('a reply whose operation time is no timestamp is refused', () => {
    const session = newSession();

    assert.throws(() => session.learn(reply({ operationTime: 5 })), { name: 'MongoUnexpectedServerResponseError' });

    assert.equal(session.operationTime, undefined);
  });

  for (const [where, fields] of [
    ['in the reply', { atClusterTime: at(5) }],
    ['in its cursor', { cursor: { id: 0n, atClusterTime: at(5) } }],
  ] as const) {
    it(`a snapshot session learns its moment from the first read, ${where}`, () => {
      const session = newSession({ snapshot: true });

      session.learn(reply({}));
      assert.equal(session.snapshotTime, undefined);
      session.learn(reply(fields));
      session.learn(reply({ atClusterTime: at(9), cursor: { atClusterTime: at(9) } }));

      assert.deepEqual(session.snapshotTime, at(5));
    });
  }

  it('a snapshot session whose moment was given keeps it', () => {
    const session = newSession({ snapshot: true, snapshotTime: at(3) });

    session.learn(reply({ atClusterTime: at(5) }));

    assert.deepEqual(session.snapshotTime, at(3));
  });

  it('other sessions learn no moment', () => {
    const session = newSession();

    session.learn(reply({ atClusterTime: at(5) }));

    assert.equal(session.snapshotTime, undefined);
  });

  it('the recovery token of a reply is kept while a transaction is active', () => {
    const session = newSession();
    session.learn(reply({ recoveryToken: { shard: 'none' } }));
    assert.equal(session.transaction.recoveryToken, undefined);

    session.transaction.start(TRANSACTION_SETTINGS);
    session.learn(reply({ recoveryToken: { shard: 'a' } }));
    session.learn(reply({}));
    session.transaction.commit();
    session.learn(reply({ recoveryToken: { shard: 'b' } }));

    assert.deepEqual(session.transaction.recoveryToken, { shard: 'a' });
  });
});

describe('SessionState: the pin', () => {
  it('unpin checks the pinned connection in, once', () => {
    const session = newSession();
    const { pin, checkedIn } = pinTo('a connection');
    session.pin = pin;

    session.unpin();
    session.unpin();

    assert.equal(session.pin, null);
    assert.deepEqual(checkedIn, ['a connection']);
  });

  it('unpin of a server checks nothing in', () => {
    const session = newSession();
    const { pin, checkedIn } = pinTo(null);
    session.pin = pin;

    session.unpin();

    assert.equal(session.pin, null);
    assert.deepEqual(checkedIn, []);
  });

  it('the end of a session unpins it', () => {
    const session = newSession();
    const { pin, checkedIn } = pinTo('a connection');
    session.pin = pin;

    session.end();

    assert.deepEqual([session.pin, checkedIn], [null, ['a connection']]);
  });
});
