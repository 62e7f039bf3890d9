import type { Document } from '../bson/index.js';
import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type { EventSink } from '../events/publisher.js';

// Instrumentations for the official driver (@opentelemetry/instrumentation-mongodb, dd-trace, Sentry) wrap methods of its internal classes. Where the stand-in
// has the place of `mongodb`, they find these ones, and a client that is made after that calls them from its events: commands, connections, and the pool.
// Nothing here is called where nothing is wrapped.

/** What `Connection.command` of the driver would be called for. */
interface Namespace {
  readonly db: string;
  readonly collection: string;
  toString(): string;
}

/** The reply to the command that is being told to a wrapper. */
let replyBeingTold: Promise<unknown> = Promise.resolve();

class Connection {
  readonly id: number;
  readonly address: string;

  constructor(id: number, address: string) {
    this.id = id;
    this.address = address;
  }

  /** Wrappers call it in their middle. Sends nothing: the command is on its way. */
  command(_namespace: Namespace, _command: Document, _options: object): Promise<unknown> {
    return replyBeingTold;
  }
}

/** The connections that are free, as far as wrappers look at them. */
class ServerSessionPool {
  readonly sessions: object[] = [];

  acquire(): object {
    return this.sessions.pop() ?? {};
  }

  release(session: object): void {
    this.sessions.push(session);
  }
}

/** Has one parameter, by which wrappers know that it gives a promise. */
function connect(_options: object): Promise<void> {
  return Promise.resolve();
}

/** The modules by their paths in the official package. Wrappers set over what is in them. */
export const patchableModules = {
  'cmap/connection': { Connection },
  'cmap/connect': { connect },
  sessions: { ServerSessionPool },
};

const ownMethods = {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- compared, and not called
  command: Connection.prototype.command,
  connect,
  // eslint-disable-next-line @typescript-eslint/unbound-method -- compared, and not called
  acquire: ServerSessionPool.prototype.acquire,
};

/** Ends what a wrapper was told of. */
interface Told {
  succeed(reply: Document): void;
  fail(error: Error): void;
}

/** Calls the wrapped methods from the events of a client. */
export class PatchedSink implements EventSink {
  readonly #databaseName: string;
  readonly #wanted: ReadonlySet<MonitoringEventName>;
  readonly #connections = new Map<string, Connection>();
  readonly #running = new Map<number, Told>();
  readonly #pool = new ServerSessionPool();

  private constructor(databaseName: string, wanted: ReadonlySet<MonitoringEventName>) {
    this.#databaseName = databaseName;
    this.#wanted = wanted;
  }

  /** Null where nothing is wrapped. */
  static of(databaseName: string): PatchedSink | null {
    const wanted = new Set<MonitoringEventName>();

    if (Connection.prototype.command !== ownMethods.command) {
      for (const name of ['commandStarted', 'commandSucceeded', 'commandFailed', 'connectionClosed'] as const)
        wanted.add(name);
    }
    if (patchableModules['cmap/connect'].connect !== ownMethods.connect) wanted.add('connectionCreated');

    if (ServerSessionPool.prototype.acquire !== ownMethods.acquire) {
      for (const name of ['connectionCheckedOut', 'connectionCheckedIn'] as const) wanted.add(name);
    }
    return wanted.size === 0 ? null : new PatchedSink(databaseName, wanted);
  }

  start(): void {
    // What is wrapped later is not seen.
  }

  wants(name: MonitoringEventName): boolean {
    return this.#wanted.has(name);
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N]): void {
    if (!this.#wanted.has(name)) return;
    try {
      this.#tell(event);
    } catch {
      // What a wrapper throws would be thrown to the operation by the official driver; here it is the wrapper's own affair, and so is a promise that it rejects.
    }
  }

  #tell(event: MonitoringEvents[MonitoringEventName]): void {
    switch (event.name) {
      case 'commandStarted':
        if (!event.redacted) this.#begin(event);
        return;
      case 'commandSucceeded':
        this.#end(event.requestId)?.succeed(event.reply);
        return;
      case 'commandFailed':
        this.#end(event.requestId)?.fail(event.failure);
        return;
      case 'connectionCreated': {
        const [, host, port] = /^(.*):(\d+)$/.exec(event.address) ?? [null, event.address, undefined];
        const hostAddress = { host, port: port === undefined ? undefined : Number(port) };
        const options = { hostAddress, dbName: this.#databaseName };
        patchableModules['cmap/connect'].connect(options).catch(() => undefined);
        return;
      }
      case 'connectionClosed':
        this.#connections.delete(keyOf(event));
        return;
      case 'connectionCheckedOut':
        this.#pool.acquire();
        return;
      case 'connectionCheckedIn':
        this.#pool.release({});
        return;
      default:
    }
  }

  #begin(event: MonitoringEvents['commandStarted']): void {
    const key = keyOf(event);
    let connection = this.#connections.get(key);
    if (connection === undefined) {
      this.#connections.set(key, (connection = new Connection(event.connectionId, event.address)));
    }
    replyBeingTold = new Promise<Document>((succeed, fail) => this.#running.set(event.requestId, { succeed, fail }));
    replyBeingTold.catch(() => undefined);
    void connection.command(namespaceOf(event), withoutEnvelope(event.command), {}).catch(() => undefined);
  }

  #end(requestId: number): Told | undefined {
    const told = this.#running.get(requestId);
    this.#running.delete(requestId);
    return told;
  }
}

function keyOf({ address, connectionId }: { readonly address: string; readonly connectionId: number }): string {
  return `${address} ${connectionId}`;
}

/** What the official driver adds after the method that is wrapped. */
const ENVELOPE = ['$db', 'lsid', '$clusterTime', 'txnNumber', 'autocommit', 'startTransaction', '$readPreference'];

function withoutEnvelope(command: Document): Document {
  return Object.fromEntries(Object.entries(command).filter(([name]) => !ENVELOPE.includes(name)));
}

function namespaceOf({ databaseName, commandName, command }: MonitoringEvents['commandStarted']): Namespace {
  const named: unknown = command[commandName === 'getMore' ? 'collection' : commandName];
  const collection = typeof named === 'string' ? named : '$cmd';
  return { db: databaseName, collection, toString: () => `${databaseName}.${collection}` };
}
