import assert from 'node:assert/strict';
import type {
  CommandFailedEvent,
  CommandStartedEvent,
  CommandSucceededEvent,
  MonitoringEvent,
  MonitoringEventName,
  MonitoringEvents,
  TopologyDescription,
} from 'mongotempo';
import { MONITORING_EVENTS } from '../../src/events/event_map.js';
import { quiet } from './scripted_server.js';

const NAMES = Object.keys(MONITORING_EVENTS) as MonitoringEventName[];

/** What the checker needs of a client. */
export interface WatchedClient {
  on(name: string, listener: (event: never) => void): unknown;
  rawListeners(name: string): unknown[];
}

/** Where a connection is in its life. */
type Life = 'created' | 'ready' | 'in use' | 'draining';

interface PoolState {
  isReady: boolean;
  maxPoolSize: number;
  inUse: number;
  readonly connections: Map<number, Life>;
}

type Rules = { [N in MonitoringEventName]?: (event: MonitoringEvents[N]) => void };

/**
 * Watches all events of a client, from its making to its close, and notes whatever breaks one of the invariants of events (I1 to I10). It
 * keeps only what is unfinished, so that it can watch for days.
 */
export class EventChecker {
  readonly violations: string[] = [];
  readonly #client: WatchedClient;
  readonly #listener = (event: MonitoringEvent) => this.#check(event);
  #sequence = 0;
  /** Where events were missing. They may be commands, of which listeners are not told with `monitorCommands: false`. */
  readonly #gaps: string[] = [];
  #sawCommands = false;
  readonly #commands = new Map<number, CommandStartedEvent>();
  /** Calls that run, and check-outs that wait, by operation: their number. */
  readonly #calls = new Map<string, number>();
  readonly #checkOuts = new Map<string, number>();
  readonly #pools = new Map<string, PoolState>();
  /** Connections that were closed while they were in use: a check-in is still to come. */
  readonly #closedInUse = new Map<string, number>();
  readonly #servers = new Set<string>();
  readonly #checks = new Map<string, number | undefined>();
  #topology: 'none' | 'open' | 'closed' = 'none';
  #description: TopologyDescription | null = null;

