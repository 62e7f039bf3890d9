import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventStamp, MonitoringEvent } from '../../../src/events/event.js';
import type { MonitoringEventName } from '../../../src/events/event_map.js';
import { EventPublisher, type EventSink, OperationIds } from '../../../src/events/publisher.js';
import { TopologyOpeningEvent } from '../../../src/events/topology.js';
import type { Clock } from '../../../src/runtime/clock.js';

const nothing = { clear: () => undefined };
const clock: Clock = {
  now: () => 0,
  busyMS: () => 0,
  wallTime: () => 1234,
  setTimer: () => nothing,
  setAlarm: () => undefined,
  clearAlarm: () => undefined,
  afterPoll: () => nothing,
};
const opening = (stamp: EventStamp) => new TopologyOpeningEvent({ topologyId: 1 }, stamp);

/** A sink whose wishes a test sets. */
class TestSink implements EventSink {
  readonly events: MonitoringEvent[] = [];
  #wanted: ReadonlySet<MonitoringEventName>;
  #onWantsChanged: (() => void) | null = null;

  constructor(...wanted: MonitoringEventName[]) {
    this.#wanted = new Set(wanted);
  }

  start(onWantsChanged: () => void): void {
    this.#onWantsChanged = onWantsChanged;
  }

  wants(name: MonitoringEventName): boolean {
    return this.#wanted.has(name);
  }

  deliver(_name: MonitoringEventName, event: MonitoringEvent): void {
    this.events.push(event);
  }

  change(...wanted: MonitoringEventName[]): void {
    this.#wanted = new Set(wanted);
    this.#onWantsChanged?.();
  }
}

describe('EventPublisher', () => {
  it('builds no event that no sink wants', () => {
    const publisher = new EventPublisher([new TestSink('topologyClosed'), new TestSink()], clock);
    let built = 0;

    publisher.publish(
      'topologyOpening',
      stamp => {
        built += 1;
        return opening(stamp);
      },
      null,
    );

    assert.equal(publisher.wants('topologyOpening'), false);
    assert.equal(built, 0);
  });

  it('builds one event for all sinks that want it, and delivers it in the order of the sinks', () => {
    const sinks = [new TestSink('topologyOpening'), new TestSink(), new TestSink('topologyOpening')];
    const publisher = new EventPublisher(sinks, clock);
    let built = 0;

    publisher.publish(
      'topologyOpening',
      stamp => {
        built += 1;
        return opening(stamp);
      },
      null,
    );

    assert.equal(built, 1);
    assert.deepEqual(
      sinks.map(sink => sink.events.length),
      [1, 0, 1],
    );
    assert.equal(sinks[0]?.events[0], sinks[2]?.events[0]);
  });

  it('wants an event as long as one of its sinks does', () => {
    const [first, second] = [new TestSink('topologyOpening'), new TestSink()] as const;
    const publisher = new EventPublisher([first, second], clock);
    const seen = [publisher.wants('topologyOpening')];

    second.change('topologyOpening', 'topologyClosed');
    first.change();
    seen.push(publisher.wants('topologyOpening'), publisher.wants('topologyClosed'));
    second.change();
    seen.push(publisher.wants('topologyOpening'));

    assert.deepEqual(seen, [true, true, true, false]);
  });

  it('without a sink wants nothing', () => {
    assert.equal(new EventPublisher([], clock).wants('commandStarted'), false);
  });

  it('numbers events in the order in which they are published, whatever their kind', () => {
    const sink = new TestSink('topologyOpening');
    const publisher = new EventPublisher([sink], clock);

    publisher.publish('topologyOpening', opening, null);
    publisher.publish('topologyOpening', opening, null);

    assert.deepEqual(
      sink.events.map(({ sequence }) => sequence),
      [1, 2],
    );
  });

  it('asks its sinks anew for a topic that is kept', () => {
    const sink = new TestSink();
    const topic = new EventPublisher([sink], clock).topic('topologyOpening');
    const seen = [topic.isWanted];

    sink.change('topologyOpening');
    seen.push(topic.isWanted);
    topic.publish(opening(topic.stamp()), null);
    sink.change();
    seen.push(topic.isWanted);

    assert.deepEqual(seen, [false, true, false]);
    assert.equal(sink.events.length, 1);
  });

  it("reads the system's clock once for events of the same half millisecond, which share their time", () => {
    let wallTime = 1000;
    const topic = new EventPublisher([], { ...clock, wallTime: () => ++wallTime }).topic('topologyOpening');

    const [first, second, third] = [topic.stamp(5), topic.stamp(5.25), topic.stamp(5.5)];

    assert.deepEqual(
      [first, second, third].map(({ time }) => time.getTime()),
      [1001, 1001, 1002],
    );
    assert.equal(first.time, second.time);
    assert.notEqual(second.time, third.time);
  });

  it("stamps events with the clock's wall time", () => {
    const sink = new TestSink('topologyOpening');

    new EventPublisher([sink], clock).publish('topologyOpening', opening, null);

    assert.equal(sink.events[0]?.time.getTime(), 1234);
  });
});

describe('OperationIds', () => {
  it('counts from 1', () => {
    const ids = new OperationIds();

    assert.deepEqual([ids.next(), ids.next()], [1, 2]);
  });
});
