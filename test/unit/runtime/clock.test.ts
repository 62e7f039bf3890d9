import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { Deadline } from '../../../src/call/deadline.js';
import { Alarm } from '../../../src/runtime/alarms.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { Deferred } from '../../support/deferred.js';
import { Watcher } from '../call/watching.js';

class CountedAlarm extends Alarm {
  readonly endsAt: number;
  readonly mayBeEarly = true;
  readonly #call: () => void;

  constructor(ms: number, call: () => void = () => undefined) {
    super();
    this.endsAt = systemClock.now() + ms;
    this.#call = call;
  }

  onAlarm(): void {
    this.#call();
  }
}

function blockEventLoop(ms: number): void {
  const until = systemClock.now() + ms;
  while (systemClock.now() < until);
}

describe('systemClock', () => {
  it('never runs backwards and has fractions of milliseconds', () => {
    const times = Array.from({ length: 1000 }, () => systemClock.now());

    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(times.some(time => !Number.isInteger(time)));
  });

  it('knows the time of day', () => assert.ok(Math.abs(systemClock.wallTime() - Date.now()) < 1000));

  it('fires a timer once its time has come, also one of a fraction of a millisecond', async () => {
    for (const ms of [0, 0.4, 5.5, -3]) {
      const fired = new Deferred<void>();
      const begin = systemClock.now();

      systemClock.setTimer(ms, () => fired.resolve(), true);
      await fired.promise;

      // Node rounds the start of a timer down to a whole millisecond.
      assert.ok(systemClock.now() - begin > ms - 1);
    }
  });

  it('does not fire a timer that was cleared', async () => {
    let fired = 0;
    const timer = systemClock.setTimer(1, () => fired++);
    const after = new Deferred<void>();

    timer.clear();
    timer.clear();
    systemClock.setTimer(5, () => after.resolve(), true);
    await after.promise;

    assert.equal(fired, 0);
  });

  it('does not fire at once for more than 24.8 days', async () => {
    let fired = 0;
    const timer = systemClock.setTimer(2 ** 31 + 1000, () => fired++);
    const after = new Deferred<void>();

    systemClock.setTimer(10, () => after.resolve(), true);
    await after.promise;
    timer.clear();

    assert.equal(fired, 0);
  });

  it('rounds a timer up', ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    let fired = 0;
    systemClock.setTimer(5.1, () => fired++, true);

    mock.timers.tick(5);
    assert.equal(fired, 0);
    mock.timers.tick(1);
    assert.equal(fired, 1);
  });

  it('calls an alarm once its time has come, and none that was cleared', async () => {
    const done = new Deferred<void>();
    let cleared = 0;
    const begin = systemClock.now();
    const never = new CountedAlarm(50, () => cleared++);
    systemClock.setAlarm(never);
    systemClock.setAlarm(new CountedAlarm(60, () => done.resolve()));
    systemClock.clearAlarm(never);
    systemClock.clearAlarm(never);
    await done.promise;

    assert.ok(systemClock.now() - begin > 58);
    assert.equal(cleared, 0);
  });

  it('calls an alarm that was set while a test had faked the timers', async ({ mock }) => {
    const done = new Deferred<void>();
    mock.timers.enable({ apis: ['setTimeout'] });
    systemClock.setAlarm(new CountedAlarm(400, () => done.resolve()));
    mock.timers.reset();

    await done.promise;
  });

  it('keeps the process alive only for a timer that asks for it, and for an alarm', () => {
    const before = process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;

    const idle = systemClock.setTimer(10_000, () => undefined);
    assert.equal(process.getActiveResourcesInfo().filter(name => name === 'Timeout').length, before);
    const wanted = systemClock.setTimer(10_000, () => undefined, true);
    assert.equal(process.getActiveResourcesInfo().filter(name => name === 'Timeout').length, before + 1);

    const alarm = new CountedAlarm(10_000);
    systemClock.setAlarm(alarm);
    assert.equal(process.getActiveResourcesInfo().filter(name => name === 'Timeout').length, before + 2);

    idle.clear();
    systemClock.clearAlarm(alarm);
    assert.equal(process.getActiveResourcesInfo().filter(name => name === 'Timeout').length, before + 1);
    wanted.clear();
  });

  it('calls back after a turn of the event loop, unless cleared', async () => {
    const order: string[] = [];
    const done = new Deferred<void>();

    systemClock.afterPoll(() => order.push('cleared')).clear();
    systemClock.afterPoll(() => {
      order.push('after');
      done.resolve();
    });
    order.push('before');
    await done.promise;

    assert.deepEqual(order, ['before', 'after']);
  });
});

describe('systemClock and EndWatch', () => {
  it('let a reply win that lay in the kernel while the event loop was blocked past the deadline', async t => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { Socket: ClientSocket } = await import('node:net');
    const client: Socket = new ClientSocket();
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    client.connect((server.address() as { port: number }).port, '127.0.0.1');
    const [[peer]] = await Promise.all([accepted, once(client, 'connect')]);
    t.after(() => {
      client.destroy();
      peer.destroy();
    });
    const deadline = Deadline.start({ timeoutMS: 20, source: 'operation' }, systemClock);
    const outcome = new Deferred<string>();
    const watcher = new Watcher(() => outcome.resolve('timeout'));
    client.once('data', () => {
      watcher.stop();
      outcome.resolve('reply');
    });
    watcher.start(deadline);

    peer.write('reply');
    blockEventLoop(60);

    assert.equal(await outcome.promise, 'reply');
  });
});
