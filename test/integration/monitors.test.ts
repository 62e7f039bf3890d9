import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallContext, type MongoClientOptions, type PoolEvent, PoolEventReason, PoolEventType } from 'mongotempo';
import { MONITOR_MEMBERS } from '../../src/sinks/monitors.js';
import { failCommand, rejection, withServer } from '../support/cluster.js';

interface Seen {
  readonly member: string;
  readonly event: { readonly operationId?: number };
  readonly context: CallContext | null;
}

/** All functions of all monitors, and what they were called with. */
function recording() {
  const seen: Seen[] = [];
  const monitors = Object.fromEntries(
    Object.entries(MONITOR_MEMBERS).map(([option, members]) => [
      option,
      Object.fromEntries(
        Object.keys(members).map(member => [
          member,
          (event: Seen['event'], context: CallContext | null) => seen.push({ member, event, context }),
        ]),
      ),
    ]),
  ) as MongoClientOptions;
  const of = (member: string) => seen.filter(call => call.member === member);
  const poolEvents = () => of('event') as unknown as { event: PoolEvent; context: CallContext | null }[];
  return { seen, monitors, of, poolEvents };
}

describe('the monitors of a client', () => {
  it('are told what listeners are told, at the same time and in the same order', async () => {
    const { seen, monitors } = recording();
    await withServer({ client: monitors }, async ({ client, collection, log }) => {
      await collection.insertOne({});
      await client.close();

      const told = seen.map(({ event }) => (event as { details?: unknown }).details ?? event);
      const names = new Set<string>(
        Object.values(MONITOR_MEMBERS).flatMap(members => Object.values<readonly string[]>(members).flat()),
      );
      const listened = log.events.filter(({ name }) => names.has(name));
      assert.ok(listened.length > 15);
      assert.deepEqual(told, listened);
    });
  });

  it('get the context of the operation: ids, name, namespace, deadline and signal', async () => {
    const { monitors, of, poolEvents, seen } = recording();
    await withServer({ client: monitors }, async ({ collection }) => {
      await collection.insertOne({});
      seen.length = 0;
      const { signal } = new AbortController();

      await collection.findOne({}, { timeoutMS: 60_000, signal });

      const [{ event, context } = { event: {}, context: null }] = of('started');
      assert.ok(context instanceof CallContext);
      assert.equal(context.operationId, event.operationId);
      assert.equal(context.operationName, 'findOne');
      assert.equal(context.namespace, 'shop.orders');
      assert.equal(context.signal, signal);
      assert.equal(context.deadline.timeoutMS, 60_000);
      assert.ok(context.deadline.remainingMS > 0 && context.deadline.remainingMS < 60_000);
      const types = poolEvents().filter(call => call.context === context);
      assert.deepEqual(
        types.map(call => call.event.type),
        [
          PoolEventType.ConnectionCheckOutStarted,
          PoolEventType.ConnectionCheckedOut,
          PoolEventType.ConnectionCheckedIn,
        ],
      );
    });
  });

  it('get one context for all commands of one call, and another for the next', async () => {
    const { monitors, of } = recording();
    await withServer({ client: monitors, cluster: { nodes: 1 } }, async ({ collection, cluster }) => {
      await failCommand(cluster.primary!.address, { failCommands: ['insert'], closeConnection: true });
      await collection.insertOne({});
      await collection.insertOne({});

      const contexts = of('started').map(({ context }) => context);
      assert.deepEqual(
        contexts.map(context => contexts.indexOf(context)),
        [0, 0, 2],
      );
    });
  });

  it('get null for what no operation caused', async () => {
    const { monitors, of } = recording();
    await withServer({ client: monitors }, async ({ client }) => {
      await client.connect();

      for (const member of ['serverHeartbeatStarted', 'serverHeartbeatSucceeded', 'topologyOpening', 'serverOpening']) {
        assert.ok(of(member).length > 0, member);
        assert.ok(
          of(member).every(({ context }) => context === null),
          member,
        );
      }
    });
  });

  it('are told by the pool monitor why a connection was closed, and why a check-out failed', async () => {
    const { monitors, poolEvents } = recording();
    await withServer(
      { client: { ...monitors, maxPoolSize: 1, retryReads: false } },
      async ({ collection, cluster }) => {
        await collection.insertOne({});
        await failCommand(cluster.primary!.address, { failCommands: ['find'], closeConnection: true });
        await rejection(collection.findOne());

        const closed = poolEvents().find(({ event }) => event.type === PoolEventType.ConnectionClosed)!;
        assert.equal(closed.event.reason, PoolEventReason.Error);
        assert.ok(closed.event.error instanceof Error);
        const cleared = poolEvents().find(({ event }) => event.type === PoolEventType.ConnectionPoolCleared)!;
        assert.equal(cleared.event.interruption, false);
        assert.equal(cleared.context?.operationName, 'findOne');
      },
    );
  });

  it('are told of commands although listeners are not (monitorCommands: false)', async () => {
    const { monitors, of } = recording();
    await withServer({ client: { ...monitors, monitorCommands: false } }, async ({ collection, log }) => {
      await collection.insertOne({});

      assert.equal(log.named('commandStarted').length, 0);
      assert.equal(of('succeeded').length, 1);
    });
  });

  it('may be given in part, also by an object of a class', async () => {
    class Failures {
      readonly #names: string[] = [];
      failed({ commandName }: { commandName: string }): void {
        this.#names.push(commandName);
      }
      get names(): readonly string[] {
        return this.#names;
      }
    }
    const commandMonitor = new Failures();
    await withServer({ client: { commandMonitor } }, async ({ db }) => {
      await rejection(db.command({ noSuchCommand: 1 }));
    });

    assert.deepEqual(commandMonitor.names, ['noSuchCommand']);
  });
});
