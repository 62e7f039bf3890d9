import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EventType, eventTypeOf, matchEvent, matchEvents, type ObservedEvent } from '../../spec/unified/events.js';

const CONTEXT = { entities: new Map<string, unknown>(), lsidOf: () => undefined };

const observed = (name: string, fields: Record<string, unknown> = {}): ObservedEvent => ({ name, fields });
const started = (commandName: string, more: Record<string, unknown> = {}) =>
  observed('commandStartedEvent', { commandName, databaseName: 'db', command: { [commandName]: 'c' }, ...more });
const expectStarted = (commandName: string) => ({ commandStartedEvent: { commandName } });

function compare(
  events: readonly Record<string, unknown>[],
  actual: readonly ObservedEvent[],
  { ignoreExtraEvents = false, eventType = 'command' }: { ignoreExtraEvents?: boolean; eventType?: EventType } = {},
): string | null {
  return matchEvents({ client: 'client0', eventType, events, ignoreExtraEvents }, actual, CONTEXT);
}

describe('matchEvents', () => {
  it('compares the events of two lists one by one', () => {
    const actual = [started('insert'), observed('commandSucceededEvent', { commandName: 'insert', reply: { ok: 1 } })];

    assert.equal(compare([expectStarted('insert'), { commandSucceededEvent: { reply: { ok: 1 } } }], actual), null);
  });

  it('tells which event differs, where, and both sequences', () => {
    const expected = [expectStarted('insert'), { commandStartedEvent: { command: { find: 'd' } } }];

    assert.equal(
      compare(expected, [started('insert'), started('find')]),
      [
        'command events of client0: event 1 (commandStartedEvent find) differs in command, at find: expected "d", actual "c"',
        '  expected commandStartedEvent insert, commandStartedEvent find',
        '  observed commandStartedEvent insert, commandStartedEvent find',
      ].join('\n'),
    );
  });

  it('tells an event of another name', () => {
    const mismatch = compare([{ commandFailedEvent: { commandName: 'find' } }], [started('find')]);

    assert.match(mismatch ?? '', /event 0 \(commandFailedEvent find\) is commandStartedEvent find\n/);
  });

  it('tells a missing event', () => {
    const mismatch = compare([expectStarted('find'), expectStarted('getMore')], [started('find')]);

    assert.match(mismatch ?? '', /event 1 \(commandStartedEvent getMore\) is missing: 2 expected, 1 observed\n/);
  });

  it('tells an event too many, unless extra events are ignored', () => {
    const actual = [started('find'), started('getMore')];

    const mismatch = compare([expectStarted('find')], actual);

    assert.match(mismatch ?? '', /event 1 \(commandStartedEvent getMore\) is not expected: 1 expected, 2 observed\n/);
    assert.equal(compare([expectStarted('find')], actual, { ignoreExtraEvents: true }), null);
  });

  it('ignores extra events only after the expected ones', () => {
    const ignoring = { ignoreExtraEvents: true };

    assert.match(compare([expectStarted('getMore')], [started('find'), started('getMore')], ignoring) ?? '', /event 0/);
    assert.match(compare([expectStarted('find')], [], ignoring) ?? '', /is missing[^]*observed none$/);
  });

  it('takes an empty list for no event at all', () => {
    assert.equal(compare([], []), null);
    assert.match(compare([], [started('find')]) ?? '', /not expected[^]*expected none\n/);
  });

  it('leaves out observed events of other types', () => {
    const actual = [
      observed('poolReadyEvent'),
      started('find'),
      observed('serverDescriptionChangedEvent'),
      observed('unknownEvent'),
    ];

    assert.equal(compare([expectStarted('find')], actual), null);
    assert.equal(compare([{ poolReadyEvent: {} }], actual, { eventType: 'cmap' }), null);
    assert.equal(compare([{ serverDescriptionChangedEvent: {} }], actual, { eventType: 'sdam' }), null);
  });

  it('cuts a long sequence', () => {
    const actual = Array.from({ length: 100 }, () => started('find'));

    assert.match(compare([], actual) ?? '', /, and 60 more$/);
  });

  it('refuses an event that is unknown or of another type', () => {
    assert.throws(
      () => compare([{ poolReadyEvent: {} }], []),
      /poolReadyEvent cannot be expected among events of type command/,
    );
    assert.throws(() => compare([{ noEvent: {} }], []), /Unknown event noEvent/);
    assert.throws(() => compare([{ poolReadyEvent: {}, poolClosedEvent: {} }], []), /has one key/);
    assert.throws(() => compare([{}], []), /has one key/);
    assert.throws(() => compare([{ commandStartedEvent: 1 }], []), /fields of commandStartedEvent are a document/);
  });
});

