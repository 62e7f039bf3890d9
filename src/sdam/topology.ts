import type { ObjectId } from '../bson/index.js';
import { type Attempt, textOfAttempt } from '../call/attempt.js';
import type { DeadlineEnd } from '../call/end_watch.js';
import { Waiter } from '../call/waiter.js';
import { loadBalancerServer, ServerDescription, sameObjectId } from '../description/server_description.js';
import {
  type CustomServerSelector,
  emptyTopology,
  initialTopology,
  type TopologyDescription,
} from '../description/topology_description.js';
import { ServerType, TopologyType } from '../description/types.js';
import type { MongoError } from '../errors/base.js';
import { MongoClientClosedError, MongoCompatibilityError, MongoTopologyClosedError } from '../errors/driver.js';
import type { ConnectionProgress } from '../errors/pool_counts.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import { diffTopology, type ServerChange } from './diff.js';
import { type ErrorContext, type Reaction, reactTo, reactToFailedCheck } from './error_reaction.js';
import { MongoServerSelectionError, type SelectionFailure } from './errors.js';
import {
  isAwayForGood,
  type SelectionContext,
  selectionFailure,
  textOfFailure,
  textOfSelectionError,
  topologyFacts,
} from './selection_failure.js';
import type { SelectionRequest } from './selection_request.js';
import type { Server } from './server.js';
import { drawServer, eligibleServers } from './server_selection.js';
import { TopologyEvents } from './topology_events.js';
import { applyServerDescription, applySrvHosts, whyLeftOut } from './transitions.js';
import { type WaitingSelection, WaitingSelections } from './waiting_selections.js';

export interface TopologyOptions {
  /** Seeds, as `host:port`. */
  readonly hosts: readonly string[];
  readonly replicaSet: string | undefined;
  readonly directConnection: boolean;
  readonly loadBalanced: boolean;
  readonly heartbeatFrequencyMS: number;
  readonly localThresholdMS: number;
  /** Largest number of hosts from SRV records; 0 is no limit. */
  readonly srvMaxHosts: number;
  readonly serverSelector: CustomServerSelector | undefined;
  /** Whether selection fails at once when waiting cannot help. */
  readonly serverSelectionFailFast: boolean;
}

/** A client with more servers warns once. */
const MANY_SERVERS = 200;
/** Number of monitors that start within one turn of the event loop. */
const MOST_STARTED_AT_ONCE = 50;

/** The port of a topology to the client. */
export interface TopologyPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly publisher: EventPublisher;
  /** Makes the pool and the monitor of a server, and starts neither. */
  openServer(address: string, topology: Topology): Server;
}

/** Number of removed servers that are remembered for errors. */
const MOST_LEFT_OUT = 10;

/**
 * The deployment as the driver sees it: the current description, the servers, and the operations that wait for a server.
 *
 * Only the topology changes the description. It applies a change in one synchronous step: description, events, pools, waiters.
 *
 * Source: Server Discovery and Monitoring; Server Selection.
 */
export class Topology {
  readonly #ports: TopologyPorts;
  readonly #events: TopologyEvents;
  readonly #options: TopologyOptions;
  readonly #servers = new Map<string, Server>();
  readonly #waiting: WaitingSelections;
  /**
   * Times at which servers were removed, oldest first. Without them, two servers that each name the other and deny themselves would be
   * removed and checked again without a pause.
   */
  readonly #goneAt = new Map<string, number>();
  /** Servers whose monitors are not started yet. */
  readonly #unstarted: Server[] = [];
  #nextStart: Timer | null = null;
  /** Addresses of servers that no waiting makes available. */
  readonly #awayForGood = new Set<string>();
  #hasWarned = false;
  /** Servers that a check has removed, each with the reason as its error. */
  readonly #leftOut = new Map<string, ServerDescription>();
  #description: TopologyDescription;
  #state: 'new' | 'open' | 'closed' = 'new';

