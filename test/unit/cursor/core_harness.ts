import assert from 'node:assert/strict';
import { documentDecoder } from '../../../src/bson/decode.js';
import { type Binary, type Document, Long } from '../../../src/bson/index.js';
import type { Call } from '../../../src/call/call.js';
import type { OperationContext } from '../../../src/commands/context.js';
import { find } from '../../../src/commands/find.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { CursorCore } from '../../../src/cursor/cursor_core.js';
import { type CursorSettings, CursorTimeoutMode } from '../../../src/cursor/cursor_settings.js';
import { OperationIds } from '../../../src/events/publisher.js';
import type { Engine, EngineSource } from '../../../src/executor/engine.js';
import type { SessionState } from '../../../src/sessions/session_state.js';
import { EngineHarness, type EngineHarnessOptions } from '../../support/engine_harness.js';
import type { ReceivedCommand } from '../../support/scripted_peer.js';
import { quiet } from '../../support/scripted_server.js';

/** Milliseconds after which a server is checked again at the earliest. */
const MIN_HEARTBEAT_MS = 500;

export interface CoreOptions extends Partial<Omit<CursorSettings, 'context' | 'budget'>> {
  /** Of the cursor. */
  readonly timeoutMS?: number;
  /** The caller's session. */
  readonly session?: SessionState;
  readonly context?: Partial<OperationContext>;
  /** Where the cursor gets its engine from. Default: the harness has it at once. */
  readonly engine?: (call: Call) => Engine | Promise<Engine>;
  /** What a listener of the end does. */
  readonly onEnd?: () => void;
}

/** What a cursor says about itself. */
interface Told {
  readonly started: boolean;
  readonly closed: boolean;
  readonly killed: boolean;
  readonly id: bigint | undefined;
  readonly buffered: number;
}

/** A cursor over scripted servers. Its `find` and its `getMore` wait for the test to answer them. */
export class CoreHarness {
  readonly servers: EngineHarness;
  readonly core: CursorCore;
  /** How often the cursor has told its end. */
  ends = 0;
  readonly #timers: number;
  readonly #hasSession: boolean;

  constructor(servers: EngineHarness, options: CoreOptions = {}) {
    const { timeoutMS, session, context: given, engine, onEnd, ...settings } = options;
    this.servers = servers;
    this.#timers = servers.clock.pendingTimers;
    this.#hasSession = session !== undefined;
    const context: OperationContext = {
      database: 'shop',
      collection: 'orders',
      namespace: 'shop.orders',
      readPreference: ReadPreference.primary,
      readConcern: undefined,
      writeConcern: undefined,
      bsonOptions: {},
      decode: documentDecoder(),
      session: session ?? null,
      ...given,
    };
    const source: EngineSource = {
      clock: servers.clock,
      operationIds: new OperationIds(),
      stageLimits: servers.limits,
      publisher: servers.engine.publisher,
      engine: engine ?? (() => servers.engine),
    };
    const { batchSize, limit = 0 } = settings;
    const defaults: CursorSettings = {
      name: 'find',
      context,
      open: () => find(context, {}, { limit, ...(batchSize !== undefined && { batchSize }) }),
      kind: 'nonTailable',
      budget: { timeoutMS, source: 'find' },
      scope: null,
      timeoutMode: CursorTimeoutMode.LIFETIME,
      signal: undefined,
      batchSize,
      limit,
      comment: undefined,
      maxAwaitTimeMS: undefined,
      prefetch: false,
    };
    this.core = new CursorCore(source, { ...defaults, ...settings }, () => {
      this.ends++;
      onEnd?.();
    });
  }

  /** A cursor that has not started. */
  static async open(options?: CoreOptions, servers?: EngineHarnessOptions): Promise<CoreHarness> {
    return new CoreHarness(await EngineHarness.open(servers), options);
  }

  /** A cursor whose first batch is buffered. */
  static async opened(
    id: number,
    values: readonly unknown[],
    options?: CoreOptions,
    servers?: EngineHarnessOptions,
  ): Promise<CoreHarness> {
    const harness = await CoreHarness.open(options, servers);
    const fetching = harness.fetch();
    await harness.answer('find', id, values);
    assert.equal(await fetching, true);
    return harness;
  }

  /** Closes the servers. */
  async stop(): Promise<void> {
    await this.servers.close();
  }

  // ── The cursor's methods, each in a call of its own

