import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { MONITORING_EVENTS, type MonitoringEventName } from '../../../src/events/event_map.js';
import { ConnectionPoolReadyEvent } from '../../../src/events/pool.js';
import type { PoolEvent } from '../../../src/events/pool_event.js';
import { EventPublisher } from '../../../src/events/publisher.js';
import { TopologyOpeningEvent } from '../../../src/events/topology.js';
import { ListenerGuard } from '../../../src/sinks/listener_guard.js';
import { MonitorSink } from '../../../src/sinks/monitor_sink.js';
import { MONITOR_MEMBERS, type Monitors } from '../../../src/sinks/monitors.js';
import { FakeClock } from '../../support/fake_clock.js';
import { stamp } from '../events/support.js';

const NAMES = Object.keys(MONITORING_EVENTS) as MonitoringEventName[];
const nothing = () => undefined;
const sinkOf = (monitors: Monitors) => MonitorSink.of(monitors, new ListenerGuard());
const wantedBy = (monitors: Monitors) => NAMES.filter(name => sinkOf(monitors)?.wants(name));

describe('MonitorSink', () => {
  afterEach(() => mock.restoreAll());

  it('is none for monitors without a function', () => {
    assert.equal(sinkOf({}), null);
    assert.equal(sinkOf({ commandMonitor: {}, poolMonitor: { event: undefined } }), null);
  });

  it('wants the events of the functions that are there, and no others', () => {
    assert.deepEqual(wantedBy({ commandMonitor: { failed: nothing } }), ['commandFailed']);
    assert.deepEqual(wantedBy({ serverMonitor: { topologyOpening: nothing } }), ['topologyOpening']);
    assert.equal(wantedBy({ poolMonitor: { event: nothing } }).length, 11);
    const all = Object.values(MONITOR_MEMBERS).flatMap(members => Object.values<readonly string[]>(members).flat());
    assert.equal(new Set(all).size, 3 + 11 + 9);
  });

  it('calls a function as a method, with the event and the context of the call', () => {
    const seen: unknown[] = [];
    const serverMonitor = {
      topologyOpening(this: unknown, ...args: unknown[]) {
        seen.push(this, ...args);
      },
    };
    const event = new TopologyOpeningEvent({ topologyId: 1 }, stamp);

    sinkOf({ serverMonitor })!.deliver('topologyOpening', event, null);

    assert.deepEqual(seen, [serverMonitor, event, null]);
  });

  it('asks for the context only when it calls a function', () => {
    let asked = 0;
    const cause = {
      get context() {
        asked++;
        return null;
      },
      asyncScope: null,
    };
    const publisher = new EventPublisher([sinkOf({ poolMonitor: { event: nothing } })!], new FakeClock());

    publisher.publish('topologyOpening', eventStamp => new TopologyOpeningEvent({ topologyId: 1 }, eventStamp), cause);
    assert.equal(asked, 0);
    publisher.publish(
      'connectionPoolReady',
      eventStamp => new ConnectionPoolReadyEvent({ address: 'a:1' }, eventStamp),
      cause,
    );
    assert.equal(asked, 1);
  });

  it('takes the methods of a class, and not what is on Object.prototype', () => {
    class Watcher {
      readonly seen: string[] = [];
      event({ type }: PoolEvent): void {
        this.seen.push(type);
      }
    }
    const poolMonitor = new Watcher();
    const event = new ConnectionPoolReadyEvent({ address: 'a:1' }, stamp);
    sinkOf({ poolMonitor })!.deliver('connectionPoolReady', event, null);
    assert.deepEqual(poolMonitor.seen, ['connectionPoolReady']);

    Object.defineProperty(Object.prototype, 'started', { configurable: true, value: nothing });
    try {
      assert.equal(sinkOf({ commandMonitor: {} }), null);
    } finally {
      // biome-ignore lint/performance/noDelete: it must be gone
      delete (Object.prototype as { started?: unknown }).started;
    }
  });

  it('goes on when a function throws, and when its promise rejects, with one warning for each function', async () => {
    const warnings: string[] = [];
    mock.method(process, 'emitWarning', (text: string) => void warnings.push(text));
    const fail: () => unknown = () => {
      throw new Error('listener failed');
    };
    const failLater: () => unknown = async () => fail();
    const sink = sinkOf({ serverMonitor: { topologyOpening: fail, topologyClosed: failLater } })!;

    for (let round = 0; round < 2; round++) {
      sink.deliver('topologyOpening', new TopologyOpeningEvent({ topologyId: 1 }, stamp), null);
      sink.deliver('topologyClosed', new TopologyOpeningEvent({ topologyId: 1 }, stamp) as never, null);
    }
    await new Promise(resolve => setImmediate(resolve));

    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /"topologyOpening".*listener failed/s);
    assert.match(warnings[1]!, /"topologyClosed".*listener failed/s);
  });
});