  constructor(options: TopologyOptions, ports: TopologyPorts) {
    this.#ports = ports;
    this.#events = new TopologyEvents(ports.publisher, ports.random);
    this.#options = options;
    this.#waiting = new WaitingSelections(options.serverSelector === undefined);
    const { replicaSet, ...rest } = options;
    this.#description = initialTopology({
      ...rest,
      hosts: [...options.hosts],
      replicaSet,
    });
  }

  /** The id that events name. */
  get id(): number {
    return this.#events.topologyId;
  }

  get description(): TopologyDescription {
    return this.#description;
  }

  get servers(): ReadonlyMap<string, Server> {
    return this.#servers;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** Begins to discover the deployment. Does not wait. */
  open(): void {
    if (this.#state !== 'new') return;
    this.#state = 'open';
    this.#events.opening();
    if (this.closed) return;
    this.#events.changed(emptyTopology(this.#description), this.#description);
    this.#warnOfManyServers();
    for (const { address } of this.#description.table.all()) this.#openServer(address);
    this.#startMonitors([...this.#servers.values()]);
    // Load Balancers, "Server Discovery Logging and Monitoring": the one server is not checked.
    if (this.#description.type === TopologyType.LoadBalanced) {
      for (const address of this.#servers.keys()) this.#apply(loadBalancerServer(address));
    }
  }

  // ── Selection

  /** Selects a server without waiting; null if none suits now. Makes no promise. */
  trySelect(request: SelectionRequest): Server | null {
    if (this.#state !== 'open') return null;
    const { wanted } = request;
    const startedAt = this.#events.areSelectionsTimed ? this.#ports.clock.now() : undefined;
    this.#events.selectionStarted(request, wanted, this.#description, startedAt);
    let server: Server | null;
    try {
      server = this.#select(request);
    } catch (error) {
      const durationMS = startedAt === undefined ? 0 : this.#ports.clock.now() - startedAt;
      this.#events.selectionFailed(request, wanted, this.#description, error as Error, durationMS);
      throw error;
    }
    if (server !== null && startedAt !== undefined) {
      this.#events.selected(request, wanted, this.#description, server.address, startedAt, this.#ports.clock.now());
    }
    return server;
  }

  /**
   * Waits for a server, after {@link Topology.trySelect} found none.
   *
   * @throws MongoServerSelectionError, MongoOperationTimeoutError or the abort reason when the deadline ends
   * @throws MongoCompatibilityError if a server's version does not fit this driver
   */
  async select(request: SelectionRequest): Promise<Server> {
    const deadline = request.limitOf('serverSelection');
    if (this.#state === 'closed') throw new MongoTopologyClosedError();
    const startedAt = this.#ports.clock.now();
    const waiter = new Waiter<Server, SelectionRequest>(request, deadline, startedAt, this.#onWaiterEnd);
    const isFirst = this.#waiting.isEmpty;
    this.#waiting.add(waiter);
    waiter.waitIn(null);
    this.#events.waiting(request, request.wanted, this.#description, deadline.remainingMS);
    // While others wait, a check of each server runs or is requested already.
    if (isFirst) for (const { monitor } of this.#servers.values()) monitor?.requestCheck();
    const server = await waiter.promise;
    deadline.record('serverSelection');
    return server;
  }

  #select(request: SelectionRequest): Server | null {
    return this.#draw(this.#eligible(request));
  }

  /** The servers of which each may be taken. Throws when waiting cannot help. */
  #eligible(request: SelectionRequest): readonly ServerDescription[] {
    const { serverSelector, serverSelectionFailFast } = this.#options;
    const description = this.#description;
    if (!description.compatible) throw new MongoCompatibilityError(description.compatibilityError ?? 'Incompatible');
    const eligible = eligibleServers(description, request.selector, request.deprioritized, serverSelector);
    if (eligible.length === 0 && serverSelectionFailFast && this.#isInVain) {
      throw this.#errorOf(this.#failureOf(request), request, 'would wait in vain (serverSelectionFailFast)');
    }
    return eligible;
  }

  /** Whether waiting cannot help. Without servers there are no checks, and the description does not change. */
  get #isInVain(): boolean {
    if (this.#awayForGood.size > 0) return true;
    return this.#description.table.size === 0 && [...this.#leftOut.values()].some(isAwayForGood);
  }

  #draw(eligible: readonly ServerDescription[]): Server | null {
    const drawn = drawServer(eligible, this.#operationCount, this.#ports.random);
    return drawn === null ? null : (this.#servers.get(drawn.address) ?? null);
  }

  #failureOf(request: SelectionRequest): SelectionFailure {
    return selectionFailure(this.#description, request.wanted, this.#ports.clock.now(), this.#selectionContext());
  }

  /** @param how - how the selection ended */
  #errorOf(failure: SelectionFailure, request: SelectionRequest, how: string): MongoServerSelectionError {
    const topology = this.#description;
    const text = textOfSelectionError(topology, failure, how, textOfAttempt(request));
    const details = { phase: 'serverSelection', namespace: request.namespace } as const;
    return new MongoServerSelectionError(text, topology, details, failure);
  }

  #selectionContext(): SelectionContext {
    const now = this.#ports.clock.now();
    const checks = new Map<string, ConnectionProgress>();
    for (const { address, monitor } of this.#servers.values()) {
      const waitsFor = monitor?.waitsFor ?? null;
      if (waitsFor !== null) checks.set(address, { phase: waitsFor.step, elapsedMS: now - waitsFor.since });
    }
    return { checks, leftOut: [...this.#leftOut.values()] };
  }

  readonly #operationCount = (address: string): number => this.#servers.get(address)?.operationCount ?? 0;

  #wakeWaiters(): void {
    for (const alike of this.#waiting.groups()) {
      const [one] = alike;
      if (one === undefined) continue;
      let eligible: readonly ServerDescription[];
      try {
        eligible = this.#eligible(one.request);
      } catch (error) {
        for (const waiter of [...alike]) this.#failWaiter(waiter, error as Error);
        continue;
      }
      if (eligible.length === 0) continue;
      for (const waiter of [...alike]) {
        const server = this.#draw(eligible);
        // A listener of another waiter's event may end the deadline of this waiter.
        if (server !== null && this.#waiting.delete(waiter)) this.#serve(waiter, server);
      }
    }
  }

  #serve(waiter: WaitingSelection, server: Server): void {
    const { request } = waiter;
    const { wanted } = request;
    const now = this.#ports.clock.now();
    this.#events.selected(request, wanted, this.#description, server.address, waiter.startedAt, now);
    waiter.resolve(server);
  }

  readonly #onWaiterEnd = (waiter: WaitingSelection, end: DeadlineEnd): void => {
    // A listener of another waiter's event may have ended this waiter already.
    if (!this.#waiting.has(waiter)) return;
    const { deadline, request } = waiter;
    // The limit and not the elapsed time: messages that are equal can be grouped.
    const limitMS = Math.round(deadline.endsAt - waiter.startedAt);
    const reasons = this.#failureOf(request);
    const failure = this.#errorOf(reasons, request, `timed out after ${limitMS} ms`);
    const { namespace } = request;
    const error = deadline.errorOf(
      end,
      {
        during: 'during server selection',
        // The message of the cause would repeat that the time has expired.
        detail: textOfFailure(this.#description, reasons, textOfAttempt(request)),
        phase: 'serverSelection',
        namespace,
        maybeApplied: false,
        cause: failure,
        topology: topologyFacts(this.#description, reasons),
      },
      () => failure,
    );
    this.#failWaiter(waiter, error);
  };

  #failWaiter(waiter: WaitingSelection, error: Error): void {
    if (!this.#waiting.delete(waiter)) return;
    const { request } = waiter;
    const { wanted } = request;
    const durationMS = this.#ports.clock.now() - waiter.startedAt;
    this.#events.selectionFailed(request, wanted, this.#description, error, durationMS);
    waiter.reject(error);
  }

  // ── News of servers

  /**
   * Takes the state of a server from the handshake of a pooled connection (SDAM, "Connection handshake").
   *
   * @param heard - with the round trip time of this hello alone; the averages belong to the monitor
   */
  onHandshake(heard: ServerDescription, server: Server, connectionGeneration: number): void {
    const known = this.#description.table.get(server.address);
    if (known === undefined || this.#servers.get(server.address) !== server) return;
    if (this.#description.type === TopologyType.LoadBalanced) {
      // The rest of what was heard is about one of the services behind the balancer. No event tells of a new serviceId.
      if (!sameObjectId(known.serviceId, heard.serviceId)) this.#apply(known.withServiceId(heard.serviceId));
      return;
    }
    if (heard.equals(known)) return;
    // A connection from before an error may report the state from before the error.
    if (connectionGeneration < server.pool.generation) return;
    this.#apply(known.roundTripTime < 0 ? heard : heard.withRoundTripTimesOf(known));
  }

  /** Takes the state of a server from a check of its monitor. */
  onServerDescription(description: ServerDescription): void {
    this.#apply(description);
  }

  /** Takes the error of a failed check. Returns whether the monitor should check again at once. */
  onCheckFailed(address: string, error: MongoError): boolean {
    const known = this.#description.table.get(address);
    if (known === undefined) return false;
    const reaction = reactToFailedCheck(error, known, this.#ports.clock.now());
    this.#react(address, reaction, error, undefined, null);
    return reaction.requestCheck;
  }

  /**
   * Takes the error of an operation, or of the establishment of a connection.
   *
   * @param attempt - what met the error; null for a connection that is being established
   */
  onError(
    error: unknown,
    server: Server,
    where: Pick<ErrorContext, 'connectionGeneration' | 'phase' | 'serviceId'>,
    attempt: Attempt | null = null,
  ): void {
    const description = this.#description.table.get(server.address);
    // A removed server says nothing about another server that has its address now.
    if (description === undefined || this.#servers.get(server.address) !== server) return;
    const reaction = reactTo(error, {
      ...where,
      now: this.#ports.clock.now(),
      poolGeneration: server.pool.generationOf(where.serviceId),
      description,
      loadBalanced: this.#description.type === TopologyType.LoadBalanced,
    });
    this.#react(server.address, reaction, error, where.serviceId, attempt);
  }

  /** Marks the server Unknown first, then clears the pool, in one step, so that a check that succeeds in between is not undone (SDAM, "Why mark a server Unknown first"). */
  #react(
    address: string,
    reaction: Reaction,
    error: unknown,
    serviceId: ObjectId | undefined,
    attempt: Attempt | null,
  ): void {
    const server = this.#servers.get(address);
    if (reaction.markUnknown !== null) this.#apply(reaction.markUnknown, attempt);
    const cause = error instanceof Error ? error : undefined;
    if (reaction.clearPool) {
      if (serviceId === undefined) server?.pool.clear(cause, reaction.interruptInUse, attempt);
      else server?.pool.clearService(serviceId, cause, attempt);
    }
    if (reaction.cancelCheck) server?.monitor?.cancelCheck();
    if (reaction.requestCheck) server?.monitor?.requestCheck();
  }

  /**
   * Takes the hosts of SRV records that were read again: adds new ones and removes servers that are not listed any more. Ignores an empty
   * list, which a mistake in DNS would give, and deployments that are not polled (Polling SRV Records).
   */
  applySrvHosts(hosts: readonly string[]): void {
    const { type } = this.#description;
    const isFollowed = type === TopologyType.Sharded || type === TopologyType.Unknown;
    if (!isFollowed || hosts.length === 0) return;
    this.#applyTopology(
      applySrvHosts(this.#description, hosts, this.#options.srvMaxHosts, this.#ports.random),
      null,
      null,
    );
  }

  #apply(description: ServerDescription, cause: Attempt | null = null): void {
    if (!this.#description.table.has(description.address)) return;
    const after = applyServerDescription(this.#description, description);
    if (!after.table.has(description.address)) this.#noteLeftOut(description, after);
    this.#applyTopology(after, description.address, cause);
  }

  /**
   * The one place where the description changes, in one step. The cost depends on the number of changes, not of servers.
   *
   * @param heardFrom - the server from which the change comes; null for SRV records
   * @param cause - the attempt whose error showed the change; null if none did
   */
  #applyTopology(after: TopologyDescription, heardFrom: string | null, cause: Attempt | null): void {
    if (this.#state !== 'open') return;
    const before = this.#description;
    this.#description = after;
    const { added, removed, changed, differs } = diffTopology(before, after);
    this.#noteAwayForGood(changed, removed);
    if (added.length > 0) this.#warnOfManyServers();
    // Before any event: a listener may use the server at once.
    if (heardFrom !== null) this.#readyPool(after.table.get(heardFrom));
    for (const { previous, next } of changed) {
      if (this.closed) return;
      this.#events.serverChanged(previous, next, cause);
    }
    for (const address of added) this.#openServer(address);
    for (const address of removed) this.#closeServer(address);
    if (this.closed) return;
    if (differs) this.#events.changed(before, after, cause);
    this.#startMonitors(added.map(address => this.#servers.get(address)));
    for (const { next } of changed) this.#checkDemoted(next, heardFrom);
    if (!this.#waiting.isEmpty) this.#wakeWaiters();
    // Server Selection, "Request an immediate topology check": as long as an operation waits, not only when it begins to wait. The other servers
    // have a check that runs or is requested already.
    if (!this.#waiting.isEmpty && heardFrom !== null) this.#servers.get(heardFrom)?.monitor?.requestCheck();
  }

  #noteAwayForGood(changed: readonly ServerChange[], removed: readonly string[]): void {
    for (const { next } of changed) {
      if (isAwayForGood(next)) this.#awayForGood.add(next.address);
      else this.#awayForGood.delete(next.address);
    }
    for (const address of removed) this.#awayForGood.delete(address);
  }

  #warnOfManyServers(): void {
    const { size } = this.#description.table;
    if (this.#hasWarned || size <= MANY_SERVERS) return;
    this.#hasWarned = true;
    process.emitWarning(
      `The deployment has ${size} servers, and each is connected to and checked. More than ${MANY_SERVERS} are rarely meant: a replica set has ` +
        'at most 50 members. Check the hosts in the connection string, its SRV records, or the replica set configuration; srvMaxHosts limits the ' +
        'number of hosts that SRV records give',
      'MongoTopologyWarning',
    );
  }

  /** SDAM, "A note on invalidating the old primary": its new state should be known as soon as possible. */
  #checkDemoted({ address, type }: ServerDescription, heardFrom: string | null): void {
    if (address !== heardFrom && type === ServerType.Unknown) this.#servers.get(address)?.monitor?.requestCheck();
  }

  /** SDAM, "Connection Pool Management": an available server has a ready pool. */
  #readyPool(description: ServerDescription | undefined): void {
    if (description === undefined) return;
    const single = this.#description.type === TopologyType.Single && description.type !== 'Unknown';
    if (single || description.isDataBearing) this.#servers.get(description.address)?.pool.ready();
  }

  // ── Servers

  #openServer(address: string): void {
    // A listener of an event may have closed the client.
    if (this.closed) return;
    this.#leftOut.delete(address);
    this.#servers.set(address, this.#ports.openServer(address, this));
    this.#events.serverOpening(address);
  }

  /** Starts monitors, in portions: opening many sockets in one turn would block the program. */
  #startMonitors(servers: readonly (Server | undefined)[]): void {
    for (const server of servers) {
      if (server !== undefined) this.#unstarted.push(server);
    }
    if (this.#nextStart === null) this.#startSome();
  }

  #startSome(): void {
    this.#nextStart = null;
    for (const { address, monitor } of this.#unstarted.splice(0, MOST_STARTED_AT_ONCE)) {
      // The monitor of a server that was removed meanwhile is closed, and does not start.
      monitor?.start(this.#goneAt.get(address));
    }
    if (this.#unstarted.length === 0) return;
    this.#nextStart = this.#ports.clock.afterPoll(() => this.#startSome());
  }

  #closeServer(address: string): void {
    const server = this.#servers.get(address);
    if (server === undefined) return;
    this.#servers.delete(address);
    this.#noteGone(address);
    server.monitor?.close();
    server.pool.close();
    this.#events.serverClosed(address);
  }

  /** Remembers a removed server for errors. The number is limited, because a server may name ever new hosts. */
  #noteLeftOut(server: ServerDescription, after: TopologyDescription): void {
    const error = whyLeftOut(server, after);
    const { address, type, setName } = server;
    this.#leftOut.delete(address);
    const lastUpdateTime = this.#ports.clock.now();
    this.#leftOut.set(address, new ServerDescription({ address, type, setName, error, lastUpdateTime }));
    const [oldest] = this.#leftOut.keys();
    if (this.#leftOut.size > MOST_LEFT_OUT && oldest !== undefined) this.#leftOut.delete(oldest);
  }

  #noteGone(address: string): void {
    const now = this.#ports.clock.now();
    for (const [other, goneAt] of this.#goneAt) {
      if (now - goneAt <= this.#options.heartbeatFrequencyMS) break;
      this.#goneAt.delete(other);
    }
    this.#goneAt.delete(address);
    this.#goneAt.set(address, now);
  }

  /** Ends running and waiting operations when the client begins to close. Servers and connections stay for the last commands. */
  interruptOperations(): void {
    for (const alike of this.#waiting.groups()) {
      for (const waiter of [...alike]) this.#failWaiter(waiter, new MongoClientClosedError());
    }
    for (const server of this.#servers.values()) server.pool.interruptOperations(() => new MongoClientClosedError());
  }

  /** Closes everything. Running operations fail with MongoClientClosedError, waiting selections with MongoTopologyClosedError. */
  close(): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#nextStart?.clear();
    this.#unstarted.length = 0;
    for (const alike of this.#waiting.groups()) {
      for (const waiter of [...alike]) this.#failWaiter(waiter, new MongoTopologyClosedError());
    }
    if (!wasOpen) return;
    for (const [address, server] of [...this.#servers]) {
      this.#closeServer(address);
      server.pool.interrupt(() => new MongoClientClosedError());
    }
    const before = this.#description;
    this.#description = emptyTopology(before);
    this.#events.changed(before, this.#description);
    this.#events.closed();
  }
}
