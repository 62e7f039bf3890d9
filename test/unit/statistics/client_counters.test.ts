import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BoundedMap, Counts } from '../../../src/statistics/bounded_map.js';
import { ClientCounters } from '../../../src/statistics/client_counters.js';

describe('BoundedMap', () => {
  it('shares one value among the keys that find no room', () => {
    const map = new BoundedMap(2, () => ({ value: 0 }));
    for (const key of ['a', 'b', 'c', 'd', 'a']) map.get(key).value++;

    assert.deepEqual(
      [...map.entries()].map(([key, { value }]) => [key, value]),
      [
        ['a', 2],
        ['b', 1],
        ['other', 2],
      ],
    );
  });

  it('has room for a new key again when one was taken away', () => {
    const map = new BoundedMap(1, () => ({ value: 0 }));
    map.get('a');
    assert.equal(map.isFull, true);
    map.take('a');
    assert.equal(map.isFull, false);
    assert.notEqual(map.get('b'), map.get('c'));
  });
});

describe('Counts', () => {
  it('counts a reason of any name', () => {
    const counts = new Counts();
    counts.add('__proto__');
    counts.add('constructor');
    counts.add('constructor');

    assert.deepEqual(Object.entries(counts.snapshot()), [
      ['__proto__', 1],
      ['constructor', 2],
    ]);
  });
});

describe('ClientCounters', () => {
  it('sums operations up over servers and over names', () => {
    const counters = new ClientCounters();
    for (const [name, address] of [
      ['insertOne', 'a:1'],
      ['insertOne', 'b:1'],
      ['findOne', 'b:1'],
      ['findOne', null],
    ] as const) {
      const counter = counters.operation(name, address);
      counter.succeeded++;
      counter.durations.record(2);
    }
    const { operations, operationsByName, servers } = counters.snapshot();

    assert.deepEqual([operations.succeeded, operations.durations.count], [4, 4]);
    assert.equal(operationsByName['insertOne']?.durations.count, 2);
    assert.equal(operationsByName['findOne']?.succeeded, 2);
    assert.equal(servers['b:1']?.operations.succeeded, 2);
    assert.equal(servers['b:1'].operationsByName['findOne']?.succeeded, 1);
    assert.equal(servers['none']?.operations.succeeded, 1);
  });

  it('keeps at most 256 pairs of a server and a name, and counts the others of a server together', () => {
    const counters = new ClientCounters();
    for (let number = 0; number < 300; number++) counters.operation(`name${number}`, 'a:1').succeeded++;
    const { operations, operationsByName } = counters.snapshot();

    assert.equal(operations.succeeded, 300);
    assert.equal(Object.keys(operationsByName).length, 257);
    assert.equal(operationsByName['other']?.succeeded, 44);
  });

  it('counts servers beyond the 64th together', () => {
    const counters = new ClientCounters();
    for (let number = 0; number < 70; number++) counters.server(`s${number}:1`).poolCleared++;
    const { servers } = counters.snapshot();

    assert.equal(Object.keys(servers).length, 65);
    assert.equal(servers['other']?.poolCleared, 6);
  });

  it('gives the place of a server that has left to a new one, and loses none of its counts', () => {
    const counters = new ClientCounters();
    for (let number = 0; number < 64; number++) {
      counters.operation('findOne', `s${number}:1`).succeeded++;
      counters.server(`s${number}:1`).connectionsClosed.add('idle');
    }
    counters.serverLeft('s5:1');
    counters.serverLeft('s6:1');
    counters.serverJoined('s5:1');
    counters.operation('insertOne', 'new:1').succeeded++;
    const { servers, operations } = counters.snapshot();

    assert.equal(operations.succeeded, 65);
    assert.equal(servers['new:1']?.operationsByName['insertOne']?.succeeded, 1);
    assert.equal(servers['s5:1']?.operations.succeeded, 1);
    assert.equal('s6:1' in servers, false);
    assert.deepEqual({ ...servers['other']?.connectionsClosed }, { idle: 1 });
    assert.equal(servers['other']?.operations.succeeded, 1);
  });

  it('keeps the number of histograms bounded however often servers come and go', () => {
    const counters = new ClientCounters();
    for (let number = 0; number < 2000; number++) {
      const address = `pod-${number}:27017`;
      counters.serverJoined(address);
      for (let name = 0; name < 5; name++) counters.operation(`name${name}`, address).succeeded++;
      counters.serverLeft(address);
    }
    const { servers, operations } = counters.snapshot();
    const names = Object.values(servers).map(({ operationsByName }) => Object.keys(operationsByName));
    const pairs = names.flat().length;

    assert.equal(operations.succeeded, 10_000);
    assert.equal(names.length, 65);
    assert.ok(pairs <= 256 + 65, `${pairs} histograms of operations`);
    assert.ok(pairs >= 256, 'later servers have histograms of their own again');
  });
});