  fetch(): Promise<boolean> {
    return this.#enter(this.core.call('fetch'), call => this.core.fetch(call));
  }

  /** The `_id` of the next document; undefined at the end. */
  async next(): Promise<unknown> {
    const document = await this.#enter(this.core.call('next'), call => this.core.next(call));
    return document?.['_id'];
  }

  hasNext(): Promise<boolean> {
    return this.#enter(this.core.call('hasNext'), call => this.core.hasNext(call));
  }

  /** The `_id` of each document that is left. */
  async toArray(): Promise<unknown[]> {
    return idsOf(await this.#enter(this.core.call('toArray'), call => this.core.toArray<Document>(null, call)));
  }

  close(timeoutMS?: number): Promise<void> {
    return this.core.close(this.core.closingCall('close', timeoutMS));
  }

  /** As the door of the client does it. */
  #enter<T>(call: Call, work: (call: Call) => Promise<T>): Promise<T> {
    const running = work(call);
    const end = () => call.end(null);
    running.then(end, end);
    return running;
  }

  // ── The server

  /** Waits for the next command, which must have this name. */
  async command(name: string): Promise<ReceivedCommand> {
    const command = await this.servers.nextCommand();
    assert.equal(command.name, name);
    return command;
  }

  /** Answers the next command, which must have this name, with a batch of documents that have these `_id`s. */
  async answer(name: 'find' | 'getMore', id: number, values: readonly unknown[] = []): Promise<ReceivedCommand> {
    const command = await this.command(name);
    command.reply(batch(command, id, values));
    return command;
  }

  /** Confirms the next command, which must be a killCursors. */
  async answerKill(): Promise<ReceivedCommand> {
    const command = await this.command('killCursors');
    command.reply();
    return command;
  }

  /** The servers are checked anew after a network error, so that they can be selected again. */
  async recheck(): Promise<void> {
    await this.servers.clock.advance(MIN_HEARTBEAT_MS);
  }

  /** Names of the commands that were sent so far. */
  async sent(): Promise<string[]> {
    await quiet();
    return this.servers.received.map(({ name }) => name);
  }

  // ── What is there

  get told(): Told {
    const { started, closed, killed, id, buffered } = this.core;
    return { started, closed, killed, id, buffered };
  }

  /** Implicit sessions that are free. The first command of a cursor takes one, and its end returns it. */
  get freeSessions(): number {
    return this.servers.engine.sessions.size;
  }

  /**
   * Throws unless the cursor has released all it had: session, connection, timers, and its entry among the live cursors.
   *
   * @param sessions - implicit sessions that must be free. Default: the cursor's, once
   */
  async assertOver(sessions = this.#hasSession ? 0 : 1): Promise<void> {
    await quiet();
    this.servers.assertReleased();
    assert.equal(this.freeSessions, sessions, 'free sessions');
    assert.equal(this.ends, 1, 'ends told');
    assert.equal(this.servers.clock.pendingTimers, this.#timers, 'timers');
    assert.deepEqual(this.servers.engine.cursors.drain(), [], 'live cursors');
    assert.ok(new Set(this.servers.received.map(lsidOf)).size <= 1, 'all commands must be of one session');
  }
}

/** A reply to `find` or `getMore`. */
export function batch({ name }: ReceivedCommand, id: number, values: readonly unknown[], ns = 'shop.orders'): Document {
  const documents = values.map(_id => ({ _id }));
  return { ok: 1, cursor: { id: Long.fromNumber(id), ns, [name === 'find' ? 'firstBatch' : 'nextBatch']: documents } };
}

/** The session that a command is of. */
export function lsidOf({ body }: ReceivedCommand): string {
  return (body['lsid'] as { readonly id: Binary }).id.toString('hex');
}

export function idsOf(documents: readonly Document[]): unknown[] {
  return documents.map(({ _id }) => _id as unknown);
}

/** Numbers of the cursors that a `killCursors` closes. */
export function killedBy({ body }: ReceivedCommand): unknown[] {
  return (body['cursors'] as readonly (Long | number)[]).map(id => Number(id));
}

/** Leaves a promise to fail when the test ends. */
export function ignore(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}

/** Whether a promise is still pending when all has run that does not wait for time. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const settled = promise.then(
    () => null,
    () => null,
  );
  return (await Promise.race([settled, quiet().then(() => pending)])) === pending;
}
