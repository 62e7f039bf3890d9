import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, serialize } from '../../../src/bson/index.js';
import { ServerSessionPool } from '../../../src/sessions/server_session_pool.js';
import { FakeClock } from '../../support/fake_clock.js';
import { int32 } from '../wire/bytes.js';

const MINUTE_MS = 60_000;

function setUp() {
  const clock = new FakeClock();
  let drawn = 0;
  const random = { next: () => 0.5, bytes: (length: number) => new Uint8Array(length).fill(++drawn) };
  const pool = new ServerSessionPool(clock, random);
  return { clock, pool };
}

describe('ServerSessionPool', () => {
  it('a new session has a random UUID of version 4', () => {
    const { pool } = setUp();

    const { id } = pool.acquire(30).id;

    assert.equal(id.sub_type, Binary.SUBTYPE_UUID);
    assert.equal(id.toUUID().toHexString(), '01010101-0101-4101-8101-010101010101');
    assert.notDeepEqual(pool.acquire(30).id.id.buffer, id.buffer);
  });

  it('the bits of version and variant are right whatever chance gives', () => {
    const random = { next: () => 0.5, bytes: (length: number) => new Uint8Array(length).fill(0xff) };

    const { id } = new ServerSessionPool(new FakeClock(), random).acquire(30).id;

    assert.equal(id.toUUID().toHexString(), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  });

  it('a session has the field lsid of its commands ready in BSON', () => {
    const session = setUp().pool.acquire(30);

    const document = Buffer.concat([int32(0), session.lsidField, Buffer.of(0)]);
    document.writeInt32LE(document.length, 0);

    assert.deepEqual(document, Buffer.from(serialize({ lsid: session.id })));
  });

  it('the session that was released last is acquired first', () => {
    const { pool } = setUp();
    const [first, second] = [pool.acquire(30), pool.acquire(30)];
    pool.release(first);
    pool.release(second);

    assert.equal(pool.size, 2);
    assert.equal(pool.acquire(30), second);
    assert.equal(pool.acquire(30), first);
    assert.equal(pool.size, 0);
  });

  it('a session keeps its number for retryable writes while it waits in the pool', () => {
    const { pool } = setUp();
    const session = pool.acquire(30);
    session.txnNumber = 7;
    pool.release(session);

    assert.equal(pool.acquire(30).txnNumber, 7);
  });

  it('a session is acquired again until one minute before its timeout', () => {
    const { clock, pool } = setUp();
    const session = pool.acquire(30);
    pool.release(session);

    clock.skip(29 * MINUTE_MS);

    assert.equal(pool.acquire(30), session);
  });

  it('a session with less than one minute left is not acquired again, nor are those released before it', () => {
    const { clock, pool } = setUp();
    const sessions = [pool.acquire(30), pool.acquire(30), pool.acquire(30)];
    for (const session of sessions) pool.release(session);

    clock.skip(29 * MINUTE_MS + 1);
    const fresh = pool.acquire(30);

    assert.ok(!sessions.includes(fresh));
    assert.equal(fresh.lastUse, clock.now());
    assert.equal(pool.size, 0);
  });

  it('the timeout counts from the last use', () => {
    const { clock, pool } = setUp();
    const session = pool.acquire(30);
    clock.skip(20 * MINUTE_MS);
    session.lastUse = clock.now();
    pool.release(session);
    clock.skip(20 * MINUTE_MS);

    assert.equal(pool.acquire(30), session);
  });

  it('no session is acquired again while the deployment has no session timeout', () => {
    const { pool } = setUp();
    const session = pool.acquire(30);
    pool.release(session);

    assert.notEqual(pool.acquire(null), session);
  });

  it('a dirty session is not acquired again', () => {
    const { pool } = setUp();
    const session = pool.acquire(30);
    session.isDirty = true;
    pool.release(session);

    assert.equal(pool.size, 0);
    assert.notEqual(pool.acquire(30), session);
  });

  it('drain takes out all sessions', () => {
    const { pool } = setUp();
    const sessions = [pool.acquire(30), pool.acquire(30)];
    for (const session of sessions) pool.release(session);

    assert.deepEqual(pool.drain(), sessions);
    assert.deepEqual(pool.drain(), []);
    assert.equal(pool.size, 0);
  });
});
