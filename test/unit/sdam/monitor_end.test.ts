import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quiet, STANDALONE } from '../../support/scripted_server.js';
import { checkedOnce, harness } from './monitoring.js';

describe('Monitor, when a check or all of it ends', () => {
  it('connects anew, under a new number, when the server closed the connection between two checks', async () => {
    const { monitor, server, clock, events, failed } = await checkedOnce();
    server.peers[0]?.close();
    await quiet();

    await clock.advance(10_000);
    await quiet();

    assert.equal(failed.length, 0);
    assert.deepEqual(
      events.of('serverHeartbeatSucceeded').map(({ driverConnectionId }) => driverConnectionId),
      [1, 2],
    );
    monitor.close();
  });

  describe('cancelCheck', () => {
    it('ends the check that runs as cancelled, reports no failed check, and checks again 500 ms later', async () => {
      const { monitor, server, clock, events, failed, story } = harness();
      server.hello = () => null;
      monitor.start();
      await quiet();

      monitor.cancelCheck();
      await quiet();

      assert.deepEqual(story(), ['Started', 'Failed']);
      assert.equal(events.last('serverHeartbeatFailed').cancelled, true);
      assert.equal(failed.length, 0);
      assert.equal(server.openPeers.length, 0);
      server.hello = () => STANDALONE;
      await clock.advance(500);
      await quiet();
      assert.deepEqual(story(), ['Started', 'Failed', 'Started', 'Succeeded']);
      monitor.close();
    });

    it('keeps 500 ms between two checks of which each is cancelled', async () => {
      const { monitor, server, clock, started } = harness();
      server.hello = () => null;
      monitor.start();
      for (let ms = 0; ms < 2000; ms += 10) {
        await clock.advance(10);
        monitor.cancelCheck();
        await quiet();
      }

      assert.ok(started() <= 5, `${started()} checks in 2 s`);
      monitor.close();
    });

    it('opens no connection when a listener cancels a check as it begins', async () => {
      const { monitor, server, clock, events, story } = harness();
      events.emitter.once('serverHeartbeatStarted', () => monitor.cancelCheck());

      monitor.start();
      await quiet();

      assert.deepEqual(story(), ['Started', 'Failed']);
      assert.equal(server.peers.length, 0);
      await clock.advance(500);
      await quiet();
      assert.deepEqual(story(), ['Started', 'Failed', 'Started', 'Succeeded']);
      monitor.close();
    });

    it('closes the connection for the next check when a listener cancels a check that has ended', async () => {
      const { monitor, server, clock, events, story } = harness();
      events.emitter.once('serverHeartbeatSucceeded', () => monitor.cancelCheck());

      monitor.start();
      await quiet();

      assert.deepEqual(story(), ['Started', 'Succeeded']);
      assert.equal(server.openPeers.length, 0);
      await clock.advance(9_999);
      assert.deepEqual(story(), ['Started', 'Succeeded']);
      await clock.advance(1);
      await quiet();
      assert.equal(events.last('serverHeartbeatSucceeded').driverConnectionId, 2);
      monitor.close();
    });

    it('drops the connection when no check runs, and publishes nothing', async () => {
      const { monitor, server, clock, story } = await checkedOnce();

      monitor.cancelCheck();
      await quiet();
      assert.equal(server.openPeers.length, 0);
      assert.deepEqual(story(), ['Started', 'Succeeded']);

      await clock.advance(10_000);
      await quiet();
      assert.deepEqual(story(), ['Started', 'Succeeded', 'Started', 'Succeeded']);
      monitor.close();
    });
  });

  describe('close', () => {
    it('gives the heartbeat that is under way its end', async () => {
      const { monitor, server, clock, events, failed, story } = harness();
      server.hello = () => null;
      monitor.start();
      await quiet();

      monitor.close();
      monitor.close();
      await quiet();

      assert.deepEqual(story(), ['Started', 'Failed']);
      assert.equal(events.last('serverHeartbeatFailed').cancelled, true);
      assert.equal(failed.length, 0);
      assert.equal(server.openPeers.length, 0);
      assert.equal(clock.pendingTimers, 0);
    });

    it('ends everything between two checks', async () => {
      const { monitor, server, clock, story } = await checkedOnce();

      monitor.close();
      monitor.requestCheck();
      monitor.cancelCheck();
      await clock.advance(60_000);

      assert.deepEqual(story(), ['Started', 'Succeeded']);
      assert.equal(server.openPeers.length, 0);
      assert.equal(clock.pendingTimers, 0);
    });

    it('opens no connection when a listener closes it as a check begins', async () => {
      const { monitor, server, clock, events, story } = harness();
      events.emitter.once('serverHeartbeatStarted', () => monitor.close());

      monitor.start();
      await quiet();

      assert.deepEqual(story(), ['Started', 'Failed']);
      assert.equal(server.peers.length, 0);
      assert.equal(clock.pendingTimers, 0);
    });

    it('checks no more when a listener closes it as a check fails', async () => {
      const { monitor, server, clock, events, state, story } = harness();
      state.known = true;
      server.hello = ({ peer }) => {
        peer.reset();
        return null;
      };
      events.emitter.once('serverHeartbeatFailed', () => monitor.close());

      monitor.start();
      await quiet();

      assert.deepEqual(story(), ['Started', 'Failed']);
      assert.equal(clock.pendingTimers, 0);
    });

    it('does not begin after it', async () => {
      const { monitor, server, story } = harness();
      monitor.close();

      monitor.start();
      await quiet();

      assert.deepEqual(story(), []);
      assert.equal(server.peers.length, 0);
    });

    it('may be called by a listener of a check that has ended', async () => {
      const { monitor, server, events, clock } = harness();
      events.emitter.once('serverHeartbeatSucceeded', () => monitor.close());

      monitor.start();
      await quiet();

      assert.equal(server.openPeers.length, 0);
      assert.equal(clock.pendingTimers, 0);
    });
  });
});
