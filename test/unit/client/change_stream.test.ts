import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, Long } from '../../../src/bson/index.js';
import { withDeadline } from '../../../src/call/scope.js';
import { SharedDeadline } from '../../../src/call/shared_deadline.js';
import { type ChangeStream, type ChangeStreamOptions } from '../../../src/client/cursors/change_stream.js';
import {
  MongoAPIError,
  MongoChangeStreamError,
  MongoClientClosedError,
  MongoInvalidArgumentError,
  MongoRuntimeError,
} from '../../../src/errors/driver.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import type { ReceivedCommand } from '../../support/scripted_peer.js';
import { quiet } from '../../support/scripted_server.js';

const RESUMABLE = { errorLabels: ['ResumableChangeStreamError'] };

/** Changes in batches, as a server tells them: each reply has the next batch, and the last one closes the cursor. */
function batches(...list: readonly (readonly string[])[]) {
  const left = [...list];
  return ({ name }: ReceivedCommand): Document | null => {
    if (name === 'killCursors' || name === 'endSessions') return { ok: 1 };
    const batch = left.shift();
    // The server waits for changes.
    return batch === undefined ? null : reply(name, batch);
  };
}

function reply(name: string, changes: readonly string[], id = 7): Document {
  const documents = changes.map(_data => ({ _id: { _data }, operationType: 'insert' }));
  const field = name === 'aggregate' ? 'firstBatch' : 'nextBatch';
  return { ok: 1, cursor: { id: Long.fromNumber(id), ns: 'shop.orders', [field]: documents } };
}

const watch = ({ client }: ClientHarness, options?: ChangeStreamOptions) =>
  client.db('shop').collection('orders').watch([], options);

const nameOf = (change: { readonly _id: unknown } | null): unknown =>
  change === null ? null : (change._id as Document)['_data'];

/** The events of a stream, by name, each with what it says of its argument. */
function eventsOf(stream: ChangeStream): string[] {
  const seen: string[] = [];
  stream.on('init', (response: Document) => seen.push(`init ${String(response['ok'])}`));
  stream.on('more', (response: Document) => seen.push(`more ${String(response['ok'])}`));
  stream.on('response', () => seen.push('response'));
  stream.on('resumeTokenChanged', token => seen.push(`token ${String((token as Document)['_data'])}`));
  stream.on('error', error => seen.push(`error ${error.name}`));
  stream.on('end', () => seen.push('end'));
  stream.on('close', () => seen.push('close'));
  return seen;
}

