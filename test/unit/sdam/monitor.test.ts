import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { usesStreaming } from '../../../src/sdam/monitor.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';
import { checkedOnce, harness } from './monitoring.js';

describe('Monitor', () => {
  it('checks at once, and says so before it opens a connection', async () => {
    const { monitor, server, events, checked, story } = harness();
    let peersAtStart = -1;
    events.emitter.on('serverHeartbeatStarted', () => {
      peersAtStart = server.peers.length;
    });

    monitor.start();
    await quiet();

    assert.equal(peersAtStart, 0);
    assert.deepEqual(story(), ['Started', 'Succeeded']);
    assert.equal(checked[0]?.type, 'Standalone');
    assert.equal(events.last('serverHeartbeatStarted').awaited, false);
    assert.equal(events.last('serverHeartbeatSucceeded').driverConnectionId, 1);
    monitor.close();
  });

  it('checks again after each heartbeatFrequencyMS, on the same connection', async () => {
    const { monitor, server, clock, started } = await checkedOnce();

    await clock.advance(9_999);
    assert.equal(started(), 1);
    await clock.advance(1);
    await quiet();
    await clock.advance(10_000);
    await quiet();

    assert.equal(started(), 3);
    assert.equal(server.peers.length, 1);
    monitor.close();
  });

  it('says legacy hello until the server has said that it knows hello', async () => {
    const { monitor, server, clock } = harness();
    const names: string[] = [];
    server.hello = command => {
      names.push(command.name);
      assert.equal(command.body['helloOk'], command.name === 'hello' ? undefined : true);
      return STANDALONE;
    };

    monitor.start();
    await quiet();
    await clock.advance(10_000);
    await quiet();

    assert.deepEqual(names, ['ismaster', 'hello']);
    monitor.close();
  });

  it('stays with legacy hello when the server knows no other', async () => {
    const { monitor, server, clock } = harness();
    const names: string[] = [];
    server.hello = command => {
      names.push(command.name);
      return { ...STANDALONE, helloOk: undefined };
    };

    monitor.start();
    await quiet();
    await clock.advance(10_000);
    await quiet();

    assert.deepEqual(names, ['ismaster', 'ismaster']);
    monitor.close();
  });

  it('measures round trips: an average of all, and the least of the last ten', async () => {
    const { monitor, server, clock, checked, events } = harness();
    const delays = [100, 50, 200];
    server.hello = command => {
      clock.setTimer(delays.shift() ?? 0, () => command.reply(STANDALONE));
      return null;
    };

    monitor.start();
    await quiet();
    await clock.advance(100);
    await quiet();
    await clock.advance(10_050);
    await quiet();
    await clock.advance(10_200);
    await quiet();

    assert.deepEqual(
      checked.map(({ minRoundTripTime }) => minRoundTripTime),
      [0, 50, 50],
    );
    assert.deepEqual(
      checked.map(({ roundTripTime }) => Math.round(roundTripTime)),
      [100, 90, 112],
    );
    assert.deepEqual(
      events.of('serverHeartbeatSucceeded').map(({ duration }) => duration),
      [100, 50, 200],
    );
    monitor.close();
  });

  describe('on a new connection', () => {
    /** A server that takes 288 ms to accept, then 100 ms to answer. */
    async function slowToConnect() {
      const made = harness();
      made.server.accepts = false;
      made.server.hello = () => null;
      made.monitor.start();
      const peer = await made.server.nextPeer();
      await made.clock.advance(288);
      peer.accept();
      const hello = await peer.nextCommand();
      await made.clock.advance(100);
      return { ...made, peer, hello };
    }

    it('measures the hello alone: what it takes to connect is no round trip', async () => {
      const { monitor, hello, checked, events } = await slowToConnect();

      hello.reply(STANDALONE);
      await quiet();

      assert.equal(checked[0]?.roundTripTime, 100);
      assert.equal(events.last('serverHeartbeatSucceeded').durationMS, 100);
      monitor.close();
    });

    it('fails with the same time in the event and in the text of the error', async () => {
      const { monitor, peer, events } = await slowToConnect();

      peer.reset();
      await quiet();

      const { durationMS, failure } = events.last('serverHeartbeatFailed');
      assert.equal(durationMS, 388);
      assert.match(failure.message, / \(hello to db1:27017 failed after 388\.0 ms\)$/);
      monitor.close();
    });

    it('fails with the same time in both when the server refuses, or does not answer', async () => {
      const refused = await slowToConnect();
      refused.hello.reply({ ok: 0, code: 11600, errmsg: 'shutting down' });
      await quiet();
      assert.match(refused.events.last('serverHeartbeatFailed').failure.message, /failed after 388\.0 ms/);
      assert.equal(refused.events.last('serverHeartbeatFailed').durationMS, 388);
      refused.monitor.close();

      const silent = await slowToConnect();
      await silent.clock.advance(29_900);
      const { durationMS, failure } = silent.events.last('serverHeartbeatFailed');
      assert.equal(durationMS, 30_288);
      assert.match(failure.message, /after 30288\.0 ms: connect 288\.0 ms, hello 30000\.0 ms/);
      silent.monitor.close();
    });

    it('tells what it waits for, and since when', async () => {
      const { monitor, server, clock } = harness();
      server.accepts = false;
      server.hello = () => null;
      const begun = clock.now();
      assert.equal(monitor.waitsFor, null);
      monitor.start();
      assert.deepEqual(monitor.waitsFor, { step: 'connect', since: begun });
      await clock.advance(20);

      server.peers[0]?.accept();
      await quiet();

      assert.deepEqual(monitor.waitsFor, { step: 'hello', since: begun + 20 });
      monitor.close();
      assert.equal(monitor.waitsFor, null);
    });
  });

  it('tells the time of the hello, not the age of the connection, when a later check fails', async () => {
    const { monitor, server, clock, events } = await checkedOnce();
    server.hello = () => null;
    await clock.advance(10_000);
    await quiet();
    await clock.advance(40);

    server.peers[0]?.reset();
    await quiet();

    const [first] = events.of('serverHeartbeatFailed');
    assert.equal(first?.durationMS, 40);
    assert.match(first.failure.message, /failed after 40\.0 ms\)$/);
    monitor.close();
  });

  describe('requestCheck', () => {
    it('brings the next check forward, but not to less than 500 ms after the last', async () => {
      const { monitor, clock, started } = await checkedOnce();
      await clock.advance(100);

      monitor.requestCheck();
      monitor.requestCheck();

      await clock.advance(399);
      assert.equal(started(), 1);
      await clock.advance(1);
      assert.equal(started(), 2);
      monitor.close();
    });

    it('checks at once when the last check is longer ago', async () => {
      const { monitor, clock, started } = await checkedOnce();
      await clock.advance(5000);

      monitor.requestCheck();
      await clock.advance(0);

      assert.equal(started(), 2);
      monitor.close();
    });

    it('by a listener of a check that has ended brings the next one forward', async () => {
      const { monitor, clock, events, started } = harness();
      events.emitter.once('serverHeartbeatSucceeded', () => monitor.requestCheck());
      monitor.start();
      await quiet();

      await clock.advance(499);
      assert.equal(started(), 1);
      await clock.advance(1);
      assert.equal(started(), 2);
      monitor.close();
    });

    it('is answered by the check that runs', async () => {
      const { monitor, server, clock, started } = harness();
      server.hello = () => null;
      monitor.start();
      const hello = await (await server.nextPeer()).nextCommand();

      monitor.requestCheck();
      hello.reply(STANDALONE);
      await quiet();
      await clock.advance(9_999);

      assert.equal(started(), 1);
      monitor.close();
    });
  });

  describe('when a check fails', () => {
    it('checks again at once after a network error of a server that was known, then in its usual time', async () => {
      const { monitor, server, clock, failed, story, started } = await checkedOnce();
      server.hello = ({ peer }) => {
        peer.reset();
        return null;
      };

      await clock.advance(10_000);
      await quiet();

      assert.deepEqual(story(), ['Started', 'Succeeded', 'Started', 'Failed', 'Started', 'Failed']);
      assert.equal(failed.length, 2);
      assert.equal(failed[0]?.name, 'MongoNetworkError');
      assert.equal(failed[0].host, 'db1:27017');
      await clock.advance(9_999);
      assert.equal(started(), 3);
      await clock.advance(1);
      assert.equal(started(), 4);
      monitor.close();
    });

    it('reports what the server said, and connects anew', async () => {
      const { monitor, server, clock, events, failed } = harness();
      server.hello = () => ({ ok: 0, code: 11600, errmsg: 'shutting down' });
      monitor.start();
      await quiet();
      assert.equal(failed[0]?.code, 11600);
      assert.equal(server.openPeers.length, 0);
      assert.equal(events.last('serverHeartbeatFailed').failure, failed[0]);
      assert.equal(events.last('serverHeartbeatFailed').cancelled, false);

      server.hello = () => STANDALONE;
      await clock.advance(10_000);
      await quiet();

      assert.equal(server.openPeers.length, 1);
      assert.equal(events.last('serverHeartbeatSucceeded').driverConnectionId, 2);
      monitor.close();
    });

    it('takes a server for silent after connectTimeoutMS, and leaves no timer but the next check', async () => {
      const { monitor, server, clock, failed, events } = harness({ connectTimeoutMS: 300 });
      server.hello = () => null;
      monitor.start();
      await quiet();

      await clock.advance(300);

      assert.equal(failed[0]?.name, 'MongoNetworkTimeoutError');
      assert.equal(events.last('serverHeartbeatFailed').duration, 300);
      assert.equal(clock.pendingTimers, 1);
      monitor.close();
      assert.equal(clock.pendingTimers, 0);
    });

    it('begins to measure anew', async () => {
      const { monitor, server, clock, checked } = await checkedOnce();
      server.hello = ({ peer }) => {
        peer.reset();
        server.hello = () => STANDALONE;
        return null;
      };

      await clock.advance(10_000);
      await quiet();

      assert.equal(checked.length, 2);
      assert.equal(checked[1]?.minRoundTripTime, 0);
      monitor.close();
    });

    it('reports a hello that is malformed', async () => {
      const { monitor, server, failed } = harness();
      server.hello = ({ peer }) => {
        peer.send(Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'));
        return null;
      };

      monitor.start();
      await quiet();

      assert.equal(failed[0]?.name, 'MongoUnexpectedServerResponseError');
      assert.equal(failed[0].host, 'db1:27017');
      monitor.close();
    });
  });
});

describe('serverMonitoringMode', () => {
  const lambda = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' };

  it('streams everywhere when it is stream', () => {
    assert.equal(usesStreaming('stream', lambda), true);
    assert.equal(usesStreaming('stream', {}), true);
  });

  it('polls when it is poll', () => {
    assert.equal(usesStreaming('poll', {}), false);
  });

  it('polls only where functions are run as a service when it is auto', () => {
    const services = [
      lambda,
      { AWS_LAMBDA_RUNTIME_API: 'x' },
      { FUNCTIONS_WORKER_RUNTIME: 'node' },
      { K_SERVICE: 'orders' },
      { VERCEL: '1' },
    ];
    for (const env of services) assert.equal(usesStreaming('auto', env), false, JSON.stringify(env));
    assert.equal(usesStreaming('auto', {}), true);
    assert.equal(usesStreaming('auto', { AWS_EXECUTION_ENV: 'AWS_ECS_EC2' }), true);
  });
});
