// Members that the official driver has and does not publish, and that libraries use all the same. The driver itself uses none of them: they are getters on
// the prototypes of the public classes, made when they are asked for, and no declaration has them.
//
// | Member                                                | Who uses it                                                                           |
// | ----------------------------------------------------- | ------------------------------------------------------------------------------------- |
// | client.topology, topology.description, its events     | mongoose lib/drivers/node-mongodb-native/connection.js (setClient)                    |
// | client.topology.s.description                         | mongoose lib/connection.js (readyState: type, heartbeatFrequencyMS)                   |
// | client.topology.s.options                             | agenda 5 dist/agenda/index.js; newrelic lib/instrumentation/mongodb/common.js (hosts) |
// | client.s.url, client.s.options                        | mongoose lib/drivers/node-mongodb-native/connection.js; parse-server lib/Adapters/Storage/Mongo/MongoStorageAdapter.js |
// | client.monitorCommands (set)                          | newrelic lib/instrumentation/mongodb/v4-mongo.js                                      |
// | collection.s.db                                       | @keyv/mongo dist/index.js (getMany); newrelic lib/instrumentation/mongodb/common.js   |
// | collection.s.namespace, db.s.namespace                | newrelic lib/instrumentation/mongodb/common.js                                        |
// | session.transaction                                   | mongoose lib/plugins/trackTransaction.js                                              |
// | session.client                                        | programs that find the client of a session                                            |
// | cursor.transform (set)                                | typeorm entity-manager/MongoEntityManager.js (applyEntityTransformationToCursor)      |
// | lib/cmap/connection.js, lib/cmap/connect.js, lib/sessions.js | @opentelemetry/instrumentation-mongodb, dd-trace (datadog-instrumentations/src/mongodb-core.js) |
// | cursor.session, cursor.client                         | programs that wrap cursors                                                            |
//
// Three more stand elsewhere, since they are part of what those files are about: `BulkWriteResult.result` (mongoose lib/model.js, insertMany),
// `client.options.metadata` (uri/mongo_options.ts), and a `next` of their own that typeorm and newrelic put on a cursor (cursors/abstract_cursor.ts).
import { EventEmitter } from 'node:events';
import type { TopologyDescription } from '../description/topology_description.js';
import type { Engine } from '../executor/engine.js';
import { ClientSession } from '../sessions/client_session.js';
import type { Transaction, TransactionState } from '../sessions/transaction.js';
import { patchableModules } from '../sinks/patched_sink.js';
import { Collection } from './collection.js';
import { AbstractCursor } from './cursors/abstract_cursor.js';
import { Db } from './db.js';
import { MongoClient } from './mongo_client.js';

// The client

addGetter(MongoClient.prototype, 'topology', client => {
  const { currentEngine } = client;
  return currentEngine === null ? undefined : topologyOf(client, currentEngine);
});

addOnce(MongoClient.prototype, 's', client => ({
  isMongoClient: true,
  namespace: new Namespace('admin'),
  get url() {
    return client.connectionString;
  },
  get options() {
    return client.options;
  },
  get bsonOptions() {
    return client.bsonOptions;
  },
  get readConcern() {
    return client.readConcern;
  },
  get writeConcern() {
    return client.writeConcern;
  },
  get readPreference() {
    return client.readPreference;
  },
  get hasBeenClosed() {
    return client.isClosed;
  },
}));

addGetter(MongoClient.prototype, 'monitorCommands', client => client.options.monitorCommands);

// The files of the official package that instrumentations patch: mongotempo-as-mongodb gives them (scripts/stand_in.mjs)

Object.defineProperty(MongoClient, Symbol.for('mongotempo.patchable'), { value: patchableModules });

// Databases, collections and cursors

addOnce(Db.prototype, 's', db => ({
  namespace: new Namespace(db.databaseName),
  options: db.options,
  pkFactory: db.options?.pkFactory,
  readPreference: db.readPreference,
  readConcern: db.readConcern,
  writeConcern: db.writeConcern,
  bsonOptions: db.bsonOptions,
}));

addOnce(Collection.prototype, 's', collection => ({
  db: collection.db,
  namespace: new Namespace(collection.dbName, collection.collectionName),
  pkFactory: collection.db.options?.pkFactory,
  readPreference: collection.readPreference,
  readConcern: collection.readConcern,
  writeConcern: collection.writeConcern,
  bsonOptions: collection.bsonOptions,
}));

addGetter(AbstractCursor.prototype, 'client', cursor => cursor.owningClient);
addGetter(AbstractCursor.prototype, 'session', cursor => cursor.givenSession);
Object.defineProperty(AbstractCursor.prototype, 'transform', {
  configurable: true,
  get(this: AbstractCursor) {
    return this.shaping ?? undefined;
  },
  set(this: AbstractCursor, transform: ((document: unknown) => unknown) | null | undefined) {
    this.shaping = transform ?? null;
  },
});

// Sessions

