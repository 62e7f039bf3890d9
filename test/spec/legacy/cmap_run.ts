import assert from 'node:assert/strict';
import type { MonitoringEvent } from '../../../src/events/event.js';
import type { MonitoringEventName } from '../../../src/events/event_map.js';
import type { Connection } from '../../../src/pool/connection.js';
import { MongoPoolClearedError, MongoPoolClosedError, MongoWaitQueueTimeoutError } from '../../../src/pool/errors.js';
import type { PoolOptions } from '../../../src/pool/pool_options.js';
import { PoolHarness } from '../../support/pool_harness.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';

/** A file of `cmap-format`. */
export interface CmapTest {
  readonly description: string;
  readonly style: string;
  readonly failPoint?: { readonly data: { readonly failCommands: readonly string[]; readonly blockTimeMS?: number } };
  readonly poolOptions?: Partial<PoolOptions> & {
    readonly backgroundThreadIntervalMS?: number;
    readonly appName?: string;
  };
  readonly operations: readonly CmapOperation[];
  readonly error?: { readonly type: string; readonly message?: string; readonly address?: unknown };
  readonly events: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
  readonly ignore?: readonly string[];
}

interface CmapOperation {
  readonly name: string;
  readonly thread?: string;
  readonly target?: string;
  readonly label?: string;
  readonly connection?: string;
  readonly event?: string;
  readonly count?: number;
  readonly ms?: number;
  readonly timeout?: number;
  readonly interruptInUseConnections?: boolean;
}

const ERRORS: Readonly<Record<string, new (...args: never[]) => Error>> = {
  PoolClosedError: MongoPoolClosedError,
  PoolClearedError: MongoPoolClearedError,
  WaitQueueTimeoutError: MongoWaitQueueTimeoutError,
};

/** Virtual milliseconds after which what a test waits for will not come. */
const PATIENCE_MS = 60_000;

/**
 * Runs one file on a pool over the scripted server. Time is the fake clock's: it moves on while the test waits and nothing else can
 * happen. `backgroundThreadIntervalMS` has no counterpart; what it is meant to speed up or to keep still does not depend on it here.
 */
export class CmapRun {
  readonly #test: CmapTest;
  readonly #harness: PoolHarness;
  readonly #labels = new Map<string, Connection>();
  readonly #threads = new Map<string, Promise<void>>();

  constructor(test: CmapTest) {
    this.#test = test;
    const { backgroundThreadIntervalMS: _, appName: __, ...pool } = test.poolOptions ?? {};
    this.#harness = new PoolHarness({ pool });
    this.#blockHello(test.failPoint?.data.blockTimeMS);
  }

  async run(): Promise<void> {
    let failure: unknown;
    for (const operation of this.#test.operations) {
      try {
        await this.#start(operation);
      } catch (error) {
        failure = error;
        break;
      }
    }
    this.#checkError(failure);
    this.#checkEvents();
    this.#harness.pool.close();
    await quiet();
    assert.equal(this.#harness.clock.pendingTimers, 0, 'timers after the pool was closed');
  }

  /** The only fail point in these tests: hello is answered late. */
  #blockHello(ms: number | undefined): void {
    if (ms === undefined) return;
    const { server, clock } = this.#harness;
    server.hello = command => {
      const timer = clock.setTimer(ms, () => command.reply(STANDALONE));
      void command.peer.end.then(() => timer.clear());
      return null;
    };
  }

  async #start(operation: CmapOperation): Promise<void> {
    const { thread } = operation;
    if (thread === undefined) {
      await this.#until(this.#perform(operation));
      return;
    }
    const before = this.#threads.get(thread) ?? Promise.resolve();
    const after = before.then(() => this.#perform(operation));
    after.catch(() => null);
    this.#threads.set(thread, after);
  }

  async #perform(operation: CmapOperation): Promise<void> {
    const { pool, clock } = this.#harness;
    switch (operation.name) {
      case 'start':
        this.#threads.set(operation.target ?? '', Promise.resolve());
        return;
      case 'wait':
        await clock.advance(operation.ms ?? 0);
        return;
      case 'waitForThread':
        await this.#threads.get(operation.target ?? '');
        return;
      case 'waitForEvent':
        await this.#harness.events.nth(eventName(operation.event ?? ''), (operation.count ?? 1) - 1);
        return;
      case 'checkOut': {
        const connection = await this.#harness.checkOut();
        if (operation.label !== undefined) this.#labels.set(operation.label, connection);
        return;
      }
      case 'checkIn':
        pool.checkIn(this.#labels.get(operation.connection ?? '')!);
        return;
      case 'clear':
        pool.clear(new Error('cleared by the test'), operation.interruptInUseConnections);
        return;
      case 'close':
        pool.close();
        return;
      case 'ready':
        pool.ready();
        return;
      default:
        throw new Error(`Unknown operation ${operation.name}`);
    }
  }

  /** Moves time on until a promise settles. */
  async #until(promise: Promise<void>): Promise<void> {
    const settled = promise.then(
      () => true,
      () => true,
    );
    await quiet();
    for (let waited = 0; !(await Promise.race([settled, quiet().then(() => false)])); waited += 5) {
      const names = this.#harness.events.names().join(', ');
      assert.ok(waited < PATIENCE_MS, `Nothing came in ${PATIENCE_MS} ms; there were ${names}`);
      await this.#harness.clock.advance(5);
    }
    await promise;
  }

  #checkError(failure: unknown): void {
    const expected = this.#test.error;
    if (expected === undefined) {
      assert.equal(failure, undefined, String(failure));
      return;
    }
    const errorClass = ERRORS[expected.type];
    assert.ok(errorClass !== undefined, `unknown error type ${expected.type}`);
    assert.ok(failure instanceof errorClass, `${String(failure)} is no ${expected.type}`);
    // The official words come first; details follow.
    if (expected.message !== undefined) assert.ok(failure.message.startsWith(expected.message), failure.message);
    if (expected.address !== undefined)
      matches((failure as { address?: unknown }).address, expected.address, 'address');
  }

  #checkEvents(): void {
    const ignored = new Set(this.#test.ignore?.map(eventName));
    const actual = this.#harness.events.events.filter(({ name }) => !ignored.has(name as MonitoringEventName));
    this.#test.events.forEach(({ type, ...fields }, index) => {
      const event = actual[index];
      assert.equal(event?.name, eventName(type), `event ${index} of ${actual.map(({ name }) => name).join(', ')}`);
      for (const [field, value] of Object.entries(fields)) matches(fieldOf(event, field), value, `${type}.${field}`);
    });
  }
}

/** `ConnectionCheckedOut` → `connectionCheckedOut` */
function eventName(type: string): MonitoringEventName {
  return `c${type.slice(1)}` as MonitoringEventName;
}

function fieldOf(event: MonitoringEvent, field: string): unknown {
  return (event as unknown as Record<string, unknown>)[field === 'duration' ? 'durationMS' : field];
}

/** 42 stands for anything that is there; what an object does not name may be anything. */
function matches(actual: unknown, expected: unknown, path: string): void {
  if (expected === 42 || expected === '42') {
    assert.ok(actual !== undefined && actual !== null, `${path} is missing`);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      matches((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  } else {
    assert.deepEqual(actual, expected, path);
  }
}
