import type { Authenticator } from '../../src/auth/authenticator.js';
import type { Document } from '../../src/bson/index.js';
import { Attempt } from '../../src/call/attempt.js';
import type { Budget } from '../../src/call/budget.js';
import { Call, NO_STAGE_LIMITS, type StageLimits } from '../../src/call/call.js';
import { Deadline } from '../../src/call/deadline.js';
import type { Connection } from '../../src/pool/connection.js';
import type { EstablishSettings } from '../../src/pool/establish.js';
import type { HandshakeOptions } from '../../src/pool/handshake.js';
import { ConnectionPool, type PoolOptions } from '../../src/pool/pool.js';
import type { ConnectionParts, WireConnection } from '../../src/pool/wire_connection.js';
import type { Clock } from '../../src/runtime/clock.js';
import type { Random } from '../../src/runtime/random.js';
import { openSocket } from '../../src/runtime/socket_transport.js';
import type { OpenTransport, TransportAddress } from '../../src/runtime/transport.js';
import { nextRequestId } from '../../src/wire/header.js';
import { MessageEncoder } from '../../src/wire/message_encoder.js';
import type { Reply } from '../../src/wire/reply.js';
import { EventRecorder } from './event_recorder.js';
import { FakeClock } from './fake_clock.js';
import { ScriptedServer } from './scripted_server.js';

export const ADDRESS = 'db1:27017';
export const LIMITS = { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 };

export const HANDSHAKE: HandshakeOptions = {
  metadata: () => ({ driver: { name: 'test', version: '0' } }),
  codecs: [],
  useHello: false,
  loadBalanced: false,
  apiFields: {},
};

/** An attempt of an operation; without a deadline nothing limits it. */
export function attempt(
  within: Deadline = Deadline.background(new FakeClock()),
  commandName = 'find',
  operationId = 1,
  limits = NO_STAGE_LIMITS,
): Attempt {
  return new Attempt(new Call(operationId, commandName, 'shop.orders', within, limits), commandName, 'shop.orders', 1);
}

/** The deadline of an operation; without `timeoutMS` the old timeouts count. */
export function deadline(clock: Clock, timeoutMS?: number, signal?: AbortSignal): Deadline {
  const budget: Budget = { timeoutMS, source: 'the client' };
  return Deadline.start(budget, clock, signal);
}

export function connectionParts(clock: Clock, open: OpenTransport, target?: TransportAddress): ConnectionParts {
  return {
    address: ADDRESS,
    target: target ?? { host: 'db1', port: 27017 },
    transportOptions: {},
    open,
    encoder: new MessageEncoder(),
    clock,
  };
}

export function establishSettings(
  parts: ConnectionParts,
  handshake: Partial<HandshakeOptions> = {},
): EstablishSettings {
  const { encoder, clock } = parts;
  return { handshake: { ...HANDSHAKE, ...handshake }, connectTimeoutMS: 30_000, commandTimeoutMS: 0, encoder, clock };
}

/** Sends a command as the executor does. */
export function run(
  connection: WireConnection,
  encoder: MessageEncoder,
  command: Document,
  within: Deadline,
): Promise<Reply> {
  const requestId = nextRequestId();
  const outgoing = {
    requestId,
    flags: 0,
    body: { $db: 'shop', ...command },
    rawFields: [],
    maxTimeMS: 0,
    sequence: undefined,
  };
  const message = encoder.encode(outgoing, LIMITS, {});
  return connection.roundTrip(message, requestId, 'read', attempt(within, Object.keys(command)[0]));
}

export interface PoolHarnessOptions {
  readonly pool?: Partial<PoolOptions>;
  readonly handshake?: Partial<HandshakeOptions>;
  readonly clock?: FakeClock;
  readonly random?: Random;
  /** Over the socket on which the server listens, or another, instead of memory. */
  readonly socket?: boolean | TransportAddress;
  readonly server?: ScriptedServer;
  readonly connectTimeoutMS?: number;
  readonly commandTimeoutMS?: number;
  readonly authenticator?: Authenticator;
}

/** A pool over a scripted server, its clock, its events, and the errors that it told of. */
export class PoolHarness {
  readonly clock: FakeClock;
  readonly server: ScriptedServer;
  readonly events = new EventRecorder();
  readonly pool: ConnectionPool;
  readonly #limits: StageLimits;
  readonly parts: ConnectionParts;
  /** What was told to the topology: failures of establishing a connection. */
  readonly errors: Error[] = [];
  /** What the topology does about them. */
  onError: (error: Error, connection: Connection) => void = () => undefined;

  constructor(options: PoolHarnessOptions = {}) {
    this.clock = options.clock ?? new FakeClock();
    this.server = options.server ?? new ScriptedServer();
    const { socket = false } = options;
    this.parts =
      socket === false
        ? connectionParts(this.clock, this.server.open)
        : connectionParts(this.clock, openSocket, socket === true ? this.server.target : socket);
    const settings = establishSettings(this.parts, options.handshake);
    const defaults: PoolOptions = {
      maxPoolSize: 100,
      minPoolSize: 0,
      maxConnecting: 2,
      maxIdleTimeMS: 0,
      waitQueueTimeoutMS: 0,
      pendingResponseTimeoutMS: 1000,
    };
    const poolOptions = { ...defaults, ...options.pool };
    this.#limits = { ...NO_STAGE_LIMITS, waitQueueTimeoutMS: poolOptions.waitQueueTimeoutMS };
    this.pool = new ConnectionPool(ADDRESS, poolOptions, {
      publisher: this.events.publisher(this.clock),
      clock: this.clock,
      random: options.random ?? { next: () => 0.5, bytes: length => new Uint8Array(length) },
      connection: this.parts,
      establish: {
        ...settings,
        connectTimeoutMS: options.connectTimeoutMS ?? settings.connectTimeoutMS,
        commandTimeoutMS: options.commandTimeoutMS ?? 0,
        authenticator: options.authenticator,
      },
      onHandshake: () => undefined,
      onConnectionError: (error, connection) => {
        this.errors.push(error);
        this.onError(error, connection);
      },
    });
  }

  /** A pool whose server is known to be available. */
  static ready(options: PoolHarnessOptions = {}): PoolHarness {
    const harness = new PoolHarness(options);
    harness.pool.ready();
    return harness;
  }

  deadline(timeoutMS?: number, signal?: AbortSignal): Deadline {
    return deadline(this.clock, timeoutMS, signal);
  }

  readonly checkOut = (timeoutMS?: number, signal?: AbortSignal): Promise<Connection> =>
    this.pool.checkOut(attempt(this.deadline(timeoutMS, signal), 'find', 1, this.#limits));

  run(connection: Connection, command: Document, timeoutMS?: number, signal?: AbortSignal): Promise<Reply> {
    return run(connection, this.parts.encoder, command, this.deadline(timeoutMS, signal));
  }

  /** Names of the events since the pool became ready, without the prefix that all have. */
  readonly story = (): string[] =>
    this.events
      .names()
      .map(name => name.replace(/^connection/, ''))
      .filter(name => name !== 'PoolCreated' && name !== 'PoolReady');
}
