import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unknownServer } from '../../../src/description/server_description.js';
import { MongoError } from '../../../src/errors/base.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { MongoServerSelectionError } from '../../../src/sdam/errors.js';
import { readPreferenceSelector } from '../../../src/sdam/server_selection.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';
import { member, primaryMember, TopologyHarness } from '../../support/topology_harness.js';

describe('Topology, selecting', () => {
  it('gives a server that is known at once', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'] });
    harness.hellos.set('a:27017', STANDALONE);
    harness.topology.open();
    await quiet();
    harness.events.clear();

    const server = harness.topology.trySelect(harness.request());

    assert.equal(server?.address, 'a:27017');
    assert.deepEqual(harness.events.names(), ['serverSelectionStarted', 'serverSelectionSucceeded']);
    const { address, serverHost, serverPort, durationMS } = harness.events.last('serverSelectionSucceeded');
    assert.deepEqual([address, serverHost, serverPort, durationMS], ['a:27017', 'a', 27017, 0]);
    harness.topology.close();
  });

  it('wakes only the operations for which a server was found', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'], replicaSet: 'rs' });
    const hosts = ['a:27017'];
    harness.hellos.set('a:27017', null);
    harness.topology.open();
    await quiet();
    const writes = [1, 2].map(() => harness.topology.select(harness.request({}, harness.deadline())));
    const selector = readPreferenceSelector({ mode: 'secondary', tags: [] });
    const read = harness.topology.select(harness.request({ selector, wanted: 'secondary' }, harness.deadline(1000)));
    const failed = assert.rejects(read, { name: 'MongoOperationTimeoutError' });
    const hello = await harness.peersOf('a:27017')[0]!.nextCommand();

    await harness.clock.advance(40);
    hello.reply(primaryMember('a:27017', { hosts }));

    assert.deepEqual(
      (await Promise.all(writes)).map(({ address }) => address),
      ['a:27017', 'a:27017'],
    );
    assert.equal(harness.events.last('serverSelectionSucceeded').durationMS, 40);
    await harness.clock.advance(960);
    await failed;
    harness.topology.close();
    await quiet();
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('asks all monitors for a check as soon as one is allowed', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'], replicaSet: 'rs' });
    harness.hellos.set('a:27017', member('a:27017', { hosts: ['a:27017'] }));
    harness.topology.open();
    await quiet();
    assert.equal(harness.topology.trySelect(harness.request()), null);
    harness.hellos.set('a:27017', primaryMember('a:27017', { hosts: ['a:27017'] }));

    const selected = harness.topology.select(harness.request({}, harness.deadline()));
    await harness.clock.advance(500);

    assert.equal((await selected).address, 'a:27017');
    assert.equal(harness.events.last('waitingForSuitableServer').remainingTimeMS, Infinity);
    harness.topology.close();
  });

  it('requests a check every 500 ms while an operation waits, and returns to heartbeatFrequencyMS', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'], replicaSet: 'rs' });
    harness.hellos.set('a:27017', member('a:27017', { hosts: ['a:27017'] }));
    harness.topology.open();
    await quiet();
    const limit = harness.deadline().within('serverSelection', 2100);
    const failed = assert.rejects(harness.topology.select(harness.request({}, limit)), {
      name: 'MongoServerSelectionError',
    });

    for (let step = 0; step < 21; step++) {
      await harness.clock.advance(100);
      await quiet();
    }
    await failed;
    assert.equal(harness.events.count('serverHeartbeatSucceeded'), 1 + 4);

    await harness.clock.advance(5000);
    await quiet();
    assert.equal(harness.events.count('serverHeartbeatSucceeded'), 1 + 5);
    harness.topology.close();
  });

  it('waits for a topology that has not been opened yet', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'] });
    harness.hellos.set('a:27017', STANDALONE);
    assert.equal(harness.topology.trySelect(harness.request()), null);
    const selected = harness.topology.select(harness.request({}, harness.deadline()));

    harness.topology.open();

    assert.equal((await selected).address, 'a:27017');
    harness.topology.close();
  });

  it('fails at once for a server whose version does not fit', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'] });
    harness.hellos.set('a:27017', { ...STANDALONE, minWireVersion: 0, maxWireVersion: 6 });
    const waiting = harness.topology.select(harness.request({}, harness.deadline()));
    const failed = assert.rejects(waiting, { name: 'MongoCompatibilityError', message: /reports wire version 6/ });
    harness.topology.open();

    await failed;

    assert.throws(() => harness.topology.trySelect(harness.request()), { name: 'MongoCompatibilityError' });
    assert.equal(harness.events.names().at(-1), 'serverSelectionFailed');
    harness.topology.close();
  });

  describe('in vain', () => {
    it('says what was wanted, and of each server its type and its last error', async () => {
      const harness = new TopologyHarness({ hosts: ['a:27017', 'b:27017'], replicaSet: 'rs' });
      harness.hellos.set('a:27017', member('a:27017', { hosts: ['a:27017', 'b:27017'] }));
      harness.topology.open();
      await quiet();
      const limit = harness.deadline().within('serverSelection', 300);
      const failed = assert.rejects(harness.topology.select(harness.request({}, limit)), (error: unknown) => {
        assert.ok(error instanceof MongoServerSelectionError);
        assert.equal(
          error.message,
          'connect ECONNREFUSED b:27017. Server selection timed out after 300 ms: find shop.orders wanted primary, ' +
            'topology ReplicaSetNoPrimary [a:27017 RSSecondary; b:27017 Unknown, connect to b:27017 failed after 0.0 ms ' +
            '(300 ms ago)]. A host refuses connections: check the port, and that the server runs',
        );
        assert.equal(error.reason, harness.topology.description);
        assert.equal(error.phase, 'serverSelection');
        assert.equal(error.namespace, 'shop.orders');
        assert.equal(error.cause?.name, 'MongoNetworkError');
        return true;
      });

      await harness.clock.advance(300);

      await failed;
      const event = harness.events.last('serverSelectionFailed');
      assert.equal(event.durationMS, 300);
      assert.equal(event.failure.name, 'MongoServerSelectionError');
      harness.topology.close();
      assert.equal(harness.clock.pendingTimers, 0);
    });

    it('is a MongoOperationTimeoutError with the same words when timeoutMS is in use', async () => {
      const harness = new TopologyHarness({ hosts: ['a:27017'] });
      harness.topology.open();
      await quiet();
      const waiting = harness.topology.select(harness.request({}, harness.deadline(200)));
      const failed = assert.rejects(waiting, (error: unknown) => {
        assert.ok(error instanceof MongoOperationTimeoutError);
        assert.equal(error.phase, 'serverSelection');
        assert.equal(error.maybeApplied, false);
        assert.match(
          error.message,
          /^Timed out during server selection: find shop\.orders wanted primary, topology Unknown \[a:27017/,
        );
        assert.match(error.message, /timeoutMS=200 of the client: serverSelection 200\.0 ms/);
        assert.ok(error.cause instanceof MongoServerSelectionError);
        const [server] = error.topology?.servers ?? [];
        assert.deepEqual([error.topology?.type, error.topology?.wanted], ['Unknown', 'primary']);
        assert.deepEqual([server?.address, server?.type, server?.errorAgeMS], ['a:27017', 'Unknown', 200]);
        assert.match(server?.error ?? '', /ECONNREFUSED/);
        assert.doesNotThrow(() => JSON.stringify(error.topology));
        return true;
      });

      await harness.clock.advance(200);

      await failed;
      harness.topology.close();
      assert.equal(harness.clock.pendingTimers, 0);
    });

    it('gives a hint when a set has no primary, and when no seed is left', async () => {
      const noPrimary = new TopologyHarness({ hosts: ['a:27017'], replicaSet: 'rs' });
      noPrimary.hellos.set('a:27017', member('a:27017', { hosts: ['a:27017'] }));
      const noServer = new TopologyHarness({ hosts: ['a:27017'], replicaSet: 'rs' });
      noServer.hellos.set('a:27017', STANDALONE);

      for (const [harness, hint] of [[noPrimary, /has no primary/] as const, [noServer, /No seed belongs/] as const]) {
        harness.topology.open();
        await quiet();
        const waiting = harness.topology.select(harness.request({}, harness.deadline(100)));
        const failed = assert.rejects(waiting, { message: hint });
        await harness.clock.advance(100);
        await failed;
        harness.topology.close();
      }
    });

    it("rejects with the signal's own reason on abort", async () => {
      const harness = new TopologyHarness({ hosts: ['a:27017'] });
      harness.hellos.set('a:27017', null);
      harness.topology.open();
      const controller = new AbortController();
      const reason = new Error('no longer needed');
      const waiting = harness.topology.select(harness.request({}, harness.deadline(undefined, controller.signal)));

      controller.abort(reason);

      await assert.rejects(waiting, error => error === reason);
      harness.topology.close();
      assert.equal(harness.clock.pendingTimers, 0);
    });

    it('does not wait for ever when a listener closes the client as the wait begins', async () => {
      const harness = new TopologyHarness({ hosts: ['a:27017'] });
      harness.topology.open();
      harness.events.emitter.once('waitingForSuitableServer', () => harness.topology.close());

      const waiting = harness.topology.select(harness.request({}, harness.deadline()));

      await assert.rejects(Promise.race([waiting, quiet()]), { name: 'MongoTopologyClosedError' });
    });

    it('tells its end once when a listener that is told of it aborts the operation', async () => {
      const harness = new TopologyHarness({ hosts: ['a:27017'] });
      harness.hellos.set('a:27017', null);
      harness.topology.open();
      const controller = new AbortController();
      harness.events.emitter.once('serverSelectionFailed', () => controller.abort());
      const waiting = harness.topology.select(harness.request({}, harness.deadline(undefined, controller.signal)));
      const failed = assert.rejects(waiting, { name: 'MongoTopologyClosedError' });

      harness.topology.close();

      await failed;
      assert.equal(harness.events.count('serverSelectionFailed'), 1);
    });
  });

  it('tells one end of each when a listener that is told of one aborts the other', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'] });
    harness.hellos.set('a:27017', null);
    harness.topology.open();
    await quiet();
    const controller = new AbortController();
    harness.events.emitter.once('serverSelectionSucceeded', () => controller.abort(new Error('mine')));
    const first = harness.topology.select(harness.request({}, harness.deadline()));
    const second = harness.topology.select(harness.request({}, harness.deadline(undefined, controller.signal)));
    const failed = assert.rejects(second, { message: 'mine' });

    (await harness.peersOf('a:27017')[0]!.nextCommand()).reply(STANDALONE);

    await first;
    await failed;
    assert.equal(harness.events.count('serverSelectionSucceeded'), 1);
    assert.equal(harness.events.count('serverSelectionFailed'), 1);
    harness.topology.close();
  });
});

