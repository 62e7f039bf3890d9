import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { MsgFlag } from '../../../src/wire/op_msg.js';
import { type ReceivedCommand, replyMessage, type ScriptedPeer } from '../../support/scripted_peer.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';
import { harness, processId, streamed } from './monitoring.js';

interface Stream {
  readonly request: ReceivedCommand;
  readonly peer: ScriptedPeer;
  /** The server tells without being asked. */
  readonly tell: (...documents: readonly Document[]) => Promise<void>;
}

/** A monitor whose server streams; plain hellos are answered at once, and an awaitable one by the test. */
async function streaming(settings: { connectTimeoutMS?: number } = {}) {
  const made = harness({ ...settings, streaming: true });
  const awaitable: ReceivedCommand[] = [];
  made.server.hello = command => {
    if (command.body['topologyVersion'] === undefined) return streamed(1);
    awaitable.push(command);
    return null;
  };
  made.monitor.start();
  await quiet();

  /** The stream that was asked for last. */
  const stream = (): Stream => {
    const request = awaitable.at(-1)!;
    const { peer } = request;
    let answered = request.requestId;
    let lastId = 1000;
    const tell = async (...documents: readonly Document[]) => {
      const replies = documents.map(document => {
        const reply = replyMessage(document, answered, { flags: MsgFlag.moreToCome, requestId: ++lastId });
        answered = lastId;
        return reply;
      });
      peer.send(Buffer.concat(replies));
      await quiet();
    };
    return { request, peer, tell };
  };
  const awaited = () =>
    made.events.events
      .filter(event => 'awaited' in event)
      .map(event => `${event.name.replace('serverHeartbeat', '')} ${String((event as { awaited: boolean }).awaited)}`);
  return { ...made, awaitable, stream, awaited };
}