describe('matchEvent', () => {
  /** Each: the expected event, then fields that match it, then fields that do not. */
  type Case = readonly [expected: Record<string, unknown>, good: Record<string, unknown>, bad: Record<string, unknown>];
  const CASES: Readonly<Record<string, readonly Case[]>> = {
    commandStartedEvent: [
      [{ command: { a: 1 } }, { command: { a: 1, lsid: 1 } }, { command: { a: 2 } }],
      [{ command: { a: { b: 1 } } }, { command: { a: { b: 1 } } }, { command: { a: { b: 1, c: 1 } } }],
      [{ commandName: 'find' }, { commandName: 'find' }, { commandName: 'insert' }],
      [{ databaseName: 'a' }, { databaseName: 'a' }, { databaseName: 'b' }],
      [{ databaseName: { $$exists: true } }, { databaseName: 'a' }, {}],
      [{ hasServiceId: true }, { serviceId: 1 }, {}],
      [{ hasServiceId: false }, {}, { serviceId: 1 }],
      [{ hasServerConnectionId: true }, { serverConnectionId: 5n }, { serverConnectionId: null }],
      [{ hasServerConnectionId: false }, { serverConnectionId: undefined }, { serverConnectionId: 5n }],
    ],
    commandSucceededEvent: [
      [{ reply: { ok: 1 } }, { reply: { ok: 1, n: 1 } }, { reply: { ok: 0 } }],
      [{ commandName: 'find' }, { commandName: 'find' }, { commandName: 'insert' }],
      [{ databaseName: 'a' }, { databaseName: 'a' }, { databaseName: 'b' }],
      [{ hasServiceId: false }, {}, { serviceId: 1 }],
      [{ hasServerConnectionId: true }, { serverConnectionId: 1 }, {}],
    ],
    commandFailedEvent: [
      [{ commandName: 'find' }, { commandName: 'find' }, { commandName: 'insert' }],
      [{ databaseName: 'a' }, { databaseName: 'a' }, { databaseName: 'b' }],
      [{ hasServiceId: true }, { serviceId: 1 }, {}],
      [{ hasServerConnectionId: true }, { serverConnectionId: 1 }, {}],
    ],
    poolClearedEvent: [
      [{ hasServiceId: true }, { serviceId: 1 }, {}],
      [{ interruptInUseConnections: true }, { interruptInUseConnections: true }, {}],
      [{ interruptInUseConnections: false }, {}, { interruptInUseConnections: true }],
    ],
    connectionClosedEvent: [[{ reason: 'stale' }, { reason: 'stale' }, { reason: 'error' }]],
    connectionCheckOutFailedEvent: [[{ reason: 'timeout' }, { reason: 'timeout' }, {}]],
    serverDescriptionChangedEvent: [
      [{ newDescription: { type: 'Unknown' } }, { newDescription: { type: 'Unknown', x: 1 } }, { newDescription: {} }],
      [
        { previousDescription: { type: 'RSPrimary' } },
        { previousDescription: { type: 'RSPrimary' } },
        { previousDescription: { type: 'Mongos' } },
      ],
    ],
    topologyDescriptionChangedEvent: [
      [
        { previousDescription: { type: 'Single' } },
        { previousDescription: { type: 'Single' } },
        { previousDescription: { type: 'Unknown' } },
      ],
      [{ newDescription: {} }, { newDescription: { type: 'Sharded' } }, {}],
    ],
    serverHeartbeatStartedEvent: [[{ awaited: true }, { awaited: true }, { awaited: false }]],
    serverHeartbeatSucceededEvent: [[{ awaited: false }, {}, { awaited: true }]],
    serverHeartbeatFailedEvent: [[{ awaited: true }, { awaited: true }, {}]],
  };
  for (const [name, cases] of Object.entries(CASES)) {
    for (const [expected, good, bad] of cases) {
      it(`compares ${name} with ${JSON.stringify(expected)}`, () => {
        const field = Object.keys(expected)[0] ?? '';

        assert.equal(matchEvent({ [name]: expected }, observed(name, good), CONTEXT), null);
        assert.match(
          matchEvent({ [name]: expected }, observed(name, bad), CONTEXT) ?? '',
          new RegExp(`differs in ${field}, at`),
        );
        assert.equal(matchEvent({ [name]: {} }, observed(name, bad), CONTEXT), null);
      });
    }
  }

  for (const name of [
    'poolCreatedEvent',
    'poolReadyEvent',
    'poolClosedEvent',
    'connectionCreatedEvent',
    'connectionReadyEvent',
    'connectionCheckOutStartedEvent',
    'connectionCheckedOutEvent',
    'connectionCheckedInEvent',
    'topologyOpeningEvent',
    'topologyClosedEvent',
  ]) {
    it(`knows ${name}, which has no field to compare`, () => {
      assert.equal(matchEvent({ [name]: {} }, observed(name, { address: 'a' }), CONTEXT), null);
      assert.throws(() => matchEvent({ [name]: { reason: 'x' } }, observed(name), CONTEXT), /has no field reason/);
    });
  }

  it('names what it observed instead, with its reason', () => {
    const closed = observed('connectionClosedEvent', { reason: 'idle' });

    assert.equal(matchEvent({ poolClosedEvent: {} }, closed, CONTEXT), 'is connectionClosedEvent idle');
  });
});

describe('eventTypeOf', () => {
  it('knows the type of an event of the format', () => {
    assert.equal(eventTypeOf('commandFailedEvent'), 'command');
    assert.equal(eventTypeOf('poolClearedEvent'), 'cmap');
    assert.equal(eventTypeOf('topologyOpeningEvent'), 'sdam');
    assert.equal(eventTypeOf('toString'), undefined);
  });
});
