import { setTimeout as sleep } from 'node:timers/promises';
import { call } from '../../drivers/driver.js';
import { type Doc, fieldsOf, plain, show } from '../bson_values.js';
import type { TestContext } from '../context.js';
import { createEntities } from '../create_entities.js';
import type { Thread } from '../entities.js';
import { match } from '../matching.js';
import { type Operation, readEntities, readOperation } from '../test_file.js';
import { loopOptions, runLoop } from './loop.js';

/** Operations on `testRunner`, "Special Test Operations". */
export interface RunnerOperation {
  readonly required: readonly string[];
  readonly accepted: readonly string[];
  run(args: Doc, context: TestContext): Promise<void> | void;
}

/** Unified test format: how long threads, events and primaries are waited for. */
const WAIT_MS = 10_000;

/**
 * How long events are waited for: a second longer than the format says. "Failing heartbeat" waits for the next check of a server, and checks come
 * every 10 seconds. Its wait begins a few milliseconds after the last check, and would end with the next one.
 */
const EVENT_WAIT_MS = WAIT_MS + 1000;

/** Check-ins follow the end of an operation in some drivers, not long after. */
const CHECK_IN_MS = 1000;

export const testRunnerOperations: Readonly<Record<string, RunnerOperation>> = {
  assertCollectionExists: operation(['databaseName', 'collectionName'], async (args, context) => {
    if (!(await hasCollection(args, context)))
      throw new Error(`there is no collection ${text(args, 'collectionName')}`);
  }),
  assertCollectionNotExists: operation(['databaseName', 'collectionName'], async (args, context) => {
    if (await hasCollection(args, context)) throw new Error(`there is a collection ${text(args, 'collectionName')}`);
  }),
  assertDifferentLsidOnLastTwoCommands: operation(['client'], (args, context) => {
    const [one, other] = lastTwoLsids(args, context);
    if (sameLsid(one, other, context)) throw new Error(`the last two commands have one lsid: ${show(one)}`);
  }),
  assertEventCount: operation(['client', 'event', 'count'], (args, { entities, matching }) => {
    const { observer } = entities.clientRecord(text(args, 'client'));
    const count = observer.count(args['event'] as Doc, matching);
    if (count !== number(args, 'count')) {
      throw new Error(`${number(args, 'count')} events expected, ${count} observed: ${show(args['event'])}`);
    }
  }),
  assertIndexExists: operation(['databaseName', 'collectionName', 'indexName'], async (args, context) => {
    if (!(await hasIndex(args, context))) throw new Error(`there is no index ${text(args, 'indexName')}`);
  }),
  assertIndexNotExists: operation(['databaseName', 'collectionName', 'indexName'], async (args, context) => {
    if (await hasIndex(args, context)) throw new Error(`there is an index ${text(args, 'indexName')}`);
  }),
  assertNumberConnectionsCheckedOut: operation(['client', 'connections'], async (args, { entities }) => {
    const { observer } = entities.clientRecord(text(args, 'client'));
    const expected = number(args, 'connections');
    await observer.until(
      () => observer.checkedOut === expected,
      CHECK_IN_MS,
      () => `${expected} connections to be checked out: ${observer.checkedOut} are`,
    );
  }),
  assertSameLsidOnLastTwoCommands: operation(['client'], (args, context) => {
    const [one, other] = lastTwoLsids(args, context);
    if (!sameLsid(one, other, context)) throw new Error(`the last two commands have ${show(one)} and ${show(other)}`);
  }),
  assertSessionDirty: operation(['session'], (args, context) => {
    if (!context.driver.isDirty(session(args, context))) throw new Error('the session is not dirty');
  }),
  assertSessionNotDirty: operation(['session'], (args, context) => {
    if (context.driver.isDirty(session(args, context))) throw new Error('the session is dirty');
  }),
  assertSessionPinned: operation(['session'], (args, context) => {
    if (!context.driver.isPinned(session(args, context))) throw new Error('the session is not pinned');
  }),
  assertSessionUnpinned: operation(['session'], (args, context) => {
    if (context.driver.isPinned(session(args, context))) throw new Error('the session is pinned');
  }),
  assertSessionTransactionState: operation(['session', 'state'], (args, context) => {
    const state = context.driver.transactionState(session(args, context));
    if (state !== args['state']) throw new Error(`the transaction is ${state}, not ${text(args, 'state')}`);
  }),
  assertTopologyType: operation(['topologyDescription', 'topologyType'], (args, { entities }) => {
    const { type } = entities.get('topologyDescription', text(args, 'topologyDescription')) as { type?: unknown };
    if (type !== args['topologyType'])
      throw new Error(`the topology is ${String(type)}, not ${text(args, 'topologyType')}`);
  }),
  createEntities: operation(['entities'], async (args, context) =>
    createEntities(readEntities(args['entities'], 'entities'), context),
  ),
  failPoint: operation(
    ['client', 'failPoint'],
    async (args, { entities, failPoints }) => {
      // By the client of the test: the connection that it takes for that is among the events that are expected.
      const admin = call(entities.get('client', text(args, 'client')), 'db', 'admin') as object;
      const failPoint = args['failPoint'] as Doc;
      failPoints.remember(failPoint);
      await call(admin, 'command', failPoint);
    },
    ['session'],
  ),
  loop: operation(['operations'], runLoop, loopOptions),
  recordTopologyDescription: operation(['client', 'id'], (args, { entities }) => {
    const { observer } = entities.clientRecord(text(args, 'client'));
    if (observer.topologyDescription === undefined) throw new Error('the client has not described its topology yet');
    entities.add(text(args, 'id'), 'topologyDescription', observer.topologyDescription);
  }),
  runOnThread: operation(['thread', 'operation'], (args, context) => {
    const work: Operation = readOperation(args['operation'], 'operation');
    const thread = context.entities.get('thread', text(args, 'thread')) as Thread;
    thread.run(async () => context.runOperation(work, `thread ${text(args, 'thread')}`));
  }),
  targetedFailPoint: operation(['session', 'failPoint'], async (args, context) => {
    const address = context.driver.pinnedAddress(session(args, context));
    if (address === undefined) throw new Error('the session is not pinned to a mongos');
    await context.failPoints.set(args['failPoint'] as Doc, address);
  }),
  wait: operation(['ms'], async args => {
    await sleep(number(args, 'ms'));
  }),
  waitForEvent: operation(['client', 'event', 'count'], async (args, { entities, matching }) => {
    const { observer } = entities.clientRecord(text(args, 'client'));
    const event = args['event'] as Doc;
    const wanted = number(args, 'count');
    await observer.until(
      () => observer.count(event, matching) >= wanted,
      EVENT_WAIT_MS,
      () => `${wanted} events ${show(event)}: there were ${observer.count(event, matching)}`,
    );
  }),
  waitForPrimaryChange: operation(
    ['client', 'priorTopologyDescription'],
    async (args, { entities }) => {
      const { observer } = entities.clientRecord(text(args, 'client'));
      const prior = primaryOf(entities.get('topologyDescription', text(args, 'priorTopologyDescription')));
      const changed = (): boolean => {
        const primary = primaryOf(observer.topologyDescription);
        return primary !== undefined && primary !== prior;
      };
      const timeoutMS = args['timeoutMS'] === undefined ? WAIT_MS : number(args, 'timeoutMS');
      await observer.until(changed, timeoutMS, () => `another primary than ${String(prior)}`);
    },
    ['timeoutMS'],
  ),
  waitForThread: operation(['thread'], async (args, { entities }) => {
    const thread = entities.get('thread', text(args, 'thread')) as Thread;
    const ended = sleep(WAIT_MS, 'late', { ref: false });
    if ((await Promise.race([thread.done, ended])) === 'late') {
      throw new Error(`Waited ${WAIT_MS} ms for thread ${text(args, 'thread')}`);
    }
  }),
};