addGetter(ClientSession.prototype, 'client', session => session.owningClient);
addOnce(ClientSession.prototype, 'transaction', session => new TransactionView(session.state.transaction, session));

const TRANSACTION_STATES: Readonly<Record<TransactionState, string>> = {
  none: 'NO_TRANSACTION',
  starting: 'STARTING_TRANSACTION',
  'in progress': 'TRANSACTION_IN_PROGRESS',
  committed: 'TRANSACTION_COMMITTED',
  'committed, empty': 'TRANSACTION_COMMITTED_EMPTY',
  aborted: 'TRANSACTION_ABORTED',
};

/** The transaction of a session, by the names of the official driver. */
class TransactionView {
  readonly #transaction: Transaction;
  readonly #session: ClientSession;

  constructor(transaction: Transaction, session: ClientSession) {
    this.#transaction = transaction;
    this.#session = session;
  }

  get state(): string {
    return TRANSACTION_STATES[this.#transaction.state];
  }

  get options(): object {
    return this.#transaction.settings;
  }

  get recoveryToken(): object | undefined {
    return this.#transaction.recoveryToken;
  }

  get isPinned(): boolean {
    return this.#session.isPinned;
  }

  get isStarting(): boolean {
    return this.#transaction.state === 'starting';
  }

  get isActive(): boolean {
    return this.#transaction.isActive;
  }

  get isCommitted(): boolean {
    return ['committed', 'committed, empty', 'aborted'].includes(this.#transaction.state);
  }
}

// What the client knows of the deployment

/** One for each time that a client is open. */
const topologies = new WeakMap<Engine, TopologyView>();

function topologyOf(client: MongoClient, engine: Engine): TopologyView {
  let view = topologies.get(engine);
  if (view === undefined) topologies.set(engine, (view = new TopologyView(client, engine)));
  return view;
}

/** Events of the client that the official driver's topology emits too. */
const TOPOLOGY_EVENT = /^(?:server|topology|connection|command)[A-Z]|^waitingForSuitableServer$/;

/** The topology of the official driver, as far as it is read by others. Its events are the client's, to which it listens while it has listeners. */
class TopologyView extends EventEmitter {
  readonly #client: MongoClient;
  readonly #engine: Engine;
  readonly s: object;

  constructor(client: MongoClient, engine: Engine) {
    super();
    this.#client = client;
    this.#engine = engine;
    const description = () => this.description;
    const isClosed = () => this.isDestroyed();
    this.s = {
      options: client.options,
      seedlist: client.options.hosts,
      heartbeatFrequencyMS: client.options.heartbeatFrequencyMS,
      get description() {
        return description();
      },
      get state() {
        return isClosed() ? 'closed' : 'connected';
      },
    };
    this.#forwardEvents();
  }

  get description(): TopologyDescription {
    return this.#engine.topology.description;
  }

  get client(): MongoClient {
    return this.#client;
  }

  get logicalSessionTimeoutMinutes(): number | null {
    return this.description.logicalSessionTimeoutMinutes;
  }

  get commonWireVersion(): number {
    return this.description.commonWireVersion;
  }

  get loadBalanced(): boolean {
    return this.#client.options.loadBalanced;
  }

  isConnected(): boolean {
    return !this.isDestroyed() && this.description.hasKnownServers;
  }

  isDestroyed(): boolean {
    return this.#client.currentEngine !== this.#engine;
  }

  #forwardEvents(): void {
    // The client's methods take the names that they know.
    const client: EventEmitter = this.#client;
    const forwards = new Map<string | symbol, (...values: unknown[]) => void>();
    this.on('newListener', (name: string | symbol) => {
      if (typeof name !== 'string' || !TOPOLOGY_EVENT.test(name) || forwards.has(name)) return;
      const forward = (...values: unknown[]) => void this.emit(name, ...values);
      forwards.set(name, forward);
      client.on(name, forward);
    });
    this.on('removeListener', (name: string | symbol) => {
      const forward = forwards.get(name);
      if (forward === undefined || this.listenerCount(name) > 0) return;
      forwards.delete(name);
      client.off(name, forward);
    });
  }
}

/** A namespace as the official driver keeps it. */
class Namespace {
  readonly db: string;
  readonly collection: string | undefined;

  constructor(db: string, collection?: string) {
    this.db = db;
    this.collection = collection;
  }

  toString(): string {
    return this.collection === undefined ? this.db : `${this.db}.${this.collection}`;
  }
}

// How they are added

/** A getter that others may set over, as they may the official driver's field. */
function addGetter<T extends object>(prototype: T, name: string, get: (self: T) => unknown): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    get(this: T) {
      return get(this);
    },
    set(this: T, value: unknown) {
      define(this, name, value);
    },
  });
}

/** The same for a value that is made at the first use and stays. */
function addOnce<T extends object>(prototype: T, name: string, make: (self: T) => unknown): void {
  addGetter(prototype, name, self => define(self, name, make(self)));
}

function define<T>(target: object, name: string, value: T): T {
  Object.defineProperty(target, name, { configurable: true, writable: true, value });
  return value;
}
