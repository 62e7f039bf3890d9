import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionCreatedEvent } from '../../../src/events/pool.js';
import { PatchedSink, patchableModules } from '../../../src/sinks/patched_sink.js';
import { stamp } from '../events/support.js';

describe('PatchedSink', () => {
  it('leaves the process alive when a wrapper of connect rejects its promise', async t => {
    const module = patchableModules['cmap/connect'];
    const { connect } = module;
    t.after(() => {
      module.connect = connect;
    });
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    t.after(() => process.off('unhandledRejection', onUnhandled));
    let calls = 0;
    module.connect = options => {
      calls++;
      return Promise.reject(new Error(`no span for ${JSON.stringify(options)}`));
    };
    const sink = PatchedSink.of('shop');

    const event = new ConnectionCreatedEvent({ address: 'db1:27017', connectionId: 1 }, stamp);
    sink?.deliver('connectionCreated', event);
    // Rejections without a handler are told when microtasks have run.
    await new Promise(resolve => setImmediate(resolve));

    assert.equal(calls, 1);
    assert.deepEqual(unhandled, []);
  });
});