  constructor(client: WatchedClient) {
    this.#client = client;
    for (const name of NAMES) client.on(name, this.#listener);
  }

  /** To be called when the client is closed. */
  assertAllIsWell(): void {
    // A test that has removed all listeners has removed this one too.
    if (!NAMES.every(name => this.#client.rawListeners(name).includes(this.#listener))) return;
    for (const [what, left] of [
      ['commands', this.#commands.size],
      ['calls', sum(this.#calls)],
      ['check-outs', sum(this.#checkOuts)],
      ['connections', sum(new Map([...this.#pools].map(([address, pool]) => [address, pool.connections.size])))],
      ['pools', this.#pools.size],
      ['check-ins of closed connections', sum(this.#closedInUse)],
      ['heartbeats', this.#checks.size],
      ['servers', this.#servers.size],
    ] as const) {
      if (left > 0) this.violations.push(`after close, ${left} ${what} have no end`);
    }
    if (this.#sawCommands) this.violations.push(...this.#gaps);
    if (this.#topology === 'open') this.violations.push('after close, the topology is open');
    assert.deepEqual(this.violations, [], 'events break their invariants');
  }

  #expect(condition: boolean, event: MonitoringEvent, rule: string): void {
    if (!condition) this.violations.push(`${event.sequence} ${event.name}: ${rule}`);
  }

  #check(event: MonitoringEvent): void {
    this.#sequence += 1;
    this.#expect(event.sequence >= this.#sequence, event, 'sequence rises');
    if (event.sequence > this.#sequence) this.#gaps.push(`${event.sequence} ${event.name}: sequence is without gaps`);
    this.#sequence = event.sequence;
    const { durationMS } = event as { durationMS?: unknown };
    const isReal = durationMS === undefined || (typeof durationMS === 'number' && durationMS >= 0);
    this.#expect(isReal, event, `I9: a duration is 0 or more, not ${String(durationMS)}`);
    (this.#rules[event.name as MonitoringEventName] as ((of: MonitoringEvent) => void) | undefined)?.(event);
  }

  readonly #rules: Rules = {
    operationStarted: event => {
      add(this.#calls, `${event.operationId} ${event.operationName}`, 1);
    },
    operationSucceeded: event => this.#endCall(event),
    operationFailed: event => this.#endCall(event),

    commandStarted: event => {
      this.#sawCommands = true;
      this.#expect(!this.#commands.has(event.requestId), event, 'I1: a request id is used once');
      const life = this.#pools.get(event.address)?.connections.get(event.connectionId);
      const isLate = this.#closedInUse.has(`${event.address} ${event.connectionId}`);
      this.#expect(life === 'in use' || isLate, event, `a command runs on a connection in use, not ${String(life)}`);
      this.#commands.set(event.requestId, event);
    },
    commandSucceeded: event => this.#endCommand(event),
    commandFailed: event => this.#endCommand(event),

    connectionCheckOutStarted: event => add(this.#checkOuts, `${event.operationId} ${event.attempt}`, 1),
    connectionCheckOutFailed: event => this.#endCheckOut(event),
    connectionCheckedOut: event => {
      this.#endCheckOut(event);
      const pool = this.#move(event, ['ready'], 'in use');
      if (pool === undefined) return;
      pool.inUse += 1;
      const isWithin = pool.maxPoolSize === 0 || pool.inUse <= pool.maxPoolSize;
      this.#expect(isWithin, event, `I10: ${pool.inUse} connections of ${pool.maxPoolSize} are checked out`);
    },
    connectionCheckedIn: event => {
      const key = `${event.address} ${event.connectionId}`;
      if (this.#closedInUse.has(key)) add(this.#closedInUse, key, -1);
      else {
        const pool = this.#move(event, ['in use'], 'ready');
        if (pool !== undefined) pool.inUse -= 1;
      }
    },
    connectionPendingResponseStarted: event => void this.#move(event, ['ready'], 'draining'),
    connectionPendingResponseSucceeded: event => void this.#move(event, ['draining'], 'ready'),
    connectionPendingResponseFailed: event => void this.#move(event, ['draining'], 'ready'),

    connectionPoolCreated: event => {
      this.#expect(!this.#pools.has(event.address), event, 'I3: the pool of a server is created once');
      const { maxPoolSize } = event.options;
      this.#pools.set(event.address, { isReady: false, maxPoolSize, inUse: 0, connections: new Map() });
    },
    connectionPoolReady: event => {
      const pool = this.#pools.get(event.address);
      this.#expect(pool?.isReady === false, event, 'I5: only a paused pool becomes ready');
      if (pool !== undefined) pool.isReady = true;
    },
    connectionPoolCleared: event => {
      const pool = this.#pools.get(event.address);
      this.#expect(pool?.isReady === true, event, 'I5: only a ready pool is cleared');
      // Behind a load balancer, the connections of one service are cleared, and the pool stays ready.
      if (pool !== undefined && event.serviceId === undefined) pool.isReady = false;
    },
    connectionPoolClosed: event => {
      const pool = this.#pools.get(event.address);
      this.#expect(pool !== undefined, event, 'a pool is closed once');
      for (const [id, life] of pool?.connections ?? []) {
        this.#expect(life === 'in use', event, `I3: connection ${id} is ${life} in a closed pool`);
        if (life === 'in use') this.#late.set(`${event.address} ${id}`, 1);
      }
      this.#pools.delete(event.address);
    },
    connectionCreated: event => {
      const pool = this.#pools.get(event.address);
      this.#expect(pool?.isReady === true, event, 'I4: connections are created in ready pools');
      this.#expect(pool?.connections.has(event.connectionId) === false, event, 'I3: a connection is created once');
      pool?.connections.set(event.connectionId, 'created');
    },
    connectionReady: event => void this.#move(event, ['created'], 'ready'),
    connectionClosed: event => {
      const key = `${event.address} ${event.connectionId}`;
      if (this.#late.delete(key)) return;
      const pool = this.#pools.get(event.address);
      const life = pool?.connections.get(event.connectionId);
      this.#expect(life !== undefined, event, 'I3: a connection is closed once');
      if (life === 'in use' && pool !== undefined) {
        pool.inUse -= 1;
        add(this.#closedInUse, key, 1);
      }
      pool?.connections.delete(event.connectionId);
    },

    serverOpening: event => {
      this.#expect(!this.#servers.has(event.address), event, 'I8: a server is opened once');
      this.#servers.add(event.address);
    },
    serverClosed: event => {
      this.#expect(this.#servers.delete(event.address), event, 'I8: a server is closed once, after it was opened');
    },
    serverDescriptionChanged: event => {
      this.#expect(this.#servers.has(event.address), event, 'I8: a server is opened before anything is told of it');
    },
    serverHeartbeatStarted: event => {
      this.#expect(!this.#checks.has(event.address), event, 'I6: one check of a server runs at a time');
      this.#checks.set(event.address, event.driverConnectionId);
    },
    serverHeartbeatSucceeded: event => this.#endCheck(event),
    serverHeartbeatFailed: event => this.#endCheck(event),

    topologyOpening: event => {
      this.#expect(this.#topology !== 'open', event, 'I8: a topology is opened once');
      this.#topology = 'open';
      this.#description = null;
    },
    topologyDescriptionChanged: event => {
      this.#expect(this.#topology === 'open', event, 'I8: the first event of a topology is topologyOpening');
      const before = this.#description;
      const isNext = before === null || shape(before) === shape(event.previousDescription);
      this.#expect(isNext, event, 'I7: descriptions are a chain');
      this.#description = event.newDescription;
    },
    topologyClosed: event => {
      this.#expect(this.#topology === 'open', event, 'I8: a topology is closed once');
      this.#topology = 'closed';
    },
  };

  /** Connections in use when their pool was closed: they are closed at check-in. */
  readonly #late = new Map<string, number>();

  #endCall(event: MonitoringEvents['operationSucceeded'] | MonitoringEvents['operationFailed']): void {
    const key = `${event.operationId} ${event.operationName}`;
    this.#expect(this.#calls.has(key), event, 'a call that ends has begun');
    add(this.#calls, key, -1);
  }

  #endCommand(event: CommandSucceededEvent | CommandFailedEvent): void {
    const start = this.#commands.get(event.requestId);
    this.#expect(start !== undefined, event, 'I1: a command ends once, after it has started');
    this.#commands.delete(event.requestId);
    if (start === undefined) return;
    for (const field of ['address', 'connectionId', 'operationId', 'attempt', 'commandName', 'databaseName'] as const) {
      this.#expect(event[field] === start[field], event, `I1: ${field} is that of the start`);
    }
  }

  #endCheckOut(event: MonitoringEvents['connectionCheckedOut'] | MonitoringEvents['connectionCheckOutFailed']): void {
    const key = `${String(event.operationId)} ${String(event.attempt)}`;
    this.#expect(this.#checkOuts.has(key), event, 'I2: a check-out ends once, after it has started');
    add(this.#checkOuts, key, -1);
  }

  #move(
    event: MonitoringEvent & { readonly address: string; readonly connectionId: number },
    from: readonly Life[],
    to: Life,
  ): PoolState | undefined {
    const { address, connectionId } = event;
    if (this.#late.has(`${address} ${connectionId}`)) return undefined;
    const pool = this.#pools.get(address);
    const life = pool?.connections.get(connectionId);
    this.#expect(life !== undefined && from.includes(life), event, `I3: connection ${connectionId} is ${String(life)}`);
    pool?.connections.set(connectionId, to);
    return pool;
  }

  #endCheck(event: MonitoringEvents['serverHeartbeatSucceeded'] | MonitoringEvents['serverHeartbeatFailed']): void {
    const { address, driverConnectionId } = event;
    this.#expect(this.#checks.has(address), event, 'I6: a check that ends has started');
    this.#expect(this.#checks.get(address) === driverConnectionId, event, 'I6: start and end name one connection');
    this.#checks.delete(address);
  }
}

/** To be awaited when the client is closed. */
export async function checkAfterClose(checker: EventChecker): Promise<void> {
  // Operations that the close has ended say so in this turn.
  await quiet();
  checker.assertAllIsWell();
}

function add(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function shape({ type, servers }: TopologyDescription): string {
  return `${type} ${[...servers.values()].map(server => `${server.address} ${server.type}`).join()}`;
}