describe('watch', () => {
  it('sends nothing before the stream is read, and then what was asked for', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches([]);
    const resumeAfter = { _data: '1' };
    const options = { fullDocument: 'updateLookup', showExpandedEvents: true, resumeAfter, batchSize: 5 };
    const stream = harness.client
      .db('shop')
      .collection('orders')
      .watch([{ $match: { a: 1 } }], { ...options, comment: 'why', maxAwaitTimeMS: 50, collation: { locale: 'de' } });
    await quiet();
    assert.deepEqual(harness.story(), []);
    assert.deepEqual(stream.resumeToken, resumeAfter);

    await stream.tryNext();
    const tried = stream.tryNext();
    await quiet();

    const [aggregate, getMore] = harness.received as [ReceivedCommand, ReceivedCommand];
    const $changeStream = { resumeAfter, fullDocument: 'updateLookup', showExpandedEvents: true };
    assert.deepEqual(aggregate.body['pipeline'], [{ $changeStream }, { $match: { a: 1 } }]);
    assert.deepEqual(aggregate.body['cursor'], { batchSize: 5 });
    assert.deepEqual(aggregate.body['collation'], { locale: 'de' });
    assert.equal(aggregate.body['comment'], 'why');
    assert.equal(aggregate.body['maxTimeMS'], undefined);
    assert.equal(getMore.body['batchSize'], 5);
    assert.equal(getMore.body['comment'], 'why');
    assert.equal(getMore.body['maxTimeMS'], 50);
    await stream.close();
    await errorOf(tried, MongoAPIError);
  });

  it('watches a collection, a database or all of them', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) => (name === 'aggregate' ? reply(name, [], 0) : { ok: 1 });
    const { client } = harness;
    const db = client.db('shop');
    const streams = [db.collection('orders').watch(), db.watch(), client.watch()];

    for (const stream of streams) await stream.tryNext();

    const watched = harness.received.map(({ body }): unknown[] => [body['$db'], body['aggregate'], body['pipeline']]);
    assert.deepEqual(watched, [
      ['shop', 'orders', [{ $changeStream: {} }]],
      ['shop', 1, [{ $changeStream: {} }]],
      ['admin', 1, [{ $changeStream: { allChangesForCluster: true } }]],
    ]);
    assert.deepEqual(
      streams.map(({ type, namespace }) => [String(type), String(namespace)]),
      [
        ['Symbol(Collection)', 'shop.orders'],
        ['Symbol(Database)', 'shop'],
        ['Symbol(Cluster)', 'admin'],
      ],
    );
    assert.equal(streams[1]?.parent, db);
    assert.equal(streams[2]?.parent, client);
  });

  it('takes the size of batches in `cursor` too, as aggregate does', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches([]);
    const stream = watch(harness, { cursor: { batchSize: 3 } });

    await stream.tryNext();

    assert.deepEqual(harness.received[0]?.body['cursor'], { batchSize: 3 });
    await stream.close();
  });

  it('takes options without a pipeline', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches([]);
    const stream = harness.client.db('shop').watch({ fullDocument: 'required' } as never);

    await stream.tryNext();

    assert.deepEqual(harness.received[0]?.body['pipeline'], [{ $changeStream: { fullDocument: 'required' } }]);
    await stream.close();
  });

  for (const [what, pipeline, options] of [
    ['a stage that is no document', [5], {}],
    ['a pipeline that is none', 'x', {}],
    ['options that are none', [], 5],
    ['a timeoutMode', [], { timeoutMS: 100, timeoutMode: 'iteration' }],
    ['a prefetch', [], { prefetch: true }],
    ['an explain', [], { explain: true }],
    ['a collection to write to', [], { out: 'copies' }],
    ['a maxAwaitTimeMS that is not less than timeoutMS', [], { timeoutMS: 100, maxAwaitTimeMS: 100 }],
    ['a resumeFor of 0', [], { resumeFor: 0 }],
    ['a resumeFor that is no number', [], { resumeFor: '5' }],
    ['a signal that is none', [], { signal: 'x' }],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await using harness = new ClientHarness();
      const db = harness.client.db('shop');

      assert.throws(() => db.watch(pipeline as never, options as never), MongoInvalidArgumentError);
    });
  }
});

