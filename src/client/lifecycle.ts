import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import { Deadline } from '../call/deadline.js';
import { EndWatch } from '../call/end_watch.js';
import { Lifetime } from '../call/lifetime.js';
import { outsideScope } from '../call/scope.js';
import { waitFor } from '../call/waiter.js';
import { endSessions } from '../commands/end_sessions.js';
import { killLiveCursors } from '../commands/kill_live_cursors.js';
import type { ReadPreference } from '../concern/read_preference.js';
import { MongoClientClosedError, MongoNotConnectedError } from '../errors/driver.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Engine } from '../executor/engine.js';
import { reachServer } from '../executor/reach_server.js';
import type { TLSMaterial } from '../runtime/tls_material.js';
import { SrvPoller } from '../sdam/srv_poller.js';
import type { ClientSession } from '../sessions/client_session.js';
import type { ServerSessionPool } from '../sessions/server_session_pool.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';
import { createEngine, type Effects, tlsMaterialOf } from './engine.js';
import { SrvDiscovery, type SrvEffects } from './srv_discovery.js';

/** Aborting transactions while a client closes, unless the caller of `close` says otherwise: servers abort them by themselves after a minute. */
export const CLOSE_TIMEOUT_MS = 5000;

/** For killCursors and endSessions: servers close idle cursors and sessions by themselves, so a silent server is not waited for longer. */
const COURTESY_TIMEOUT_MS = 1000;

/** What the lifecycle needs of its client. */
export interface LifecycleParts {
  readonly effects: Effects & SrvEffects;
  readonly publisher: EventPublisher;
  readonly sessions: ServerSessionPool;
  /** Sessions that users have started and not ended. */
  readonly activeSessions: ReadonlySet<ClientSession>;
  /** What new connections say of the client. */
  readonly metadata: () => Document;
  /** The options are complete: DNS has said what an SRV connection string leaves open. */
  onResolved(options: ResolvedOptions): void;
  /** The client is connected, for the first time since it was opened. */
  onConnected(): void;
  /** The client was open and is closed. */
  onClosed(): void;
}

/** What has to be known before there can be an engine. All calls that wait for it share it, each under its own deadline. */
interface Opening {
  readonly name: 'opening';
  readonly tls: TLSMaterial | undefined;
  /** The reading of the TLS files. Null before it starts and after it has failed. */
  reading: Promise<void> | null;
  /** Settles when the client closes while it opens. */
  readonly interrupted: Promise<void>;
  interrupt(): void;
  /** Null for a connection string that names its hosts. */
  readonly discovery: SrvDiscovery | null;
}

interface Open {
  readonly name: 'open';
  readonly engine: Engine;
  /** Looks for changes of the hosts of an SRV connection string. */
  readonly poller: SrvPoller | null;
  /** Whether the client has told that it is connected. */
  isConnected: boolean;
}

interface Closing {
  readonly name: 'closing';
  /** The engine that is closed; null if there was none. */
  readonly engine: Engine | null;
  /** The same for what the client still has to tell its servers, which the close does not end. */
  readonly lastCommands: Engine | null;
  /** The program has closed the client: operations are refused until it connects anew. */
  byProgram: boolean;
  /** Never rejects. */
  readonly done: Promise<void>;
}

type State =
  /** Nothing is connected. The first operation opens the client. */
  | { readonly name: 'new' }
  | Opening
  | Open
  | Closing
  /** Closed by the program. */
  | { readonly name: 'closed' };

const NEW: State = Object.freeze({ name: 'new' });
const CLOSED: State = Object.freeze({ name: 'closed' });

/**
 * When a client opens, is connected and closes; and its engine in between.
 *
 * ```text
 * new → opening → open → closing → closed → new (by `connect`)
 *                                → new (after a `connect` that failed)
 * ```
 */
export class ClientLifecycle {
  /** As given; of an SRV connection string without what DNS knows. */
  readonly #options: ResolvedOptions;
  readonly #parts: LifecycleParts;
  #state: State = NEW;
  /** Calls of `connect` that have not ended. */
  #connecting = 0;

