import assert from 'node:assert/strict';
import type { MonitoringEvent } from '../../src/events/event.js';
import type { Connection } from '../../src/pool/connection.js';
import { attempt, PoolHarness, type PoolHarnessOptions } from '../support/pool_harness.js';
import type { ReceivedCommand, ScriptedPeer } from '../support/scripted_peer.js';
import { quiet, STANDALONE } from '../support/scripted_server.js';

export type PoolLimits = Required<
  Pick<NonNullable<PoolHarnessOptions['pool']>, 'maxPoolSize' | 'minPoolSize' | 'maxConnecting' | 'maxIdleTimeMS'>
>;

interface Request {
  readonly controller: AbortController;
  outcome: 'waiting' | 'given' | 'refused';
}

/**
 * A pool whose server does nothing by itself, and the books about it: who waits, what is lent, and what the events said. What may never
 * be is checked as it happens, by the events, and after each step, by comparing the books with the pool.
 */
export class PoolBook {
  readonly harness: PoolHarness;
  readonly lent: Connection[] = [];
  readonly #limits: PoolLimits;
  /** By operationId, which counts up in the order of asking. */
  readonly #requests = new Map<number, Request>();
  readonly #hellos: ReceivedCommand[] = [];
  /** Commands whose callers have gone. */
  readonly #late: ReceivedCommand[] = [];
  readonly #accepted = new Set<ScriptedPeer>();
  readonly #wrong: string[] = [];
  #lastOperation = 0;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
    this.harness = new PoolHarness({ pool: { ...limits, pendingResponseTimeoutMS: 100 } });
    const { server, events } = this.harness;
    server.accepts = false;
    server.hello = command => {
      this.#hellos.push(command);
      return null;
    };
    events.emitter.on('connectionCheckedOut', ({ operationId }) => this.#settle(operationId, 'given'));
    events.emitter.on('connectionCheckOutFailed', ({ operationId }) => this.#settle(operationId!, 'refused'));
  }

  // ── Steps

  checkOut(timeoutMS: number | undefined): void {
    const { id, controller } = this.#ask();
    const deadline = this.harness.deadline(timeoutMS, controller.signal);
    this.harness.pool.checkOut(attempt(deadline, 'find', id)).then(
      connection => {
        assert.equal(this.#requests.get(id)?.outcome, 'given');
        this.lent.push(connection);
      },
      () => assert.equal(this.#requests.get(id)?.outcome, 'refused'),
    );
  }

  tryCheckOut(): void {
    const { id } = this.#ask();
    const connection = this.harness.pool.tryCheckOut(attempt(undefined, 'find', id));
    if (connection === null) this.#requests.delete(id);
    else this.lent.push(connection);
  }

  checkIn(index: number): void {
    const [connection] = this.lent.splice(index % Math.max(1, this.lent.length), 1);
    if (connection !== undefined) this.harness.pool.checkIn(connection);
  }

  /** An operation on a lent connection times out after 5 ms; its reply is still due. */
  async timeOut(index: number): Promise<void> {
    const connection = pick(this.lent, index);
    if (connection === undefined || connection.error !== null || connection.draining) return;
    const failed = assert.rejects(this.harness.run(connection, { find: 'orders' }, 5));
    await this.advance(5);
    await failed;
    for (const peer of this.harness.server.peers) this.#late.push(...peer.commands.splice(0));
  }

  lateReply(index: number): void {
    const [command] = this.#late.splice(index % Math.max(1, this.#late.length), 1);
    command?.reply();
  }

  /** A connection that is being established makes its next step: connected, then greeted, or refused. */
  proceed(index: number, how: 'well' | 'refused'): void {
    const pending = this.harness.server.openPeers.filter(peer => !this.#accepted.has(peer));
    const peer = pick([...pending, ...this.#hellos.map(hello => hello.peer)], index);
    if (peer === undefined) return;
    const hello = this.#hellos.findIndex(command => command.peer === peer);
    if (hello >= 0) {
      this.#hellos.splice(hello, 1)[0]?.reply(how === 'well' ? STANDALONE : { ok: 0, code: 18, errmsg: 'no' });
    } else {
      this.#accepted.add(peer);
      if (how === 'well') peer.accept();
      else peer.reset();
    }
  }

  breakAny(index: number): void {
    pick(this.harness.server.openPeers, index)?.reset();
  }

  abort(index: number): void {
    const waiting = [...this.#requests.values()].filter(({ outcome }) => outcome === 'waiting');
    pick(waiting, index)?.controller.abort(new Error('aborted by the test'));
  }

  async advance(ms: number): Promise<void> {
    await this.harness.clock.advance(ms);
  }

  // ── What must always be so

  async check(): Promise<void> {
    await quiet();
    const { pool, server } = this.harness;
    const { maxPoolSize, maxConnecting } = this.#limits;
    const { total, idle, inUse, pending, draining, waitQueueLength } = pool.snapshot();
    const established = idle + inUse + draining;
    const waiting = [...this.#requests.values()].filter(({ outcome }) => outcome === 'waiting').length;
    const broken = this.lent.filter(({ error }) => error !== null).length;

    assert.deepEqual(this.#wrong, []);
    assert.ok(total <= maxPoolSize, `${total} connections, at most ${maxPoolSize}`);
    assert.ok(pending <= maxConnecting, `${pending} being established, at most ${maxConnecting}`);
    assert.equal(inUse, this.lent.length, 'in use');
    assert.equal(waitQueueLength, waiting, 'waiting');
    assert.equal(server.openPeers.length, total - broken, 'open at the other end');
    if (pool.state !== 'ready') {
      assert.deepEqual([waitQueueLength, idle, pending, draining], [0, 0, 0, 0], 'left in a pool that is not ready');
    } else if (waiting > 0) {
      assert.equal(idle, 0, 'idle although a caller waits');
      const possible = Math.min(waiting, maxConnecting, maxPoolSize - established);
      assert.ok(pending >= possible, `${pending} being established for ${waiting} who wait`);
    }
  }

  /** Closes the pool, gives everything back, and looks at the whole story. */
  async end(): Promise<void> {
    const { pool, clock, events } = this.harness;
    pool.close();
    await quiet();
    while (this.lent.length > 0) this.checkIn(0);
    await this.check();
    assert.equal(clock.pendingTimers, 0, 'timers left');
    assert.ok(
      [...this.#requests.values()].every(({ outcome }) => outcome !== 'waiting'),
      'a waiter was lost',
    );
    checkStory(events.events);
  }

  #ask(): { id: number; controller: AbortController } {
    const id = ++this.#lastOperation;
    const controller = new AbortController();
    this.#requests.set(id, { controller, outcome: 'waiting' });
    return { id, controller };
  }

  /** Called by listeners, whose errors go nowhere: what is wrong is noted for {@link PoolBook.check}. */
  #settle(operationId: number, outcome: 'given' | 'refused'): void {
    const request = this.#requests.get(operationId);
    if (request?.outcome !== 'waiting') this.#wrong.push(`operation ${operationId} was settled twice`);
    else request.outcome = outcome;
    if (outcome === 'refused') return;
    for (const [id, earlier] of this.#requests) {
      if (id < operationId && earlier.outcome === 'waiting') this.#wrong.push(`${operationId} overtook ${id}`);
    }
  }
}

function pick<T>(items: readonly T[], index: number): T | undefined {
  return items[index % Math.max(1, items.length)];
}

/** Which events may follow which, for one connection. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  none: ['connectionCreated'],
  connectionCreated: ['connectionReady', 'connectionClosed'],
  connectionReady: ['connectionCheckedOut', 'connectionClosed'],
  connectionCheckedOut: ['connectionCheckedIn'],
  connectionCheckedIn: ['connectionCheckedOut', 'connectionPendingResponseStarted', 'connectionClosed'],
  connectionPendingResponseStarted: ['connectionPendingResponseSucceeded', 'connectionPendingResponseFailed'],
  connectionPendingResponseSucceeded: ['connectionCheckedOut', 'connectionClosed'],
  connectionPendingResponseFailed: ['connectionClosed'],
  connectionClosed: [],
};

/** What holds for the events of any pool: each start has one end, and nothing is opened while the pool is paused. */
function checkStory(events: readonly MonitoringEvent[]): void {
  const last = new Map<number, string>();
  let paused = true;
  for (const event of events) {
    const { name } = event;
    if (name === 'connectionPoolReady') paused = false;
    if (name === 'connectionPoolCleared' || name === 'connectionPoolClosed') {
      assert.ok(!paused || name === 'connectionPoolClosed', 'cleared twice');
      paused = true;
    }
    if (name === 'connectionCreated') assert.ok(!paused, 'opened while the pool was paused');
    const { connectionId } = event as { connectionId?: number };
    if (connectionId === undefined) continue;
    const before = last.get(connectionId) ?? 'none';
    assert.ok(NEXT[before]?.includes(name), `connection ${connectionId}: ${name} after ${before}`);
    last.set(connectionId, name);
  }
  for (const [id, name] of last) assert.equal(name, 'connectionClosed', `connection ${id} was not closed`);
  const count = (name: string) => events.filter(event => event.name === name).length;
  assert.equal(
    count('connectionCheckOutStarted'),
    count('connectionCheckedOut') + count('connectionCheckOutFailed'),
    'check-outs without an end',
  );
  const sequences = events.map(({ sequence }) => sequence);
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => a - b),
  );
}
