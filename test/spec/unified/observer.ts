import type { EventEmitter } from 'node:events';
import { type Doc, fieldsOf } from './bson_values.js';
import { eventTypeOf, matchEvent, type ObservedEvent } from './events.js';
import type { MatchContext } from './matching.js';

/** How drivers call the events of the format. */
const DRIVER_NAMES: Readonly<Record<string, string>> = {
  poolCreatedEvent: 'connectionPoolCreated',
  poolReadyEvent: 'connectionPoolReady',
  poolClearedEvent: 'connectionPoolCleared',
  poolClosedEvent: 'connectionPoolClosed',
};

/** "observeSensitiveCommands": whatever carries credentials. */
const SENSITIVE: ReadonlySet<string> = new Set(
  [
    ...['authenticate', 'saslStart', 'saslContinue', 'getnonce', 'createUser', 'updateUser'],
    ...['copydbgetnonce', 'copydbsaslstart', 'copydb'],
  ].map(name => name.toLowerCase()),
);
const HELLO: ReadonlySet<string> = new Set(['hello', 'ismaster']);

export interface ObserverOptions {
  /** Events that the test wants, by their names in the format. */
  readonly events: readonly string[];
  /** Commands whose events it does not want. */
  readonly ignoredCommands: readonly string[];
  readonly sensitive: boolean;
}

/** Keeps what a client publishes. */
export class Observer {
  readonly #client: EventEmitter;
  readonly #options: ObserverOptions;
  readonly #ignored: ReadonlySet<string>;
  readonly #redactedRequests = new Set<unknown>();
  readonly #listeners: (() => void)[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #commands: Doc[] = [];
  #observed: ObservedEvent[] = [];
  #checkedOut = 0;
  #topologyDescription: unknown;
  #ready = new Map<unknown, number>();

  constructor(client: EventEmitter, options: ObserverOptions) {
    this.#client = client;
    this.#options = options;
    this.#ignored = new Set(['configureFailPoint', ...options.ignoredCommands]);
    for (const name of options.events) {
      if (eventTypeOf(name) === undefined) throw new Error(`Unknown event ${name}: this runner cannot observe it`);
      this.#listen(client, driverName(name), event => this.#keep({ name, fields: fieldsOfEvent(event) }));
    }
    this.#listen(client, 'commandStarted', event => this.#commands.push(event['command'] as Doc));
    this.#listen(client, 'connectionCheckedOut', () => this.#checkedOut++);
    this.#listen(client, 'connectionCheckedIn', () => this.#checkedOut--);
    this.#listen(client, 'connectionReady', ({ address }) => {
      this.#ready.set(address, (this.#ready.get(address) ?? 0) + 1);
      this.#wake();
    });
    this.#listen(client, 'topologyDescriptionChanged', event => {
      this.#topologyDescription = event['newDescription'];
      this.#wake();
    });
  }

  /** Hands on events of the given names, whether the test observes them or not, as documents with a name and a time in seconds. */
  store(names: readonly string[], keep: (event: Doc) => void): void {
    for (const name of names) {
      const observable = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
      if (eventTypeOf(observable) === undefined) throw new Error(`Unknown event ${name}: this runner cannot store it`);
      this.#listen(this.#client, driverName(observable), event =>
        keep({ name, observedAt: Date.now() / 1000, ...fieldsOfEvent(event) }),
      );
    }
  }

  get events(): readonly ObservedEvent[] {
    return this.#observed;
  }

  /** Every command that was started, whether its events are wanted or not. */
  get commands(): readonly Doc[] {
    return this.#commands.filter(command => !this.#ignored.has(Object.keys(command)[0] ?? ''));
  }

  get checkedOut(): number {
    return this.#checkedOut;
  }

  get topologyDescription(): unknown {
    return this.#topologyDescription;
  }

  /** How many connections have become ready, by server. */
  get ready(): ReadonlyMap<unknown, number> {
    return this.#ready;
  }

  count(expected: Doc, context: MatchContext): number {
    return this.#observed.filter(event => matchEvent(expected, event, context) === null).length;
  }

  /** Waits until something holds, looking again after each event; says what was awaited when it does not come. */
  async until(holds: () => boolean, timeoutMS: number, awaited: () => string): Promise<void> {
    const deadline = Date.now() + timeoutMS;
    while (!holds()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`Waited ${timeoutMS} ms for ${awaited()}`);
      await new Promise<void>(resolve => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }

  /** Forgets what came so far: the events of filling a pool are not those of the test. */
  clear(): void {
    this.#observed = [];
  }

  stop(): void {
    for (const stop of this.#listeners.splice(0)) stop();
  }

  #listen(client: EventEmitter, name: string, handle: (event: Record<string, unknown>) => void): void {
    client.on(name, handle);
    this.#listeners.push(() => client.off(name, handle));
  }

  #keep(event: ObservedEvent): void {
    if (eventTypeOf(event.name) === 'command' && !this.#isWanted(event.fields)) return;
    this.#observed.push(event);
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #isWanted({ commandName, command, requestId }: Doc): boolean {
    const name = String(commandName);
    if (this.#ignored.has(name)) return false;
    if (this.#options.sensitive) return true;
    if (SENSITIVE.has(name.toLowerCase())) return false;
    if (!HELLO.has(name.toLowerCase())) return true;
    // A hello that authenticates is redacted: nothing is left of it.
    if (command !== undefined && (fieldsOf(command)?.size ?? 0) === 0) this.#redactedRequests.add(requestId);
    return !this.#redactedRequests.has(requestId);
  }
}

function driverName(name: string): string {
  return DRIVER_NAMES[name] ?? name.replace(/Event$/, '');
}

/** Its own fields and its getters: a driver may make parts of an event only when they are read. */
function fieldsOfEvent(event: Doc): Doc {
  const fields: Record<string, unknown> = { ...event };
  for (let at: unknown = event; typeof at === 'object' && at !== null && at !== Object.prototype; ) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if ('get' in property && !Object.hasOwn(fields, name)) fields[name] = event[name];
    }
    at = Object.getPrototypeOf(at);
  }
  return fields;
}
