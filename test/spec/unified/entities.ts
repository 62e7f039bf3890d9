import type { LogMessage } from '../drivers/driver.js';
import type { Observer } from './observer.js';
import type { ObservedSpan } from './tracing.js';

/** Unified test format, "Entity Map". */

export type Kind =
  | 'client'
  | 'database'
  | 'collection'
  | 'session'
  | 'bucket'
  | 'thread'
  | 'cursor'
  | 'changeStream'
  | 'topologyDescription'
  | 'value';

interface Entity {
  readonly kind: Kind;
  readonly value: unknown;
}

/** What a test says of a client beside the client itself. */
export interface ClientRecord {
  readonly observer: Observer;
  readonly logs: LogMessage[];
  readonly spans: ObservedSpan[];
}

/** A thread is a chain of operations. */
export class Thread {
  #last: Promise<void> = Promise.resolve();

  run(work: () => Promise<void>): void {
    this.#last = this.#last.then(work);
    // The wait for the thread gets the failure; one that comes before the wait is not unhandled.
    this.#last.catch(() => null);
  }

  get done(): Promise<void> {
    return this.#last;
  }
}

/** The things of one test, by their names. */
export class Entities {
  readonly #entities = new Map<string, Entity>();
  readonly #clients = new Map<string, ClientRecord>();
  readonly #lsids = new Map<string, unknown>();

  add(id: string, kind: Kind, value: unknown): void {
    if (this.#entities.has(id)) throw new Error(`There is already an entity ${id}`);
    this.#entities.set(id, { kind, value });
  }

  addClient(id: string, client: object, record: ClientRecord): void {
    this.add(id, 'client', client);
    this.#clients.set(id, record);
  }

  kindOf(id: string): Kind {
    return this.#find(id).kind;
  }

  get(kind: Kind, id: string): object {
    const found = this.#find(id);
    if (found.kind !== kind) throw new Error(`The entity ${id} is a ${found.kind}, not a ${kind}`);
    return found.value as object;
  }

  value(id: string): unknown {
    return this.#find(id).value;
  }

  clientRecord(id: string): ClientRecord {
    const record = this.#clients.get(id);
    if (record === undefined) throw new Error(`There is no client ${id}`);
    return record;
  }

  /** All of one kind, in the order in which they were made. */
  all(kind: Kind): object[] {
    return [...this.#entities.values()].filter(entity => entity.kind === kind).map(({ value }) => value as object);
  }

  get records(): ClientRecord[] {
    return [...this.#clients.values()];
  }

  /** For matching: plain values by name. */
  get values(): ReadonlyMap<string, unknown> {
    return new Map(
      [...this.#entities].filter(([, { kind }]) => kind === 'value').map(([id, { value }]) => [id, value]),
    );
  }

  /** Remembers an lsid, which a session that has ended may not tell any more. */
  lsidOf(session: string): unknown {
    const entity = this.#entities.get(session);
    if (entity?.kind !== 'session') return undefined;
    const known = this.#lsids.get(session) ?? (entity.value as { id?: unknown }).id;
    this.#lsids.set(session, known);
    return known;
  }

  #find(id: string): Entity {
    const found = this.#entities.get(id);
    if (found === undefined) throw new Error(`There is no entity ${id}`);
    return found;
  }
}
