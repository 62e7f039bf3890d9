import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerDescription } from '../../../src/description/server_description.js';
import { Monitor } from '../../../src/sdam/monitor.js';
import { quiet } from '../../support/scripted_server.js';
import { member, primaryMember, TopologyHarness } from '../../support/topology_harness.js';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** Methods that all work on descriptions and servers comes through, sooner or later. */
const COUNTED: readonly (readonly [prototype: object, name: string])[] = [
  [Map.prototype, 'get'],
  [Map.prototype, 'set'],
  [Map.prototype, 'has'],
  [Map.prototype, 'delete'],
  [Set.prototype, 'has'],
  [Set.prototype, 'add'],
  [ServerDescription.prototype, 'equals'],
  [ServerDescription.prototype, 'isDataBearing'],
  [Monitor.prototype, 'requestCheck'],
];

/** Runs something and tells how often the methods were called. */
async function counting(run: () => Promise<void>): Promise<number> {
  let calls = 0;
  const originals = COUNTED.map(([prototype, name]) => {
    const original = Object.getOwnPropertyDescriptor(prototype, name)!;
    const key = 'get' in original ? 'get' : 'value';
    const called = (original as Readonly<Record<string, unknown>>)[key] as AnyFunction;
    const counted: AnyFunction = function (...args) {
      calls++;
      return Reflect.apply(called, this, args);
    };
    Object.defineProperty(prototype, name, { ...original, [key]: counted });
    return [prototype, name, original] as const;
  });
  try {
    await run();
  } finally {
    for (const [prototype, name, original] of originals) Object.defineProperty(prototype, name, original);
  }
  return calls;
}

/** A seed names so many hosts, none of which can be connected to, while an operation waits. */
async function discover(count: number, kind: 'primary' | 'secondary'): Promise<void> {
  const harness = new TopologyHarness({ hosts: ['a:27017'], serverSelectionFailFast: true });
  const hosts = ['a:27017', ...Array.from({ length: count }, (_, index) => `h${index}.example:27017`)];
  const hello = kind === 'primary' ? primaryMember : member;
  harness.hellos.set('a:27017', hello('a:27017', { hosts }));
  let failed = 0;
  harness.events.emitter.on('serverHeartbeatFailed', () => failed++);
  const waiting = harness.topology
    .select(harness.request({ wanted: 'secondary', selector: () => [] }, harness.deadline(60_000)))
    .catch(() => undefined);
  harness.topology.open();
  while (failed < count) {
    await harness.clock.advance(0);
    await quiet();
  }
  assert.equal(harness.topology.description.table.size, count + 1);
  harness.topology.close();
  await waiting;
}

describe('discovering many hosts', () => {
  for (const kind of ['primary', 'secondary'] as const) {
    it(`costs four times as much for a ${kind} that names four times as many hosts, not sixteen times`, async () => {
      await discover(10, kind);
      const [few, many] = [150, 600];

      const work = await counting(() => discover(few, kind));
      const more = await counting(() => discover(many, kind));

      assert.ok(work > few);
      assert.ok(more / work < 5.5, `${work} calls for ${few} hosts, ${more} for ${many}`);
    });
  }

  it('warns once of more than 200 servers, and of 200 not at all', async t => {
    const warnings: unknown[] = [];
    t.mock.method(process, 'emitWarning', (text: unknown, name: unknown) => warnings.push(name, text));

    await discover(199, 'primary');
    assert.deepEqual(warnings, []);
    await discover(450, 'primary');

    assert.equal(warnings.length, 2);
    assert.equal(warnings[0], 'MongoTopologyWarning');
    assert.match(String(warnings[1]), /^The deployment has 451 servers/);
  });

  it('lets the event loop turn while it connects to them', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'] });
    const hosts = ['a:27017', ...Array.from({ length: 499 }, (_, index) => `h${index}.example:27017`)];
    harness.hellos.set('a:27017', primaryMember('a:27017', { hosts }));

    harness.topology.open();
    await quiet();
    const started = harness.events.count('serverHeartbeatStarted');
    assert.ok(started < 100, `${started} checks began in one turn`);
    harness.topology.close();

    await harness.clock.advance(0);
    assert.equal(harness.events.count('serverHeartbeatStarted'), started);
    assert.equal(harness.clock.pendingTimers, 0);
  });
});