  constructor(options: ResolvedOptions, parts: LifecycleParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** The engine of a client that is open, or that is closing; null before and after. */
  get current(): Engine | null {
    const state = this.#state;
    return state.name === 'open' || state.name === 'closing' ? state.engine : null;
  }

  /** Whether the program has closed the client and not connected it anew. */
  get isClosed(): boolean {
    const state = this.#state;
    return state.name === 'closed' || (state.name === 'closing' && state.byProgram);
  }

  /** The engine for what a client that is closing still has to tell its servers; null if it is not closing. */
  get lastCommands(): Engine | null {
    return this.#state.name === 'closing' ? this.#state.lastCommands : null;
  }

  /**
   * What operations work with; made, and its discovery begun, at the first call.
   *
   * @throws MongoNotConnectedError after `close`
   */
  engine(call: Call): Engine | Promise<Engine> {
    const state = this.#state;
    switch (state.name) {
      case 'open':
        return state.engine;
      case 'new':
        return this.#needsOpening ? this.#openWhenReady(this.#beginOpening(), call) : this.#open(this.#options, null);
      case 'opening':
        return this.#openWhenReady(state, call);
      case 'closing':
      case 'closed':
        throw new MongoNotConnectedError('Client must be connected before running operations');
    }
  }

  /** Waits for a server that suits, and for a connection to it. If no call of `connect` succeeds, the client is closed. */
  async connect(readPreference: ReadPreference, call: Call): Promise<void> {
    call.deadline.throwIfAborted();
    if (this.#state.name === 'closing') await this.#whenClosed(this.#state, call);
    if (this.#state.name === 'closed') this.#state = NEW;
    this.#connecting++;
    try {
      const engine = await this.engine(call);
      // Monitors belong to no user, and behind a load balancer there are none: only a connection of the pool tells whether operations will have one.
      const how = this.#options.__skipPingOnConnect ? 'select' : 'checkOut';
      if (!this.#isConnected(engine)) await reachServer(engine, readPreference, how, call);
      this.#announce(engine);
    } catch (error) {
      this.#connecting--;
      await this.#closeAfterFailure(call);
      throw error;
    }
    this.#connecting--;
  }

  /** Closes the client for the program. Calls that overlap share one close, which ends with the first of their deadlines. */
  close(call: Call): Promise<void> {
    const state = this.#state;
    if (state.name !== 'closing') return this.#close(true, call);
    state.byProgram = true;
    return this.#shareClose(state, call.deadline, true);
  }

  // ── Opening

  get #needsOpening(): boolean {
    return this.#options.tls.enabled || this.#options.srvHost !== undefined;
  }

  #beginOpening(): Opening {
    const { effects, publisher } = this.#parts;
    const { srvHost } = this.#options;
    let interrupt!: () => void;
    const interrupted = new Promise<void>(resolve => {
      interrupt = resolve;
    });
    const opening: Opening = {
      name: 'opening',
      tls: tlsMaterialOf(this.#options, effects),
      reading: null,
      interrupted,
      interrupt,
      discovery: srvHost === undefined ? null : new SrvDiscovery(this.#options, effects, publisher),
    };
    this.#state = opening;
    return opening;
  }

  /**
   * Reads certificates first: a file that is missing or malformed now will not mend by waiting for a server, and nothing is connected. Then DNS
   * is asked for the hosts, where that has to be.
   *
   * @throws MongoInvalidArgumentError that names the option and the file
   */
  async #openWhenReady(opening: Opening, call: Call): Promise<Engine> {
    const { tls, discovery } = opening;
    if (tls !== undefined) {
      await this.#whenRead(opening, tls, call);
      this.#throwIfClosed(opening);
    }
    const options = discovery === null ? this.#options : await discovery.resolve(call);
    this.#throwIfClosed(opening);
    return this.#state.name === 'open' ? this.#state.engine : this.#open(options, opening);
  }

  #whenRead(opening: Opening, tls: TLSMaterial, { name, namespace, deadline }: Call): Promise<void> {
    opening.reading ??= tls.load().catch((error: unknown) => {
      // The next operation reads the files again.
      opening.reading = null;
      throw error;
    });
    const limit = deadline.within('serverSelection', this.#options.serverSelectionTimeoutMS);
    const during = `while reading the files of TLS for ${name} ${namespace}`;
    const describe = () => ({ during, phase: 'serverSelection', namespace, maybeApplied: false }) as const;
    return waitFor(Promise.race([opening.reading, opening.interrupted]), describe, null, limit);
  }

  /** Another call may have opened the client meanwhile. */
  #throwIfClosed(opening: Opening): void {
    if (this.#state !== opening && this.#state.name !== 'open') throw new MongoClientClosedError();
  }

  #open(options: ResolvedOptions, opening: Opening | null): Engine {
    const { effects, publisher, sessions, metadata } = this.#parts;
    this.#parts.onResolved(options);
    // While `connect` runs, it is for it to say whether the client is connected.
    const onConnectionReady = () => {
      if (this.#connecting === 0) this.#announce(engine);
    };
    const engine: Engine = createEngine(
      options,
      metadata,
      publisher,
      sessions,
      effects,
      onConnectionReady,
      opening?.tls,
    );
    const discovery = opening?.discovery ?? null;
    const { topology } = engine;
    const lookUp = discovery === null ? null : () => discovery.hosts();
    const poller = lookUp === null ? null : new SrvPoller(options, { clock: effects.clock, topology, lookUp });
    this.#state = { name: 'open', engine, poller, isConnected: false };
    // What begins here outlives the operation that opens the client.
    outsideScope(() => topology.open());
    // A listener that was told of the opening may have closed the client.
    if (this.#isOpen) poller?.start();
    return engine;
  }

  get #isOpen(): boolean {
    return this.#state.name === 'open';
  }

  #isConnected(engine: Engine): boolean {
    return this.#state.name === 'open' && this.#state.engine === engine && this.#state.isConnected;
  }

  #announce(engine: Engine): void {
    const state = this.#state;
    if (state.name !== 'open' || state.engine !== engine || state.isConnected) return;
    state.isConnected = true;
    this.#parts.onConnected();
  }

  // ── Closing

  async #closeAfterFailure(call: Call): Promise<void> {
    const state = this.#state;
    // Another call may still succeed; and what the program has closed stays closed.
    if (this.#connecting > 0 || (state.name === 'open' && state.isConnected) || state.name === 'closed') return;
    if (state.name === 'closing' && state.byProgram) return;
    // The program has not closed the client: an operation opens it anew.
    const { timeoutMS } = this.#options;
    // A close by the program that joins this one has the time of the client too, and not that of `connect`.
    const ofClient = Deadline.start({ timeoutMS, source: 'the client' }, this.#parts.effects.clock);
    void this.#close(false, call.until(ofClient.within('read', CLOSE_TIMEOUT_MS)));
    const closing = this.#state;
    if (closing.name === 'closing') await this.#shareClose(closing, call.deadline.refreshed(timeoutMS), false);
  }

  /** Waits for a close that has begun. When the deadline ends first, what the client still tells its servers is cut short. */
  async #shareClose(closing: Closing, deadline: Deadline, forProgram: boolean): Promise<void> {
    const onDeadlineEnd = (): void => {
      if (closing.byProgram && !forProgram) return;
      closing.lastCommands?.lifetime.end();
      closing.engine?.topology.interruptOperations();
    };
    const watch = new EndWatch({ onDeadlineEnd });
    watch.start(deadline);
    await closing.done;
    watch.stop();
  }

  #close(byProgram: boolean, call: Call): Promise<void> {
    const state = this.#state;
    if (state.name === 'closing') return state.done;
    const engine = this.current;
    const lastCommands = engine === null ? null : { ...engine, lifetime: new Lifetime() };
    let finish!: (closed: Promise<void>) => void;
    const done = new Promise<void>(resolve => {
      finish = resolve;
    });
    // A listener that is called while the close begins may call `close` too.
    const closing: Closing = { name: 'closing', engine, lastCommands, byProgram, done };
    this.#state = closing;
    finish(this.#closeFrom(state, closing, call));
    return done;
  }

  async #closeFrom(state: Exclude<State, Closing>, closing: Closing, call: Call): Promise<void> {
    if (state.name === 'opening') {
      state.interrupt();
      state.discovery?.close();
    }
    if (state.name === 'open') {
      state.poller?.close();
      state.engine.lifetime.end();
      state.engine.topology.interruptOperations();
    }
    await this.#sayGoodbye(closing.lastCommands, call);
    this.#state = closing.byProgram ? CLOSED : NEW;
    if (closing.engine === null) return;
    closing.engine.topology.close();
    this.#parts.onClosed();
  }

  /**
   * What a client that closes tells its servers: aborts the transactions that are open, kills the cursors that servers hold, then ends the
   * sessions. Never rejects.
   *
   * @param engine - null if the client never connected
   */
  async #sayGoodbye(engine: Engine | null, call: Call): Promise<void> {
    const { activeSessions } = this.#parts;
    const courtesy = () => call.until(call.deadline.within('read', COURTESY_TIMEOUT_MS));
    const early = courtesy();
    const aborts = [...activeSessions].some(session => session.hasOpenTransaction);
    // The cursors come first, while it is known which of them belong to a transaction.
    const killed = engine === null ? undefined : killLiveCursors(engine, early);
    await Promise.all(Array.from(activeSessions, session => session.endWithClient(call)));
    await killed;
    if (engine === null) return;
    await endSessions(engine, aborts ? courtesy() : early);
  }

  /** Waits for an earlier close, under the deadline of the caller. */
  #whenClosed({ done }: Closing, { deadline }: Call): Promise<void> {
    const during = 'while waiting for an earlier close of the client';
    const describe = () => ({ during, phase: 'serverSelection', maybeApplied: false }) as const;
    return waitFor(done, describe, null, deadline);
  }
}