describe('the methods of a change stream', () => {
  it('say that the stream is closed, once it is', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches(['1']);
    const stream = watch(harness);
    assert.equal(nameOf(await stream.next()), '1');
    assert.equal(stream.closed, false);

    await stream.close();

    assert.equal(stream.closed, true);
    assert.equal(await stream.hasNext(), false);
    for (const method of ['next', 'tryNext'] as const) {
      assert.equal((await errorOf(stream[method](), MongoAPIError)).message, 'ChangeStream is closed');
    }
    assert.throws(() => stream.stream(), MongoChangeStreamError);
    for await (const _ of stream) assert.fail('a closed stream has no changes');
    await stream.close();
  });

  it('hasNext waits for a change, and takes none', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches([], [], ['1']);
    const stream = watch(harness);

    assert.equal(await stream.hasNext(), true);
    assert.equal(stream.resumeToken, null);
    assert.equal(stream.bufferedCount(), 1);

    assert.equal(nameOf(await stream.next()), '1');
    assert.deepEqual(stream.resumeToken, { _data: '1' });
    await stream.close();
  });

  it('next says that a stream has ended by itself, and tryNext returns null', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) => reply(name, ['invalidate'], 0);
    const stream = watch(harness);
    const seen = eventsOf(stream);
    await stream.next();

    assert.equal(stream.closed, true);
    assert.equal(await stream.tryNext(), null);
    const error = await errorOf(stream.next(), MongoRuntimeError);

    assert.equal(error.message, 'ChangeStream is closed');
    assert.deepEqual(seen, ['init 1', 'response', 'token invalidate', 'end', 'close']);
  });

  it('for await reads until the stream ends', async () => {
    await using harness = await ClientHarness.connected();
    const left = [reply('aggregate', ['1']), reply('getMore', ['2', 'invalidate'], 0)];
    harness.answer = () => left.shift() ?? null;
    const names = [];

    for await (const change of watch(harness)) names.push(nameOf(change));

    assert.deepEqual(names, ['1', '2', 'invalidate']);
    assert.deepEqual(harness.story(), ['aggregate', 'getMore']);
  });

  it('for await tells that the client was closed while a change was handled', async () => {
    const harness = await ClientHarness.connected();
    harness.answer = batches(['1']);
    const stream = watch(harness);
    const read = async () => {
      for await (const _ of stream) await harness.client.close();
    };

    await errorOf(read(), MongoClientClosedError);

    await harness[Symbol.asyncDispose]();
  });

  it('for await closes the stream when the loop is left', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches(['1', '2']);
    const stream = watch(harness);

    for await (const _ of stream) break;

    assert.equal(stream.closed, true);
    assert.deepEqual(harness.story(), ['aggregate', 'killCursors']);
  });

  it('for await leaves the stream open when it times out, and another loop goes on', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 200 });
    harness.answer = batches([]);
    const stream = watch(harness);
    const read = async () => {
      for await (const change of stream) return nameOf(change);
      return null;
    };

    const late = errorOf(read(), MongoOperationTimeoutError);
    await harness.advance(200);
    await late;
    assert.equal(stream.closed, false);
    harness.answer = batches(['1']);

    assert.equal(await read(), '1');
    assert.equal(stream.closed, true);
  });

  it('are bounded by withDeadline around each of them, and not by one around an earlier one', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 500 });
    harness.answer = batches([]);
    const stream = watch(harness);

    const first = errorOf(
      withDeadline(SharedDeadline.start(200, 'withDeadline', watch, harness.clock), () => stream.next()),
      MongoOperationTimeoutError,
    );
    await harness.advance(200);
    assert.equal((await first).timeoutMS, 200);
    const second = errorOf(stream.next(), MongoOperationTimeoutError);
    await harness.advance(499);
    await harness.advance(1);

    assert.equal((await second).timeoutMS, 500);
    assert.equal((await second).elapsedMS, 500);
    await stream.close();
  });

  it('stream gives the changes to a Readable, which closes the change stream', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches(['1'], ['2']);
    const stream = watch(harness);
    const names = [];

    for await (const change of stream.stream()) if (names.push(nameOf(change)) === 2) break;

    assert.deepEqual(names, ['1', '2']);
    await quiet();
    assert.equal(stream.closed, true);
  });

  it('are resumed by next, for await, stream and listeners alike', async () => {
    const ways: ((stream: ChangeStream) => Promise<unknown>)[] = [
      async stream => nameOf(await stream.next()),
      async stream => {
        for await (const change of stream) return nameOf(change);
        return null;
      },
      async stream => {
        for await (const change of stream.stream()) return nameOf(change);
        return null;
      },
      stream => new Promise(resolve => stream.on('change', change => resolve(nameOf(change)))),
    ];
    for (const read of ways) {
      await using harness = await ClientHarness.connected();
      const replies = [reply('aggregate', []), failure(2, RESUMABLE), reply('aggregate', ['1'], 8)];
      harness.answer = ({ name }) => (name === 'killCursors' ? { ok: 1 } : (replies.shift() ?? null));
      const stream = watch(harness);

      assert.equal(await read(stream), '1');

      await stream.close();
    }
  });
});

