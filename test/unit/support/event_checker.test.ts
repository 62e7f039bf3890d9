import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { EventChecker, type WatchedClient } from '../../support/event_checker.js';

const CONNECTION = { address: 'a:27017', connectionId: 1 };
const COMMAND = { ...CONNECTION, requestId: 7, operationId: 3, attempt: 1, commandName: 'find', databaseName: 'shop' };
const ATTEMPT = { operationId: 3, attempt: 1 };

const BEGIN: [string, object][] = [
  ['connectionPoolCreated', { address: 'a:27017', options: { maxPoolSize: 1 } }],
  ['connectionPoolReady', { address: 'a:27017' }],
  ['connectionCheckOutStarted', { ...CONNECTION, ...ATTEMPT }],
  ['connectionCreated', CONNECTION],
  ['connectionReady', { ...CONNECTION, durationMS: 1 }],
  ['connectionCheckedOut', { ...CONNECTION, ...ATTEMPT, durationMS: 1 }],
  ['commandStarted', COMMAND],
];
const END: [string, object][] = [
  ['commandSucceeded', { ...COMMAND, durationMS: 1 }],
  ['connectionCheckedIn', { ...CONNECTION, ...ATTEMPT }],
  ['connectionClosed', CONNECTION],
  ['connectionPoolClosed', { address: 'a:27017' }],
];

/** What the checker says of a stream of events. */
function verdict(stream: readonly [string, object][]): string {
  const client = new EventEmitter();
  const checker = new EventChecker(client as unknown as WatchedClient);
  stream.forEach(([name, fields], index) => client.emit(name, { name, sequence: index + 1, ...fields }));
  try {
    checker.assertAllIsWell();
    return '';
  } catch {
    return checker.violations.join('\n');
  }
}

const without = (name: string) => [...BEGIN, ...END].filter(([other]) => other !== name);

describe('EventChecker', () => {
  it('finds nothing wrong with a stream that is in order', () => {
    assert.equal(verdict([...BEGIN, ...END]), '');
  });

  for (const [what, stream, complaint] of [
    ['a command without an end', without('commandSucceeded'), /1 commands have no end/],
    ['a command that ends twice', [...BEGIN, END[0]!, ...END], /I1/],
    ['an end that names another connection', [...BEGIN, ['commandFailed', { ...COMMAND, connectionId: 2 }]], /I1/],
    ['a command on a connection that is not in use', without('connectionCheckedOut'), /on a connection in use/],
    ['a check-out without a start', without('connectionCheckOutStarted'), /I2/],
    ['a connection that is not closed', without('connectionClosed'), /I3/],
    ['a connection that was used before it was ready', without('connectionReady'), /I3/],
    ['a connection that was created in a paused pool', without('connectionPoolReady'), /I4/],
    ['a pool that is cleared twice', [['connectionPoolCleared', { address: 'a:27017' }]], /I5/],
    ['a heartbeat without a start', [['serverHeartbeatSucceeded', { address: 'a:27017' }]], /I6/],
    ['a change before the topology is opened', [['serverDescriptionChanged', { address: 'a:27017' }]], /I8/],
    ['a negative duration', [...BEGIN, ['commandFailed', { ...COMMAND, durationMS: -1 }]], /I9/],
    ['more connections in use than the pool has', [...BEGIN, ...second()], /I10/],
    ['a gap in the sequence', [...BEGIN, ['commandFailed', { ...COMMAND, sequence: 20 }]], /without gaps/],
  ] as [string, [string, object][], RegExp][]) {
    it(`finds ${what}`, () => {
      assert.match(verdict(stream), complaint);
    });
  }

  it('finds a chain of descriptions that is broken', () => {
    const topology = (type: string) => ({ type, servers: new Map() });
    const change = (from: string, to: string): [string, object] => [
      'topologyDescriptionChanged',
      { previousDescription: topology(from), newDescription: topology(to) },
    ];

    assert.match(verdict([['topologyOpening', {}], change('Unknown', 'Single'), change('Sharded', 'Unknown')]), /I7/);
  });
});

function second(): [string, object][] {
  const other = { address: 'a:27017', connectionId: 2 };
  return [
    ['connectionCheckOutStarted', { ...other, operationId: 4, attempt: 1 }],
    ['connectionCreated', other],
    ['connectionReady', other],
    ['connectionCheckedOut', { ...other, operationId: 4, attempt: 1 }],
  ];
}
