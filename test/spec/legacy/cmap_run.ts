import assert from 'node:assert/strict';
import { parseHello } from '../../../src/description/hello.js';
import type { MonitoringEvent } from '../../../src/events/event.js';
import type { MonitoringEventName } from '../../../src/events/event_map.js';
import type { Connection } from '../../../src/pool/connection.js';
import { MongoPoolClearedError, MongoPoolClosedError, MongoWaitQueueTimeoutError } from '../../../src/pool/errors.js';
import type { PoolOptions } from '../../../src/pool/pool.js';
import { reactTo } from '../../../src/sdam/error_reaction.js';
import { Deferred } from '../../support/deferred.js';
import { ADDRESS, PoolHarness } from '../../support/pool_harness.js';
import type { ReceivedCommand } from '../../support/scripted_peer.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';

/** A file of `cmap-format`. */
export interface CmapTest {
  readonly description: string;
  readonly style: string;
  readonly failPoint?: CmapFailPoint;
  readonly poolOptions?: Partial<PoolOptions> & {
    readonly backgroundThreadIntervalMS?: number;
    readonly appName?: string;
  };
  readonly operations: readonly CmapOperation[];
  readonly error?: { readonly type: string; readonly message?: string; readonly address?: unknown };
  readonly events: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
  readonly ignore?: readonly string[];
}

interface CmapFailPoint {
  readonly mode?: 'alwaysOn' | 'off' | { readonly times?: number; readonly skip?: number };
  readonly data: {
    readonly failCommands: readonly string[];
    readonly appName?: string;
    readonly blockConnection?: boolean;
    readonly blockTimeMS?: number;
    readonly closeConnection?: boolean;
    readonly errorCode?: number;
    readonly errorLabels?: readonly string[];
  };
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
    const { backgroundThreadIntervalMS: _, appName, ...pool } = test.poolOptions ?? {};
    this.#harness = new PoolHarness({ pool });
    this.#harness.onError = (error, connection) => this.#react(error, connection);
    const { failPoint } = test;
    if (failPoint !== undefined && (failPoint.data.appName ?? appName) === appName) this.#failHello(failPoint);
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

  /** The fail points of these tests are about establishing connections: the first command of each is hello. */
  #failHello({ mode = 'alwaysOn', data }: CmapFailPoint): void {
    const isHello = data.failCommands.some(name => ['hello', 'ismaster'].includes(name.toLowerCase()));
    assert.ok(isHello, `the scripted server gets no ${data.failCommands.join(' or ')}`);
    let skip = typeof mode === 'object' ? (mode.skip ?? 0) : 0;
    let times = mode === 'off' ? 0 : mode === 'alwaysOn' ? Number.POSITIVE_INFINITY : (mode.times ?? Infinity);
    const { server, clock } = this.#harness;
    server.hello = command => {
      if (skip-- > 0 || times-- <= 0) return STANDALONE;
      const answer = (): void => failedAnswer(command, data);
      const waits = data.blockConnection === true || data.blockTimeMS !== undefined;
      if (!waits) answer();
      else {
        const timer = clock.setTimer(data.blockTimeMS ?? 0, answer);
        void command.peer.end.then(() => timer.clear());
      }
      return null;
    };
  }

  /** What the topology does when a connection could not be established. */
  #react(error: Error, connection: Connection): void {
    const { pool } = this.#harness;
    const reaction = reactTo(error, {
      connectionGeneration: connection.generation,
      poolGeneration: pool.generation,
      phase: 'beforeHandshake',
      description: parseHello(ADDRESS, STANDALONE, { roundTripTime: 1, minRoundTripTime: 0, lastUpdateTime: 1 }),
      loadBalanced: false,
    });
    if (reaction.clearPool) pool.clear(error);
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
        await this.#waitForEvent(operation);
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

  async #waitForEvent({ event = '', count = 1, timeout }: CmapOperation): Promise<void> {
    const { events, clock } = this.#harness;
    const arrival = events.nth(eventName(event), count - 1);
    if (timeout === undefined) {
      await arrival;
      return;
    }
    const late = new Deferred<never>();
    const timer = clock.setTimer(timeout, () => late.reject(new Error(`No ${event} number ${count} in ${timeout} ms`)));
    try {
      await Promise.race([arrival, late.promise]);
    } finally {
      timer.clear();
    }
  }

  /** Moves time on until a promise settles: in small steps while a test measures, in long ones when what it waits for is late. */
  async #until(promise: Promise<void>): Promise<void> {
    const settled = promise.then(
      () => true,
      () => true,
    );
    await quiet();
    for (let waited = 0; !(await Promise.race([settled, quiet().then(() => false)])); ) {
      const names = this.#harness.events.names().join(', ');
      assert.ok(waited < PATIENCE_MS, `Nothing came in ${PATIENCE_MS} ms; there were ${names}`);
      const step = waited < 2000 ? 5 : 1000;
      waited += step;
      await this.#harness.clock.advance(step);
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

function failedAnswer(
  command: ReceivedCommand,
  { closeConnection, errorCode, errorLabels }: CmapFailPoint['data'],
): void {
  if (closeConnection === true) command.peer.reset();
  else if (errorCode === undefined) command.reply(STANDALONE);
  else
    command.reply({ ok: 0, code: errorCode, errmsg: 'the fail point failed it', ...(errorLabels && { errorLabels }) });
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
