import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReceivedCommand } from '../../support/scripted_peer.js';
import { quiet } from '../../support/scripted_server.js';
import { harness, streamed } from './monitoring.js';

describe('RoundTripPinger, beside a stream', () => {
  /** Answers plain hellos after so many milliseconds. */
  async function delayed(delays: readonly number[]) {
    const made = harness({ streaming: true });
    const left = [...delays];
    let follow: ReceivedCommand | null = null;
    let pings = 0;
    made.server.hello = command => {
      if (command.body['topologyVersion'] !== undefined) {
        follow = command;
        return null;
      }
      pings++;
      made.clock.setTimer(left.shift() ?? 0, () => command.reply(streamed(1)));
      return null;
    };
    made.monitor.start();
    await quiet();
    await made.clock.advance(delays[0] ?? 0);
    await quiet();
    const beat = async () => {
      follow?.reply(streamed(1));
      await quiet();
    };
    return { ...made, beat, pings: () => pings };
  }

  it('measures on a connection of their own, together with each streamed heartbeat', async () => {
    const { monitor, server, clock, checked, beat, events } = await delayed([100, 50, 20]);
    await clock.advance(9_900);

    await beat();
    await clock.advance(20);
    await quiet();
    await beat();

    assert.deepEqual(
      checked.map(({ minRoundTripTime }) => minRoundTripTime),
      [0, 50, 20],
    );
    assert.deepEqual(
      checked.map(({ roundTripTime }) => Math.round(roundTripTime)),
      [100, 90, 76],
    );
    assert.equal(server.peers.length, 2);
    // The heartbeats alone are events.
    assert.ok(events.of('serverHeartbeatStarted').every(({ driverConnectionId }) => driverConnectionId === 1));
    monitor.close();
  });

  it('does not take the time of a busy event loop for that of the network', async () => {
    const { monitor, clock, checked, beat } = await delayed([100, 50, 50]);
    await clock.advance(9_900);

    await beat();
    clock.block(30);
    await clock.advance(20);
    await quiet();
    await beat();

    assert.deepEqual(
      checked.map(({ minRoundTripTime }) => minRoundTripTime),
      [0, 50, 20],
    );
    monitor.close();
  });

  it('measures once in a heartbeat, however often the server reports changes', async () => {
    const { monitor, clock, beat, pings } = await delayed([0, 0]);
    for (let i = 0; i < 5; i++) await beat();
    assert.equal(pings(), 2);

    await clock.advance(10_000);
    for (let i = 0; i < 5; i++) await beat();

    assert.equal(pings(), 3);
    monitor.close();
  });

  it('measures without heartbeats too', async () => {
    const { monitor, clock, pings } = await delayed([0, 0]);

    await clock.advance(14_999);
    assert.equal(pings(), 2);
    await clock.advance(1);

    assert.equal(pings(), 3);
    monitor.close();
  });

  it('goes on after a failure, which is not reported', async () => {
    const { monitor, clock, server, failed, beat, checked } = await delayed([100, 50, 20]);
    await clock.advance(50);
    server.peers[1]?.reset();
    await quiet();
    assert.equal(failed.length, 0);

    await clock.advance(9_950);
    await beat();
    await clock.advance(20);
    await quiet();
    await beat();

    assert.equal(server.peers.length, 3);
    assert.equal(checked.at(-1)?.minRoundTripTime, 20);
    monitor.close();
  });

  it('begins anew when a check fails', async () => {
    const { monitor, server, clock, checked } = await delayed([100, 50, 30, 40]);
    await clock.advance(50);

    server.peers[0]?.reset();
    await quiet();
    await clock.advance(30);
    await quiet();

    assert.equal(checked.at(-1)?.roundTripTime, 30);
    assert.equal(checked.at(-1)?.minRoundTripTime, 0);
    assert.equal(server.peers[1]?.closed, true);
    monitor.close();
    assert.equal(clock.pendingTimers, 1, 'the answer that the test itself holds back');
  });
});