describe('serverSelectionFailFast', () => {
  const direct = { hosts: ['a:27017'], directConnection: true, replicaSet: 'other' };

  /** A server that is of the set `rs`. */
  async function ofAnotherSet(serverSelectionFailFast: boolean) {
    const harness = new TopologyHarness({ ...direct, serverSelectionFailFast });
    harness.hellos.set('a:27017', primaryMember('a:27017'));
    const waiting = harness.topology.select(harness.request({}, harness.deadline(5000)));
    const outcome = waiting.catch((error: unknown) => error as Error);
    harness.topology.open();
    await quiet();
    return { harness, outcome };
  }

  it('ends every wait when a direct connection leads to another replica set', async () => {
    const { harness, outcome } = await ofAnotherSet(true);

    const error = await outcome;

    assert.ok(error instanceof MongoServerSelectionError);
    assert.match(
      error.message,
      /^Server selection would wait in vain \(serverSelectionFailFast\): find shop\.orders wanted primary/,
    );
    assert.match(error.hint!, /another replica set/);
    assert.throws(() => harness.topology.trySelect(harness.request()), MongoServerSelectionError);
    assert.equal(harness.events.count('serverSelectionFailed'), 2);
    harness.topology.close();
  });

  it('is off unless it is asked for', async () => {
    const { harness, outcome } = await ofAnotherSet(false);
    assert.equal(harness.topology.trySelect(harness.request()), null);

    await harness.clock.advance(5000);

    const error = await outcome;
    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.match((error.cause as MongoServerSelectionError).hint!, /another replica set/);
    harness.topology.close();
  });

  it('ends the wait when a server refuses the credentials, and not when it refuses a connection', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'], serverSelectionFailFast: true });
    harness.topology.open();
    await quiet();
    assert.equal(harness.topology.trySelect(harness.request()), null);
    const refused = new MongoServerError({ ok: 0, code: 18, errmsg: 'Authentication failed.' }, {});
    harness.topology.onServerDescription(unknownServer('a:27017', refused));

    assert.throws(() => harness.topology.trySelect(harness.request()), {
      name: 'MongoServerSelectionError',
      cause: refused,
    });
    harness.topology.close();
  });
});

