import assert from 'node:assert/strict';
import { type Document, ObjectId } from '../../src/bson/index.js';
import { Call, type StageLimits } from '../../src/call/call.js';
import { createEngine } from '../../src/client/engine.js';
import { defineOperation, type OperationDefinition } from '../../src/commands/operation_defaults.js';
import { ReadPreference } from '../../src/concern/read_preference.js';
import type { EventSink } from '../../src/events/publisher.js';
import { EventPublisher } from '../../src/events/publisher.js';
import type { Binding } from '../../src/executor/binding.js';
import type { Engine } from '../../src/executor/engine.js';
import { execute } from '../../src/executor/execute.js';
import type { Operation } from '../../src/executor/operation.js';
import type { Server } from '../../src/sdam/server.js';
import { readPreferenceSelector, type ServerSelector } from '../../src/sdam/server_selection.js';
import { ServerSessionPool } from '../../src/sessions/server_session_pool.js';
import { type SessionSettings, SessionState } from '../../src/sessions/session_state.js';
import type { TransactionSettings } from '../../src/sessions/transaction.js';
import type { MongoClientOptions } from '../../src/uri/client_options.js';
import { resolveOptions } from '../../src/uri/resolve.js';
import { Deferred } from './deferred.js';
import { EventRecorder } from './event_recorder.js';
import { FakeClock } from './fake_clock.js';
import { deadline } from './pool_harness.js';
import type { ReceivedCommand } from './scripted_peer.js';
import { type Answer, quiet, ScriptedServer, STANDALONE } from './scripted_server.js';
import { primaryMember } from './topology_harness.js';

/** Milliseconds between two checks of a server; the default of `heartbeatFrequencyMS`. */
const HEARTBEAT_MS = 10_000;

/** hello of a mongos. */
export const MONGOS: Document = Object.freeze({ ...STANDALONE, msg: 'isdbgrid' });

/** Options of {@link EngineHarness.open} for a mongos behind a load balancer at `lb:27017`. */
export const LOAD_BALANCED = Object.freeze({
  hellos: { 'lb:27017': { ...MONGOS, serviceId: new ObjectId('0123456789abcdef01234567') } },
  options: { loadBalanced: true },
});

/** hello of the only member of a replica set. */
export const PRIMARY: Document = Object.freeze(primaryMember('a:27017', { hosts: ['a:27017'] }));

/** Labels of an error with which a server refuses work because it is overloaded. */
export const OVERLOAD_LABELS: readonly string[] = Object.freeze(['SystemOverloadedError', 'RetryableError']);

/** A reply with which a server refuses work because it is overloaded. */
export function overload(fields: Document = {}): Document {
  return { ok: 0, code: 462, errmsg: 'ingress limit exceeded', errorLabels: [...OVERLOAD_LABELS], ...fields };
}

/** A reply to a command that failed. */
export function failure(code: number, fields: Document = {}): Document {
  return { ok: 0, code, errmsg: `error ${code}`, ...fields };
}

/** The error of a promise that must fail, with an error of this class. Must be called before the promise can fail. */
export function errorOf<E extends Error = Error>(
  promise: Promise<unknown>,
  type?: abstract new (...args: never[]) => E,
): Promise<E> {
  return promise.then(
    value => assert.fail(`The promise must fail, but its value is ${JSON.stringify(value)}`),
    (error: unknown) => {
      if (type !== undefined && !(error instanceof type))
        assert.fail(`Must be a ${type.name}, but is ${String(error)}`);
      return error as E;
    },
  );
}

// ── Operations

export interface OperationOverrides extends Partial<OperationDefinition<Document>> {
  readonly session?: SessionState;
  readonly readPreference?: ReadPreference;
  readonly selector?: ServerSelector;
  readonly database?: string;
  readonly namespace?: string;
}

/** An operation whose result is the reply. */
export function operation(
  definition: Omit<OperationDefinition<Document>, 'result'>,
  overrides: OperationOverrides = {},
): Operation<Document> {
  const { database = 'shop', namespace = 'shop.orders', session = null } = overrides;
  const { readPreference = ReadPreference.primary } = overrides;
  const { selector = readPreferenceSelector(readPreference) } = overrides;
  return defineOperation({ database, namespace, bsonOptions: {}, session }, selector, readPreference, {
    result: ({ reply }) => reply.document,
    ...definition,
    ...overrides,
  });
}