function operation(
  required: readonly string[],
  run: RunnerOperation['run'],
  accepted: readonly string[] = [],
): RunnerOperation {
  return { required, accepted, run };
}

function text(args: Doc, name: string): string {
  const value = args[name];
  if (typeof value !== 'string') throw new Error(`${name} has to be a string, not ${show(value)}`);
  return value;
}

function number(args: Doc, name: string): number {
  const value = plain(args[name]);
  if (typeof value !== 'number') throw new Error(`${name} has to be a number, not ${show(value)}`);
  return value;
}

function session(args: Doc, { entities }: TestContext): object {
  return entities.get('session', text(args, 'session'));
}

async function hasCollection(args: Doc, { internal }: TestContext): Promise<boolean> {
  const names = await internal.collectionNames(text(args, 'databaseName'));
  return names.includes(text(args, 'collectionName'));
}

async function hasIndex(args: Doc, { internal }: TestContext): Promise<boolean> {
  const names = await internal.indexNames(text(args, 'databaseName'), text(args, 'collectionName'));
  return names.includes(text(args, 'indexName'));
}

function lastTwoLsids(args: Doc, { entities }: TestContext): readonly [unknown, unknown] {
  const { commands } = entities.clientRecord(text(args, 'client')).observer;
  const [one, other] = commands.slice(-2).map(command => command['lsid']);
  if (one === undefined || other === undefined) throw new Error('the last two commands do not both have an lsid');
  return [one, other];
}

function sameLsid(one: unknown, other: unknown, { matching }: TestContext): boolean {
  return match(one, other, matching, 'nested') === null;
}

/** The address of the primary in a topology description. */
function primaryOf(description: unknown): string | undefined {
  const { servers } = (description ?? {}) as { servers?: unknown };
  for (const [address, server] of fieldsOf(servers) ?? []) {
    if ((server as { type?: unknown }).type === 'RSPrimary') return address;
  }
  return undefined;
}
