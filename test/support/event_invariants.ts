import assert from 'node:assert/strict';
import type { MonitoringEvent, MonitoringEventName, MonitoringEvents, TopologyDescription } from 'mongotempo';

type Stream = readonly MonitoringEvent[];

function only<N extends MonitoringEventName>(stream: Stream, ...names: N[]): MonitoringEvents[N][] {
  return stream.filter(({ name }) => names.includes(name as N)) as MonitoringEvents[N][];
}

function grouped<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups.values()];
}

/**
 * What must hold of all events of a client from its first use to its close (design, "Global invariants", I1 to I10).
 *
 * @param maxPoolSize - of the client
 */
export function checkInvariants(stream: Stream, maxPoolSize: number): void {
  commandsEndOnce(stream);
  checkOutsEndOnce(stream);
  connectionsLiveInOrder(stream);
  poolsAreClearedAndReady(stream);
  heartbeatsArePaired(stream);
  topologyIsOneChain(stream);
  durationsAreReal(stream);
  poolsKeepTheirLimit(stream, maxPoolSize);
  sequenceRises(stream);
}

/** I1 */
function commandsEndOnce(stream: Stream): void {
  const events = only(stream, 'commandStarted', 'commandSucceeded', 'commandFailed');
  for (const [start, end, ...more] of grouped(events, ({ requestId }) => String(requestId))) {
    assert.equal(start?.name, 'commandStarted');
    assert.ok(end !== undefined && more.length === 0, `${start.commandName} ${start.requestId} ended not once`);
    assert.notEqual(end.name, 'commandStarted');
    for (const field of ['address', 'connectionId', 'operationId', 'attempt', 'commandName', 'databaseName'] as const) {
      assert.equal(end[field], start[field], field);
    }
  }
}

/** I2: they have no id of their own; the commands of one operation (a cursor's, say) check out one after the other. */
function checkOutsEndOnce(stream: Stream): void {
  const events = only(stream, 'connectionCheckOutStarted', 'connectionCheckedOut', 'connectionCheckOutFailed');
  for (const group of grouped(events, ({ operationId, attempt }) => `${operationId}/${attempt}`)) {
    const names = group.map(({ name }) => name);
    const story = `checkouts of operation ${group[0]?.operationId}: ${names.join()}`;
    assert.equal(names.length % 2, 0, story);
    names.forEach((name, index) => {
      assert.equal(name === 'connectionCheckOutStarted', index % 2 === 0, story);
    });
  }
}

/** I3: Created < Ready < (CheckedOut < CheckedIn)* < Closed; nothing but a late CheckedIn after Closed. */
function connectionsLiveInOrder(stream: Stream): void {
  const events = only(
    stream,
    'connectionCreated',
    'connectionReady',
    'connectionCheckedOut',
    'connectionCheckedIn',
    'connectionPendingResponseStarted',
    'connectionPendingResponseSucceeded',
    'connectionPendingResponseFailed',
    'connectionClosed',
  );
  const letters: Record<string, string> = {
    connectionCreated: 'N',
    connectionReady: 'R',
    connectionCheckedOut: 'o',
    connectionCheckedIn: 'i',
    connectionPendingResponseStarted: 'p',
    connectionPendingResponseSucceeded: 's',
    connectionPendingResponseFailed: 'f',
    connectionClosed: 'C',
  };
  for (const group of grouped(events, ({ address, connectionId }) => `${address}/${connectionId}`)) {
    const life = group.map(({ name }) => letters[name]).join('');
    assert.match(
      life,
      /^N(R((oi)(ps)?)*(oi(pf)?)?)?C$|^NR((oi)(ps)?)*oCi$/,
      `life of connection ${group[0]?.connectionId}`,
    );
  }
}

/** I4, I5: no connection is created while the pool is paused, and a pool is cleared only once until it is ready again. */
function poolsAreClearedAndReady(stream: Stream): void {
  const events = only(
    stream,
    'connectionPoolCreated',
    'connectionPoolReady',
    'connectionPoolCleared',
    'connectionPoolClosed',
    'connectionCreated',
  );
  for (const group of grouped(events, ({ address }) => address)) {
    let isReady = false;
    for (const { name } of group) {
      if (name === 'connectionCreated') assert.ok(isReady, 'created in a pool that is paused');
      if (name === 'connectionPoolCleared') assert.ok(isReady, 'cleared twice');
      if (name === 'connectionPoolReady') assert.ok(!isReady, 'ready twice');
      isReady = name === 'connectionPoolReady' || (isReady && name === 'connectionCreated');
    }
    assert.equal(group.at(0)?.name, 'connectionPoolCreated');
    assert.equal(group.at(-1)?.name, 'connectionPoolClosed');
  }
}

/** I6 */
function heartbeatsArePaired(stream: Stream): void {
  const events = only(stream, 'serverHeartbeatStarted', 'serverHeartbeatSucceeded', 'serverHeartbeatFailed');
  for (const group of grouped(events, ({ address }) => address)) {
    group.forEach(({ name }, index) => {
      assert.equal(name === 'serverHeartbeatStarted', index % 2 === 0, `heartbeat ${index} is ${name}`);
    });
    assert.equal(group.length % 2, 0);
  }
}

/** I7, I8 */
function topologyIsOneChain(stream: Stream): void {
  const changes = only(stream, 'topologyDescriptionChanged');
  changes.slice(1).forEach((change, index) => {
    // What changes with every heartbeat, such as times, is published with the next change.
    assert.equal(shape(change.previousDescription), shape(changes[index]?.newDescription));
  });
  const sdam = stream.filter(({ name }) => /^(topology|server)(?!Selection)/.test(name));
  assert.equal(sdam.at(0)?.name, 'topologyOpening');
  assert.equal(sdam.at(-1)?.name, 'topologyClosed');
  for (const group of grouped(
    only(stream, 'serverOpening', 'serverHeartbeatStarted', 'serverDescriptionChanged', 'serverClosed'),
    ({ address }) => address,
  )) {
    assert.equal(group.at(0)?.name, 'serverOpening');
    assert.equal(group.at(-1)?.name, 'serverClosed');
  }
}

function shape(topology: TopologyDescription | undefined): string {
  const servers = [...(topology?.servers.values() ?? [])].map(({ address, type }) => `${address} ${type}`);
  return `${topology?.type} ${servers.join()}`;
}

/** I9 */
function durationsAreReal(stream: Stream): void {
  for (const event of stream) {
    if (!('durationMS' in event)) continue;
    assert.ok(
      typeof event.durationMS === 'number' && event.durationMS >= 0,
      `${event.name}: ${String(event.durationMS)}`,
    );
  }
}

/** I10 */
function poolsKeepTheirLimit(stream: Stream, maxPoolSize: number): void {
  const inUse = new Map<string, number>();
  for (const { name, address } of only(stream, 'connectionCheckedOut', 'connectionCheckedIn')) {
    const count = (inUse.get(address) ?? 0) + (name === 'connectionCheckedOut' ? 1 : -1);
    inUse.set(address, count);
    assert.ok(count >= 0 && count <= maxPoolSize, `${count} connections checked out`);
  }
  assert.ok([...inUse.values()].every(count => count === 0));
}

function sequenceRises(stream: Stream): void {
  stream.forEach((event, index) => {
    assert.equal(event.sequence, index + 1);
  });
}