describe('a selection that failed', () => {
  it('tells as fields what was asked for, and of each server its type, its last error and the age of that', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017', 'b:27017', 'c:27017'], replicaSet: 'rs' });
    harness.hellos.set('c:27017', member('c:27017'));
    harness.topology.open();
    await quiet();
    await harness.clock.advance(200);
    const limit = harness.deadline().within('serverSelection', 100);
    const failed = harness.topology.select(harness.request({}, limit)).catch((error: unknown) => error);
    await harness.clock.advance(100);

    const error = await failed;

    assert.ok(error instanceof MongoServerSelectionError);
    assert.equal(error.wanted, 'primary');
    assert.equal(error.topologyType, 'ReplicaSetNoPrimary');
    const [a, b, c] = error.servers;
    assert.deepEqual([a?.address, a?.type, a?.errorAgeMS], ['a:27017', 'Unknown', 300]);
    assert.match(a!.error!.message, /ECONNREFUSED/);
    assert.equal(b?.type, 'Unknown');
    assert.deepEqual(c, {
      ...{ address: 'c:27017', type: 'RSSecondary', error: null, errorAgeMS: null, roundTripTimeMS: 0 },
    });
    assert.match(error.hint!, /refuses connections/);
    assert.equal(error.cause?.name, 'MongoNetworkError');
    assert.match(error.message, /a:27017 Unknown, .*ECONNREFUSED.*\(300 ms ago\)/);
    harness.topology.close();
  });

  it('has the last error of the network as its cause, whatever came later', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017', 'b:27017', 'c:27017'], replicaSet: 'rs' });
    for (const host of ['a', 'b', 'c']) harness.hellos.set(`${host}:27017`, null);
    harness.topology.open();
    const [older, last, command] = [new MongoNetworkError('1'), new MongoNetworkError('2'), new MongoError('3')];
    harness.topology.onServerDescription(unknownServer('a:27017', last, null, 1200));
    harness.topology.onServerDescription(unknownServer('b:27017', older, null, 1100));
    harness.topology.onServerDescription(unknownServer('c:27017', command, null, 1300));
    const limit = harness.deadline().within('serverSelection', 1);
    const failed = harness.topology.select(harness.request({}, limit)).catch((error: unknown) => error);
    await harness.clock.advance(1);

    assert.equal(((await failed) as Error).cause, last);
    harness.topology.close();
    await quiet();
  });
});

describe('serverSelector', () => {
  it('is asked by the topology for its choice', async () => {
    const harness = new TopologyHarness({
      hosts: ['a:27017'],
      serverSelector: (_topology, servers) => servers.filter(({ address }) => address === 'c:27017'),
    });
    harness.hellos.set('a:27017', primaryMember('a:27017'));
    for (const host of ['b:27017', 'c:27017']) harness.hellos.set(host, member(host));
    harness.topology.open();
    await quiet();
    const selector = readPreferenceSelector({ mode: 'nearest', tags: [] });

    assert.equal(harness.topology.trySelect(harness.request({ selector }))?.address, 'c:27017');
    assert.equal(harness.topology.trySelect(harness.request()), null);
    harness.topology.close();
  });
});
