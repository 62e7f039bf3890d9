import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import type { EventStamp } from '../../../src/events/event.js';
import type { MonitoringEventListeners } from '../../../src/events/event_map.js';
import { EventPublisher } from '../../../src/events/publisher.js';
import { TopologyOpeningEvent } from '../../../src/events/topology.js';
import { TypedEventEmitter } from '../../../src/events/typed_event_emitter.js';
import type { Clock } from '../../../src/runtime/clock.js';
import { EmitterSink } from '../../../src/sinks/emitter_sink.js';

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
function publisherTo(
  emitter: TypedEventEmitter<MonitoringEventListeners>,
  options?: { monitorCommands?: boolean | undefined },
): EventPublisher {
  return new EventPublisher([new EmitterSink(emitter, options)], clock);
}

const opening = (stamp: EventStamp) => new TopologyOpeningEvent({ topologyId: 1 }, stamp);
const fail = () => {
  throw new Error('listener failed');
};

/** Lets the rejection of a promise reach its handlers. */
const turn = () => new Promise(resolve => setImmediate(resolve));

describe('EmitterSink', () => {
  let target: TypedEventEmitter<MonitoringEventListeners>;
  let publisher: EventPublisher;
  let warnings: { text: string; type: string }[];

  beforeEach(() => {
    target = new TypedEventEmitter();
    publisher = publisherTo(target);
    warnings = [];
    mock.method(process, 'emitWarning', (text: string, type: string) => void warnings.push({ text, type }));
  });

  afterEach(() => {
    mock.restoreAll();
  });

  it('builds one event for all listeners and calls them with the target as this', () => {
    const seen: unknown[] = [];
    target.on('topologyOpening', function (this: unknown, event) {
      seen.push(this, event);
    });
    target.on('topologyOpening', event => seen.push(event));

    publisher.publish('topologyOpening', opening, null);

    assert.equal(seen[0], target);
    assert.ok(seen[1] instanceof TopologyOpeningEvent);
    assert.equal(seen[1], seen[2]);
  });

  it('calls a once listener once', () => {
    let calls = 0;
    target.once('topologyOpening', () => (calls += 1));

    publisher.publish('topologyOpening', opening, null);
    publisher.publish('topologyOpening', opening, null);

    assert.equal(calls, 1);
    assert.equal(target.listenerCount('topologyOpening'), 0);
  });

  it('gives the event to the next listener when one throws, and goes on', () => {
    let reached = false;
    target.on('topologyOpening', fail);
    target.on('topologyOpening', () => (reached = true));

    publisher.publish('topologyOpening', opening, null);

    assert.equal(reached, true);
  });

  it('reports a listener that throws by one warning that names the event', () => {
    target.on('topologyOpening', fail);

    publisher.publish('topologyOpening', opening, null);
    publisher.publish('topologyOpening', opening, null);

    assert.equal(warnings.length, 1);
    assert.equal(warnings[0]?.type, 'MongoListenerWarning');
    assert.match(warnings[0].text, /topologyOpening.*listener failed/s);
  });

  it('reports the same function once even when it was added by once each time', () => {
    for (let round = 0; round < 3; round += 1) {
      target.once('topologyOpening', fail);
      publisher.publish('topologyOpening', opening, null);
    }

    assert.equal(warnings.length, 1);
  });

  it('catches the rejection of an asynchronous listener', async () => {
    const listener: () => unknown = async () => {
      throw new Error('rejected later');
    };
    target.on('topologyOpening', listener);

    publisher.publish('topologyOpening', opening, null);
    await turn();

    assert.match(warnings[0]?.text ?? '', /rejected later/);
  });

  it('survives what cannot even be looked at', () => {
    target.on('topologyOpening', () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw new Proxy(
        {},
        {
          getPrototypeOf: fail,
          get: fail,
        },
      );
    });
    target.on('topologyOpening', () => ({
      get then() {
        return fail();
      },
    }));

    publisher.publish('topologyOpening', opening, null);

    assert.equal(warnings.length, 2);
  });

  it('lets a listener publish and remove listeners meanwhile', () => {
    const seen: string[] = [];
    const second = () => void seen.push('second');
    target.once('topologyOpening', () => {
      seen.push('first');
      target.off('topologyOpening', second);
      publisher.publish('topologyOpening', opening, null);
    });
    target.on('topologyOpening', second);

    publisher.publish('topologyOpening', opening, null);

    assert.deepEqual(seen, ['first', 'second']);
  });

  it('wants an event from the first listener to the last, however they are added and removed', () => {
    const listener = () => undefined;
    const seen: boolean[] = [];
    const note = () => void seen.push(publisher.wants('topologyOpening'));

    for (const add of ['on', 'addListener', 'prependListener'] as const) {
      target[add]('topologyOpening', listener);
      note();
      target.removeListener('topologyOpening', listener);
      note();
    }
    for (const addOnce of [
      () => target.once('topologyOpening', listener),
      () => target.prependOnceListener('topologyOpening', listener),
    ]) {
      addOnce();
      note();
      publisher.publish('topologyOpening', opening, null);
      note();
    }
    target.on('topologyOpening', listener);
    target.off('topologyOpening', listener);
    note();
    target.on('topologyOpening', listener);
    target.removeAllListeners('topologyOpening');
    note();
    target.on('topologyOpening', listener);
    target.removeAllListeners();
    note();

    assert.deepEqual(seen, [...Array.from({ length: 5 }, () => [true, false]).flat(), false, false, false]);
  });

  it('is silent about commands when monitorCommands is false, and only about them', () => {
    const other = new TypedEventEmitter<MonitoringEventListeners>();
    const silent = publisherTo(other, { monitorCommands: false });
    const open = publisherTo(target, { monitorCommands: undefined });
    other.on('commandStarted', () => undefined);
    other.on('topologyOpening', () => undefined);
    target.on('commandStarted', () => undefined);
    target.on('topologyOpening', () => undefined);

    assert.equal(silent.wants('commandStarted'), false);
    assert.equal(silent.wants('topologyOpening'), true);
    assert.equal(open.wants('commandStarted'), true);
  });

  it('reaches every listener whichever of them fail (property)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('good', 'throws', 'rejects', 'once')), async kinds => {
        const emitter = new TypedEventEmitter<MonitoringEventListeners>();
        emitter.setMaxListeners(0);
        const reached: number[] = [];
        kinds.forEach((kind, index) => {
          const listener = (): unknown => {
            reached.push(index);
            if (kind === 'throws') fail();
            return kind === 'rejects' ? Promise.reject(new Error('rejected')) : undefined;
          };
          if (kind === 'once') emitter.once('topologyOpening', listener);
          else emitter.on('topologyOpening', listener);
        });

        publisherTo(emitter).publish('topologyOpening', opening, null);
        await turn();

        assert.deepEqual(reached, [...kinds.keys()]);
      }),
    );
  });
});