describe('Monitor, streaming', () => {
  it('sends an awaitable hello as soon as a reply has a topologyVersion', async () => {
    const { monitor, stream, awaitable, awaited, checked } = await streaming();

    const { body } = stream().request;
    assert.equal(awaitable.length, 1);
    assert.equal(body['hello'], 1);
    assert.equal(body['maxAwaitTimeMS'], 10_000);
    assert.deepEqual(body['topologyVersion'], { processId, counter: 1 });
    assert.deepEqual(awaited(), ['Started false', 'Succeeded false', 'Started true']);
    assert.equal(checked.length, 1);
    monitor.close();
  });

  it('allows more than one reply to it', async () => {
    const { server, monitor, clock } = harness({ streaming: true });
    const flags: number[] = [];
    server.hello = command => {
      flags.push(command.flags);
      return command.body['topologyVersion'] === undefined ? streamed(1) : null;
    };

    monitor.start();
    await quiet();

    assert.equal(flags[1], MsgFlag.exhaustAllowed);
    assert.equal(flags[0], 0);
    monitor.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('takes the streamed replies one after the other, without another request', async () => {
    const { monitor, stream, awaitable, awaited, checked, events } = await streaming();
    const { tell } = stream();

    await tell(streamed(2), streamed(3));
    await tell(streamed(3));

    assert.deepEqual(
      checked.map(({ topologyVersion }) => Number(topologyVersion?.counter)),
      [1, 2, 3, 3],
    );
    assert.equal(awaitable.length, 1);
    const pair = ['Started true', 'Succeeded true'];
    assert.deepEqual(awaited().slice(2), [...pair, ...pair, ...pair, 'Started true']);
    assert.equal(events.last('serverHeartbeatStarted').driverConnectionId, 1);
    monitor.close();
  });

  it('asks again at once when the server answers without more to come', async () => {
    const { monitor, stream, awaitable } = await streaming();

    stream().request.reply(streamed(2));
    await quiet();

    assert.equal(awaitable.length, 2);
    assert.equal(awaitable[1]?.peer, awaitable[0]?.peer);
    assert.equal(Number((awaitable[1]?.body['topologyVersion'] as Document)['counter']), 2);
    monitor.close();
  });

  it('goes back to polling when the server names no topologyVersion any more', async () => {
    const { monitor, stream, server, clock, started } = await streaming();
    server.hello = () => STANDALONE;

    stream().request.reply(STANDALONE);
    await quiet();

    assert.equal(started(), 2);
    assert.equal(server.openPeers.length, 1);
    await clock.advance(9_999);
    assert.equal(started(), 2);
    await clock.advance(1);
    assert.equal(started(), 3);
    monitor.close();
  });

  it('polls a server that has no topologyVersion, and every server when streaming is off', async () => {
    const old = harness({ streaming: true });
    old.monitor.start();
    const polling = harness();
    polling.server.hello = () => streamed(1);
    polling.monitor.start();
    await quiet();

    for (const { server, started, monitor } of [old, polling]) {
      assert.equal(started(), 1);
      assert.equal(server.peers.length, 1);
      monitor.close();
    }
  });

  it('is not disturbed by a requested check: the server is asked beside it at once, then at most every 500 ms', async () => {
    const { monitor, clock, server, started, checked } = await streaming();
    const hellos: number[] = [];
    server.hello = command => {
      hellos.push(command.peer.number);
      return streamed(2);
    };

    await clock.advance(100);
    monitor.requestCheck();
    monitor.requestCheck();
    await quiet();
    assert.deepEqual(hellos, [2]);
    monitor.requestCheck();
    monitor.requestCheck();
    await clock.advance(499);
    assert.deepEqual(hellos, [2]);
    await clock.advance(1);
    await quiet();

    assert.deepEqual(hellos, [2, 2]);
    assert.equal(Number(checked.at(-1)?.topologyVersion?.counter), 2);
    assert.equal(checked.length, 3);
    assert.equal(started(), 2);
    assert.equal(server.openPeers.length, 2);
    monitor.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('waits connectTimeoutMS longer than the server may wait, for each reply', async () => {
    const { monitor, stream, clock, failed } = await streaming({ connectTimeoutMS: 300 });

    await clock.advance(10_200);
    await stream().tell(streamed(1));
    await clock.advance(10_299);
    assert.equal(failed.length, 0);
    await clock.advance(1);

    assert.equal(failed[0]?.name, 'MongoNetworkTimeoutError');
    monitor.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('sets no limit when connectTimeoutMS is 0', async () => {
    const { monitor, clock, failed } = await streaming({ connectTimeoutMS: 0 });

    await clock.advance(1_000_000);

    assert.equal(failed.length, 0);
    monitor.close();
  });

  it('checks again at once, on a new connection, when the stream breaks', async () => {
    const { monitor, stream, failed, awaited, server, events } = await streaming();

    stream().peer.reset();
    await quiet();

    assert.equal(failed.length, 1);
    assert.equal(failed[0]?.name, 'MongoNetworkError');
    assert.deepEqual(awaited().slice(3), ['Failed true', 'Started false', 'Succeeded false', 'Started true']);
    assert.equal(events.last('serverHeartbeatSucceeded').driverConnectionId, 2);
    // That of the monitor and that for round trips.
    assert.equal(server.openPeers.length, 2);
    monitor.close();
  });

  it('fails the check when the server refuses within the stream', async () => {
    const { monitor, stream, failed } = await streaming();
    const { tell, peer } = stream();

    await tell({ ok: 0, code: 11600, errmsg: 'shutting down', topologyVersion: { processId, counter: 2 } });

    assert.equal(failed[0]?.code, 11600);
    assert.equal(peer.closed, true);
    monitor.close();
  });

  it('ends as cancelled when the check is cancelled, and begins anew at once when the last answer is 500 ms old', async () => {
    const { monitor, clock, events, failed, awaited } = await streaming();
    await clock.advance(500);

    monitor.cancelCheck();

    const { cancelled, awaited: wasAwaited } = events.last('serverHeartbeatFailed');
    assert.deepEqual([cancelled, wasAwaited], [true, true]);
    assert.equal(failed.length, 0);
    await clock.advance(0);
    await quiet();
    assert.deepEqual(awaited().slice(4), ['Started false', 'Succeeded false', 'Started true']);
    monitor.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('knows the server again after one round trip when a check is cancelled, however new the last answer is', async () => {
    const { monitor, stream, server, clock, checked, started } = await streaming();
    assert.equal(checked.length, 1);
    const hellos: [peer: number, time: number][] = [];
    server.hello = ({ peer, body }) => {
      if (body['topologyVersion'] !== undefined) return null;
      hellos.push([peer.number, clock.now()]);
      return streamed(1);
    };
    const begun = clock.now();

    monitor.cancelCheck();
    await quiet();

    assert.equal(stream().peer.closed, true);
    assert.deepEqual(hellos, [[2, begun]]);
    assert.equal(checked.length, 2);
    // Checks keep their distance.
    await clock.advance(499);
    assert.equal(started(), 2);
    await clock.advance(1);
    assert.ok(started() > 2);
    monitor.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('asks again when a check is cancelled while a round trip is measured: that answer may be older', async () => {
    const { monitor, server, clock, checked } = await streaming();
    const hellos: ReceivedCommand[] = [];
    server.hello = command => {
      if (command.peer.number === 2) hellos.push(command);
      return null;
    };
    monitor.requestCheck();
    await quiet();

    monitor.cancelCheck();
    hellos[0]?.reply(streamed(5));
    await quiet();
    assert.equal(checked.length, 1);
    hellos[1]?.reply(streamed(6));
    await quiet();

    assert.equal(Number(checked.at(-1)?.topologyVersion?.counter), 6);
    monitor.close();
    await quiet();
    assert.equal(clock.pendingTimers, 0);
  });

  it('asks beside the stream as soon as is allowed when a second check is requested after a cancelled one', async () => {
    const { monitor, server, clock } = await streaming();
    const hellos: number[] = [];
    server.hello = ({ peer, body }) => {
      if (body['topologyVersion'] !== undefined) return null;
      if (peer.number === 2) hellos.push(clock.now());
      return streamed(2);
    };
    const begun = clock.now();

    monitor.cancelCheck();
    await quiet();
    monitor.cancelCheck();
    monitor.cancelCheck();
    await clock.advance(499);
    assert.deepEqual(hellos, [begun]);
    await clock.advance(1);
    await quiet();

    assert.deepEqual(hellos, [begun, begun + 500]);
    monitor.close();
  });

  it('takes the round trip that is being measured for the answer to a requested check', async () => {
    const { server, monitor, checked } = harness({ streaming: true });
    let sample: ReceivedCommand | null = null;
    server.hello = command => {
      if (command.body['topologyVersion'] !== undefined) return null;
      if (command.peer.number === 1) return streamed(1);
      sample = command;
      return null;
    };
    monitor.start();
    await quiet();

    monitor.requestCheck();
    monitor.requestCheck();
    assert.equal(checked.length, 1);
    sample!.reply(streamed(2));
    await quiet();

    assert.deepEqual(
      checked.map(({ topologyVersion }) => Number(topologyVersion?.counter)),
      [1, 2],
    );
    monitor.close();
  });

  it('connects anew when the server closes the connection before the stream begins', async () => {
    const { server, monitor, clock, events, checked } = harness({ streaming: true });
    monitor.start();
    await quiet();
    server.hello = command => {
      server.hello = ({ body }) => (body['topologyVersion'] === undefined ? streamed(1) : null);
      command.reply(streamed(1));
      command.peer.close();
      return null;
    };

    await clock.advance(10_000);
    await quiet();

    assert.equal(checked.length, 3);
    assert.equal(events.count('serverHeartbeatFailed'), 0);
    const { awaited, driverConnectionId } = events.last('serverHeartbeatStarted');
    assert.deepEqual([awaited, driverConnectionId], [true, 2]);
    monitor.close();
    await quiet();
    assert.equal(clock.pendingTimers, 0);
  });

  it('connects anew at once for a requested check when the connection for round trips has broken unnoticed', async () => {
    const { monitor, server, checked } = await streaming();
    server.hello = ({ peer }) => {
      if (peer.number !== 2) return streamed(3);
      peer.reset();
      return null;
    };

    monitor.requestCheck();
    await quiet();

    assert.equal(Number(checked.at(-1)?.topologyVersion?.counter), 3);
    monitor.close();
  });

  it('ends as cancelled when it is closed, and keeps no timer and no connection', async () => {
    const { monitor, stream, server, clock, events, failed } = await streaming();

    monitor.close();
    await stream().tell(streamed(2));
    await clock.advance(60_000);

    assert.equal(events.last('serverHeartbeatFailed').cancelled, true);
    assert.equal(failed.length, 0);
    assert.equal(server.openPeers.length, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('may be closed by a listener of a streamed heartbeat', async () => {
    const { monitor, stream, server, clock, events, checked } = await streaming();
    events.emitter.once('serverHeartbeatSucceeded', () => monitor.close());

    await stream().tell(streamed(2), streamed(3));

    assert.equal(checked.length, 2);
    assert.equal(server.openPeers.length, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('begins anew when a listener of a streamed heartbeat cancels the check', async () => {
    const { monitor, stream, clock, events, started } = await streaming();
    events.emitter.once('serverHeartbeatSucceeded', () => monitor.cancelCheck());

    await stream().tell(streamed(2));
    assert.equal(started(), 2);
    await clock.advance(10_000);
    await quiet();

    assert.equal(started(), 4);
    monitor.close();
  });
});