describe('listeners of a change stream', () => {
  it('get the changes as they come, and the events around them in order', async () => {
    await using harness = await ClientHarness.connected();
    const left = [reply('aggregate', []), reply('getMore', ['1']), reply('getMore', ['invalidate'], 0)];
    harness.answer = () => left.shift() ?? null;
    const stream = watch(harness);
    const seen = eventsOf(stream);
    stream.on('change', change => seen.push(`change ${String(nameOf(change))}`));

    await new Promise<void>(resolve => stream.on('close', resolve));

    assert.deepEqual(seen, [
      ...['init 1', 'response', 'more 1', 'response', 'token 1', 'change 1'],
      ...['more 1', 'response', 'token invalidate', 'change invalidate', 'end', 'close'],
    ]);
    assert.equal(stream.closed, true);
  });

  it('and methods cannot read the same stream', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches([]);
    const listened = watch(harness);
    listened.on('change', () => undefined);
    for (const method of ['next', 'tryNext', 'hasNext'] as const) {
      assert.match(
        (await errorOf(listened[method](), MongoAPIError)).message,
        /^ChangeStream cannot be used as an iterator/,
      );
    }
    assert.throws(() => listened.stream(), MongoAPIError);
    assert.equal(listened.closed, false);

    harness.answer = batches([]);
    const iterated = watch(harness);
    await iterated.tryNext();
    assert.throws(
      () => iterated.on('change', () => undefined),
      /^MongoAPIError: ChangeStream cannot be used as an EventEmitter/,
    );
    await iterated.close();
    await listened.close();
  });

  it('that come after others have left get what has come meanwhile', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches(['1', '2', '3']);
    const stream = watch(harness);
    const names: unknown[] = [];
    const first = await new Promise(resolve => stream.once('change', change => resolve(nameOf(change))));
    await quiet();

    stream.on('change', change => names.push(nameOf(change)));
    await quiet();

    assert.equal(first, '1');
    assert.deepEqual(names, ['2', '3']);
    await stream.close();
  });

  it('that throw are told as an error, and lose nothing', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = batches(['1', '2']);
    const stream = watch(harness);
    const seen = eventsOf(stream);
    stream.on('change', change => {
      seen.push(`change ${String(nameOf(change))}`);
      if (nameOf(change) === '1') throw new RangeError('of the listener');
    });
    await harness.advance(100);

    assert.deepEqual(
      seen.filter(name => !/^(init|response)/.test(name)),
      [...['token 1', 'change 1', 'error RangeError', 'token 2', 'change 2']],
    );
    await stream.close();
  });

  it('are told an error that ends the stream, and then its close', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = ({ name }) => (name === 'aggregate' ? failure(2) : { ok: 1 });
    const stream = watch(harness);
    const seen = eventsOf(stream);
    const failed = new Promise(resolve => stream.on('error', resolve));
    stream.on('change', () => undefined);

    assert.ok((await failed) instanceof MongoServerError);
    await quiet();

    assert.deepEqual(seen, ['error MongoServerError', 'close']);
    assert.equal(stream.closed, true);
  });

  it('are told of no error when the stream or its client is closed', async () => {
    for (const close of ['stream', 'client'] as const) {
      const harness = await ClientHarness.connected();
      harness.answer = batches([]);
      const stream = watch(harness);
      const seen = eventsOf(stream);
      stream.on('change', () => undefined);
      await quiet();

      await (close === 'stream' ? stream.close() : harness.client.close());
      await quiet();

      assert.deepEqual(seen, ['init 1', 'response', 'close'], close);
      await harness[Symbol.asyncDispose]();
    }
  });

  it('do not hear of a quiet stream under timeoutMS: the server is told to answer in time', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 200 });
    harness.answer = batches([]);
    const stream = watch(harness);
    const seen = eventsOf(stream);
    stream.on('change', () => undefined);
    await quiet();

    assert.equal(Number(harness.received[1]?.body['maxTimeMS']), 100);
    assert.deepEqual(seen, ['init 1', 'response']);
    await stream.close();
  });

  it('are told of each timeout, after which the stream is resumed, and never in a hot loop', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 200 });
    harness.chance = 1;
    harness.answer = batches([]);
    const stream = watch(harness);
    const seen = eventsOf(stream);
    stream.on('change', () => undefined);
    await quiet();
    for (let time = 0; time < 10; time++) await harness.advance(200);

    const timeouts = seen.filter(name => name === 'error MongoOperationTimeoutError').length;
    assert.ok(timeouts >= 5 && timeouts <= 10, String(timeouts));
    assert.equal(stream.closed, false);
    await stream.close();
  });
});