/** A `find`. */
export function read(overrides?: OperationOverrides): Operation<Document> {
  const command = () => ({ find: 'orders', filter: {} });
  return operation({ name: 'find', access: 'read', retryable: true, command }, overrides);
}

/** An `insert` of one document, sent beside the body. */
export function write(overrides?: OperationOverrides): Operation<Document> {
  const command = () => ({ insert: 'orders', ordered: true });
  const sequence = { field: 'documents', documents: [{ _id: 1 }], from: 0 };
  return operation({ name: 'insert', access: 'write', retryable: true, command, sequence }, overrides);
}

/** An `insert` that the server does not answer. Its result says how many documents were sent. */
export function unacknowledgedWrite(overrides?: OperationOverrides): Operation<Document> {
  return write({
    command: () => ({ insert: 'orders', ordered: false, writeConcern: { w: 0 } }),
    unacknowledged: true,
    unacknowledgedResult: taken => ({ taken }),
    ...overrides,
  });
}

/** A command of the user's own. */
export function userCommand(command: Document, overrides?: OperationOverrides): Operation<Document> {
  const name = Object.keys(command)[0] ?? '';
  return operation(
    { name, access: 'read', retryable: false, sessionRole: 'asGiven', command: () => ({ ...command }) },
    { namespace: 'shop', ...overrides },
  );
}

/** The command that ends a transaction. */
export function endOfTransaction(
  session: SessionState,
  name: 'commitTransaction' | 'abortTransaction' = 'commitTransaction',
  overrides?: OperationOverrides,
): Operation<Document> {
  const command = () => ({ [name]: 1 });
  return operation(
    { name, access: 'write', retryable: true, sessionRole: 'endsTransaction', command },
    { database: 'admin', namespace: 'admin', session, ...overrides },
  );
}

// ── Engine

export interface EngineHarnessOptions {
  /** What each server answers to hello, by address. Default: a replica set of one primary at `a:27017`. */
  readonly hellos?: Readonly<Record<string, Document>>;
  /** Options of the client. */
  readonly options?: MongoClientOptions;
  /** Milliseconds that each of the first two checks of a server takes, by the clock. Default 0. */
  readonly roundTripMS?: number;
  /** Receivers of the events. Default: one that keeps them all in `events`. */
  readonly sinks?: readonly EventSink[];
}

export interface RunOptions {
  readonly timeoutMS?: number;
  readonly signal?: AbortSignal;
  readonly binding?: Binding;
  readonly call?: Call;
}

/** An engine as a client has it, with real servers, pools and monitors over scripted servers. */
export class EngineHarness {
  readonly clock = new FakeClock();
  readonly events = new EventRecorder();
  readonly server = new ScriptedServer();
  readonly engine: Engine;
  readonly limits: StageLimits;
  /** What each address answers to hello; null does not answer; an absent one refuses connections. */
  readonly hellos: Map<string, Document | null>;
  /** What the servers answer to commands; null leaves it to {@link EngineHarness.nextCommand}. */
  answer: Answer = () => null;
  /** Every command but hello that a server has received, in order. */
  readonly received: ReceivedCommand[] = [];
  /** What `random` gives. */
  chance = 0.5;
  #roundTripMS: number;
  #operationId = 0;
  readonly #unanswered: ReceivedCommand[] = [];
  readonly #waiting: Deferred<ReceivedCommand>[] = [];

  private constructor({ hellos = { 'a:27017': PRIMARY }, options, roundTripMS = 0, sinks }: EngineHarnessOptions) {
    this.hellos = new Map(Object.entries(hellos));
    this.#roundTripMS = roundTripMS;
    this.server.hello = ({ peer }) => {
      this.clock.skip(this.#roundTripMS);
      return this.hellos.get(peer.host) ?? null;
    };
    this.server.answer = command => this.#onCommand(command);
    const resolved = resolveOptions(`mongodb://${Object.keys(hellos).join(',')}`, {
      serverMonitoringMode: 'poll',
      heartbeatFrequencyMS: HEARTBEAT_MS,
      ...options,
    });
    const { serverSelectionTimeoutMS, waitQueueTimeoutMS, socketTimeoutMS } = resolved;
    this.limits = { serverSelectionTimeoutMS, waitQueueTimeoutMS, socketTimeoutMS };
    const { clock } = this;
    let drawn = 0;
    const random = { next: () => this.chance, bytes: (length: number) => new Uint8Array(length).fill(++drawn) };
    const publisher = sinks === undefined ? this.events.publisher(clock) : new EventPublisher(sinks, clock);
    const sessions = new ServerSessionPool(clock, random);
    this.engine = createEngine(resolved, () => ({ driver: { name: 'test', version: '0' } }), publisher, sessions, {
      clock,
      random,
      open: this.#open,
    });
  }

  /** An engine that knows its servers; each has been checked twice if a round trip was given, and once otherwise. */
  static async open(options: EngineHarnessOptions = {}): Promise<EngineHarness> {
    const harness = new EngineHarness(options);
    harness.engine.topology.open();
    await quiet();
    if (harness.#roundTripMS > 0) {
      await harness.clock.advance(HEARTBEAT_MS);
      await quiet();
      harness.#roundTripMS = 0;
    }
    harness.events.clear();
    return harness;
  }

  /** Closes the topology, and with it all connections. */
  async close(): Promise<void> {
    this.engine.topology.close();
    await quiet();
  }

  call({ timeoutMS, signal }: RunOptions = {}, name = 'method'): Call {
    return new Call(++this.#operationId, name, 'shop.orders', deadline(this.clock, timeoutMS, signal), this.limits);
  }

  /** Executes one operation in a call of its own, unless one is given. */
  run<T>(operation: Operation<T>, options: RunOptions = {}): Promise<T> {
    return execute(this.engine, operation, options.binding ?? null, options.call ?? this.call(options));
  }

  /** The next command that no script has answered. */
  nextCommand(): Promise<ReceivedCommand> {
    const command = this.#unanswered.shift();
    if (command !== undefined) return Promise.resolve(command);
    const waiting = new Deferred<ReceivedCommand>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Runs an operation whose command is answered with the replies given, one for each attempt, and fails when there are none left. */
  runAnswered<T>(operation: Operation<T>, replies: readonly Document[], options?: RunOptions): Promise<T> {
    const left = [...replies];
    this.answer = () => left.shift() ?? { ok: 0, code: 1, errmsg: 'the script has no more replies' };
    return this.run(operation, options);
  }

  /** The next event of a name that has not been asked for yet. */
  readonly nextEvent = this.events.next.bind(this.events);

  serverAt(address = 'a:27017'): Server {
    const server = this.engine.topology.servers.get(address);
    assert.ok(server, `There is no server at ${address}`);
    return server;
  }

  /** The type of the server at an address, as the topology knows it. */
  typeOf(address = 'a:27017'): string | undefined {
    return this.engine.topology.description.servers.get(address)?.type;
  }

  /** A session of the user; with a transaction that has just been started, if asked for. */
  session(settings: Partial<SessionSettings> = {}, transaction?: Partial<TransactionSettings> | 'inTransaction') {
    const none: TransactionSettings = {
      readConcern: undefined,
      writeConcern: undefined,
      readPreference: ReadPreference.primary,
      maxCommitTimeMS: undefined,
    };
    const defaults = { causal: false, snapshot: false, snapshotTime: undefined, timeoutMS: undefined };
    const session = new SessionState(this.engine.sessions, { ...defaults, transaction: none, ...settings });
    if (transaction !== undefined)
      session.transaction.start(transaction === 'inTransaction' ? none : { ...none, ...transaction });
    return session;
  }

  /** Names and hosts of the commands received: `find a`, … */
  story(): string[] {
    return this.received.map(({ name, peer }) => `${name} ${peer.host.replace(':27017', '')}`);
  }

  /** Throws unless no operation runs on any server and no connection is in use. */
  assertReleased(): void {
    for (const { address, operationCount, pool } of this.engine.topology.servers.values()) {
      assert.equal(operationCount, 0, `operations on ${address}`);
      assert.equal(pool.stats().inUse, 0, `connections in use of ${address}`);
    }
  }

  #onCommand(command: ReceivedCommand): Document | null {
    this.received.push(command);
    const reply = this.answer(command);
    if (reply !== null) return reply;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#unanswered.push(command);
    else waiting.resolve(command);
    return null;
  }

  readonly #open: ScriptedServer['open'] = (address, options, handler) => {
    const transport = this.server.open(address, options, handler);
    const peer = this.server.peers.at(-1);
    if (peer !== undefined && !this.hellos.has(peer.host)) {
      peer.reset(Object.assign(new Error(`connect ECONNREFUSED ${peer.host}`), { code: 'ECONNREFUSED' }));
    }
    return transport;
  };
}
