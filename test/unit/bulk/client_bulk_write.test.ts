import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentDecoder } from '../../../src/bson/decode.js';
import { type BSONSerializeOptions, type Document, Long } from '../../../src/bson/index.js';
import { clientBulkWrite } from '../../../src/bulk/client_bulk_write.js';
import type { ClientBulkWriteResult } from '../../../src/bulk/client_result.js';
import { MongoClientBulkWriteError } from '../../../src/bulk/errors.js';
import type { ClientBulkWriteOptions } from '../../../src/commands/client_bulk_write.js';
import type { OperationContext } from '../../../src/commands/context.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import {
  MongoClientBulkWriteExecutionError,
  MongoInvalidArgumentError,
  MongoUnexpectedServerResponseError,
} from '../../../src/errors/driver.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import {
  type EngineHarness,
  errorOf,
  failure,
  LOAD_BALANCED,
  PRIMARY,
  type RunOptions,
} from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { contextWith } from '../commands/support.js';
import { fieldOf, RETRYABLE, scripted, unsatisfied } from './support.js';

const RESULTS = 'admin.$cmd.bulkWrite';
const NO_CURSOR = Long.ZERO;

const insert = (_id: unknown, namespace = 'shop.orders', more: Document = {}): Document => ({
  name: 'insertOne',
  namespace,
  document: { _id, ...more },
});
const update = (more: Document = {}): Document => ({
  name: 'updateOne',
  namespace: 'shop.orders',
  filter: {},
  update: { $set: { a: 1 } },
  ...more,
});
const remove = (name = 'deleteOne'): Document => ({ name, namespace: 'shop.items', filter: {} });
const inserts = (count: number): Document[] => Array.from({ length: count }, (_, index) => insert(index));

/** The result of the write at a position of its batch. */
const done = (idx: number, more: Document = {}): Document => ({ ok: 1, idx, n: 1, ...more });
const refused = (idx: number, more: Document = {}): Document => ({
  ok: 0,
  idx,
  code: 11000,
  errmsg: 'duplicate',
  n: 0,
  ...more,
});

/** A reply to a batch, with the results of single writes in a cursor that ends at once, unless it has an id. */
function reply(counts: Document, results: readonly Document[] = [], id: Long | number = NO_CURSOR): Document {
  return { ok: 1, nErrors: 0, ...counts, cursor: { id, ns: RESULTS, firstBatch: results } };
}

const next = (results: readonly Document[], id: Long | number = NO_CURSOR): Document => ({
  ok: 1,
  cursor: { id, ns: RESULTS, nextBatch: results },
});

interface Settings extends RunOptions {
  readonly options?: ClientBulkWriteOptions;
  readonly context?: Partial<OperationContext>;
}

/** Runs writes as `MongoClient.bulkWrite` does. */
function run(
  harness: EngineHarness,
  models: unknown,
  { options = {}, context, call, ...rest }: Settings = {},
): Promise<ClientBulkWriteResult> {
  const admin = contextWith({ database: 'admin', collection: '', namespace: 'admin', ...context });
  const prepare = (document: unknown) => document as Document;
  return clientBulkWrite(harness.engine, admin, models, options, prepare, call ?? harness.call(rest, 'bulkWrite'));
}

/** Names of the commands that a server has received; of a bulkWrite with the number of its writes. */
function commands({ received }: EngineHarness): string[] {
  return received.map(({ name, sequences }) =>
    name === 'bulkWrite' ? `${name} ${String(sequences['ops']?.length)}` : name,
  );
}

/** Nothing of a bulk write may be left behind: no operation, no connection in use, no cursor. */
async function close(harness: EngineHarness): Promise<void> {
  harness.assertReleased();
  assert.deepEqual(harness.engine.cursors.drain(), []);
  await harness.close();
}

describe('clientBulkWrite, batches', () => {
  it('writes to several collections by one command, which names each collection once', async () => {
    const harness = await scripted([reply({ nInserted: 2, nMatched: 1, nModified: 1, nDeleted: 1 })]);

    const result = await run(harness, [insert(1), insert(2, 'shop.items'), update(), remove()]);

    assert.deepEqual(result, {
      acknowledged: true,
      insertedCount: 2,
      upsertedCount: 0,
      matchedCount: 1,
      modifiedCount: 1,
      deletedCount: 1,
    });
    const [{ body, sequences }] = harness.received as [(typeof harness.received)[0]];
    assert.deepEqual([body['bulkWrite'], body['$db'], body['errorsOnly'], body['ordered']], [1, 'admin', true, true]);
    assert.deepEqual(sequences['nsInfo'], [{ ns: 'shop.orders' }, { ns: 'shop.items' }]);
    assert.deepEqual(sequences['ops'], [
      { insert: 0, document: { _id: 1 } },
      { insert: 1, document: { _id: 2 } },
      { update: 0, filter: {}, updateMods: { $set: { a: 1 } }, multi: false },
      { delete: 1, filter: {}, multi: false },
    ]);
    await close(harness);
  });

  it('begins a new message at maxWriteBatchSize, in the same session, and adds the counts up', async () => {
    const harness = await scripted([reply({ nInserted: 2 }), reply({ nInserted: 2 }), reply({ nInserted: 1 })], {
      maxWriteBatchSize: 2,
    });

    const result = await run(harness, inserts(5));

    assert.deepEqual(commands(harness), ['bulkWrite 2', 'bulkWrite 2', 'bulkWrite 1']);
    assert.equal(result.insertedCount, 5);
    assert.equal(new Set(fieldOf(harness, 'lsid').map(lsid => JSON.stringify(lsid))).size, 1);
    assert.deepEqual(fieldOf(harness, 'txnNumber').map(Number), [1, 2, 3]);
    assert.equal(harness.engine.sessions.size, 1);
    await close(harness);
  });

  it('begins a new message at maxMessageSizeBytes', async () => {
    const harness = await scripted([reply({ nInserted: 1 }), reply({ nInserted: 1 })], { maxMessageSizeBytes: 3000 });
    const large = (_id: number) => insert(_id, 'shop.orders', { text: 'x'.repeat(1200) });

    await run(harness, [large(1), large(2)]);

    assert.deepEqual(commands(harness), ['bulkWrite 1', 'bulkWrite 1']);
    await close(harness);
  });

  it('has a number for a retry only if no write of the batch writes many documents', async () => {
    const harness = await scripted([reply({}), reply({})], { maxWriteBatchSize: 2 });

    await run(harness, [insert(1), remove('deleteMany'), insert(2), update()]);

    assert.deepEqual(fieldOf(harness, 'txnNumber').map(Number), [Number.NaN, 1]);
    await close(harness);
  });

  it('puts the options of the whole on the command', async () => {
    const harness = await scripted([reply({})]);

    await run(harness, [insert(1)], {
      options: { bypassDocumentValidation: true, let: { x: 1 }, comment: 'why', ordered: false, verboseResults: true },
      context: { writeConcern: new WriteConcern('majority') },
    });

    const { body } = harness.received[0]!;
    const { bypassDocumentValidation, comment, ordered, errorsOnly, writeConcern } = body;
    assert.deepEqual([bypassDocumentValidation, comment, ordered, errorsOnly], [true, 'why', false, false]);
    assert.deepEqual([body['let'], writeConcern], [{ x: 1 }, { w: 'majority' }]);
    await close(harness);
  });

  it('refuses what is no list of models, and an empty one, and sends nothing', async () => {
    const harness = await scripted([]);

    await errorOf(run(harness, {}), MongoInvalidArgumentError);
    await errorOf(run(harness, []), MongoClientBulkWriteExecutionError);
    await errorOf(run(harness, [insert(1), , insert(2)]), MongoInvalidArgumentError);
    await errorOf(run(harness, [insert(1)], { options: { collation: { locale: 'en' } } }), MongoInvalidArgumentError);

    assert.deepEqual(commands(harness), []);
    await close(harness);
  });

  it('does not send a write that became another while it was waiting', async () => {
    const harness = await scripted([]);
    const change = { $set: { a: 1 } } as Document;

    const failed = errorOf(run(harness, [insert(1), update({ update: change })]), MongoInvalidArgumentError);
    delete change['$set'];
    change['a'] = 1;

    assert.match((await failed).message, /atomic operators/);
    assert.deepEqual(commands(harness), []);
    await close(harness);
  });
});

describe('clientBulkWrite, results of single writes', () => {
  it('gives them by position if they are asked for', async () => {
    const results = [
      done(0),
      done(1, { nModified: 1 }),
      done(2, { n: 1, nModified: 0, upserted: { _id: null } }),
      done(3, { n: 0 }),
    ];
    const harness = await scripted([reply({ nInserted: 1 }, results)]);

    const { insertResults, updateResults, deleteResults } = await run(
      harness,
      [insert('a'), update(), update({ upsert: true }), remove()],
      { options: { verboseResults: true } },
    );

    assert.deepEqual([...insertResults!], [[0, { insertedId: 'a' }]]);
    assert.deepEqual(
      [...updateResults!],
      [
        [1, { matchedCount: 1, modifiedCount: 1, didUpsert: false }],
        [2, { matchedCount: 1, modifiedCount: 0, didUpsert: true, upsertedId: null }],
      ],
    );
    assert.deepEqual([...deleteResults!], [[3, { deletedCount: 0 }]]);
    await close(harness);
  });

  it('takes a result without counts for nothing done', async () => {
    const results = [
      { ok: 1, idx: 0 },
      { ok: 1, idx: 1 },
    ];
    const harness = await scripted([reply({}, results)]);

    const { updateResults, deleteResults } = await run(harness, [update(), remove()], {
      options: { verboseResults: true },
    });

    assert.deepEqual(updateResults!.get(0), { matchedCount: 0, modifiedCount: 0, didUpsert: false });
    assert.deepEqual(deleteResults!.get(1), { deletedCount: 0 });
    await close(harness);
  });

  it('gives none of them if they are not asked for, even where the server sends them', async () => {
    const harness = await scripted([reply({ nInserted: 1 }, [done(0)])]);

    assert.equal('insertResults' in (await run(harness, [insert(1)])), false);
    await close(harness);
  });

  it('counts the positions of each batch from its first write', async () => {
    const harness = await scripted([reply({ nInserted: 2 }, [done(0), done(1)]), reply({ nInserted: 1 }, [done(0)])], {
      maxWriteBatchSize: 2,
    });

    const { insertResults } = await run(harness, inserts(3), { options: { verboseResults: true } });

    assert.deepEqual(
      [...insertResults!].map(([position, { insertedId }]) => [position, insertedId]),
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
    );
    await close(harness);
  });

  it('reads all batches of the results, by getMore on the same server', async () => {
    const harness = await scripted([
      reply({ nInserted: 3 }, [done(0)], 77),
      next([done(1)], 77),
      next([done(2)]),
      reply({ nInserted: 1 }, [done(0)]),
    ]);
    harness.hellos.set('a:27017', { ...PRIMARY, maxWriteBatchSize: 3 });
    await harness.clock.advance(10_000);
    await quiet();

    const { insertResults } = await run(harness, inserts(4), { options: { verboseResults: true, comment: 'why' } });

    assert.deepEqual(commands(harness), ['bulkWrite 3', 'getMore', 'getMore', 'bulkWrite 1']);
    const { body } = harness.received[1]!;
    assert.deepEqual([body['getMore'], body['collection'], body['$db']], [77, '$cmd.bulkWrite', 'admin']);
    assert.deepEqual([body['comment'], body['lsid']], ['why', harness.received[0]!.body['lsid']]);
    assert.deepEqual([...insertResults!.keys()], [0, 1, 2, 3]);
    await close(harness);
  });

  it('remembers an open cursor for the close of the client until its results have been read', async () => {
    const harness = await scripted([reply({ nInserted: 2 }, [done(0)], 77), 'silence']);

    const running = run(harness, inserts(2));
    await quiet();
    const live = harness.engine.cursors.drain();
    assert.deepEqual(
      live.map(({ cursor }) => cursor),
      [{ id: 77n, namespace: RESULTS, address: 'a:27017' }],
    );
    harness.received[1]!.reply(next([done(1)]));

    assert.equal((await running).insertedCount, 2);
    await close(harness);
  });

  it('gives _ids of upserts decoded by the options of the user, also where documents stay raw', async () => {
    const results = [done(0, { upserted: { _id: Long.fromNumber(5) } })];
    const harness = await scripted([reply({}, results), reply({}, results)]);
    const upsertedId = async (bsonOptions: BSONSerializeOptions) => {
      const context = { bsonOptions, decode: documentDecoder(bsonOptions) };
      const options = { verboseResults: true };
      return (await run(harness, [update({ upsert: true })], { options, context })).updateResults?.get(0)?.upsertedId;
    };

    assert.equal(await upsertedId({ useBigInt64: true }), 5n);
    assert.equal(await upsertedId({ raw: true }), 5);
    await close(harness);
  });

  it('reads the results on the connection of the batch behind a load balancer, and checks it in after each batch', async () => {
    const hello = { ...LOAD_BALANCED.hellos['lb:27017'], maxWriteBatchSize: 2 };
    const harness = await scripted(
      [reply({ nInserted: 2 }, [done(0)], 77), 'silence', reply({ nInserted: 1 }, [done(0)])],
      {},
      { ...LOAD_BALANCED, hellos: { 'lb:27017': hello } },
    );

    const running = run(harness, inserts(3));
    await quiet();
    const [live] = harness.engine.cursors.drain();
    assert.ok(live?.binding.pinned, 'the connection must be pinned');
    harness.received[1]!.reply(next([done(1)]));
    await running;

    assert.deepEqual(commands(harness), ['bulkWrite 2', 'getMore', 'bulkWrite 1']);
    assert.equal(harness.received[1]!.peer, harness.received[0]!.peer);
    await close(harness);
  });
});

describe('clientBulkWrite, errors of single writes', () => {
  it('sends no further batch if ordered', async () => {
    const harness = await scripted([reply({ nErrors: 1, nInserted: 1 }, [refused(1)])], { maxWriteBatchSize: 2 });

    const error = await errorOf(run(harness, inserts(3)), MongoClientBulkWriteError);

    assert.deepEqual(commands(harness), ['bulkWrite 2']);
    assert.equal(error.message, 'Mongo client ordered bulk write encountered a write error.');
    assert.deepEqual([...error.writeErrors], [[1, { code: 11000, message: 'duplicate' }]]);
    assert.equal(error.partialResult?.insertedCount, 1);
    assert.deepEqual([error.cause, error.operationId], [undefined, 1]);
    await close(harness);
  });

  it('sends the other batches if unordered, and numbers the errors by their positions in the whole', async () => {
    const harness = await scripted(
      [
        reply({ nErrors: 1, nInserted: 1 }, [refused(0, { errInfo: { why: 1 } })]),
        reply({ nErrors: 1 }, [refused(0, { code: 7, errmsg: 'other' })]),
      ],
      { maxWriteBatchSize: 2 },
    );

    const error = await errorOf(run(harness, inserts(3), { options: { ordered: false } }), MongoClientBulkWriteError);

    assert.equal(error.message, 'Mongo client bulk write encountered errors during execution.');
    assert.deepEqual(
      [...error.writeErrors],
      [
        [0, { code: 11000, message: 'duplicate', details: { why: 1 } }],
        [2, { code: 7, message: 'other' }],
      ],
    );
    assert.equal(error.partialResult?.insertedCount, 1);
    await close(harness);
  });

  it('has no partial result if no write is known to have succeeded', async () => {
    const harness = await scripted([
      reply({ nErrors: 1 }, [refused(0)]),
      reply({ nErrors: 2 }, [refused(0), refused(1)]),
      failure(8),
    ]);

    const first = await errorOf(run(harness, inserts(2)), MongoClientBulkWriteError);
    const all = await errorOf(run(harness, inserts(2), { options: { ordered: false } }), MongoClientBulkWriteError);
    const whole = await errorOf(run(harness, inserts(2)), MongoClientBulkWriteError);

    for (const error of [first, all, whole]) assert.equal('partialResult' in error, false);
    assert.equal(whole.message, 'Mongo client bulk write encountered an error during execution');
    await close(harness);
  });

  it('has a partial result if a result says that a write succeeded', async () => {
    const results = [done(0, { n: 0 }), refused(1)];
    const harness = await scripted([reply({ nErrors: 1 }, results)]);

    const error = await errorOf(
      run(harness, [remove(), insert(1)], { options: { verboseResults: true } }),
      MongoClientBulkWriteError,
    );

    assert.deepEqual([...error.partialResult!.deleteResults!.keys()], [0]);
    await close(harness);
  });

  it('takes an error without code and message for what it is', async () => {
    const harness = await scripted([reply({ nErrors: 1 }, [{ ok: 0, idx: 0 }])]);

    const error = await errorOf(run(harness, [insert(1)]), MongoClientBulkWriteError);

    assert.deepEqual([...error.writeErrors], [[0, { code: 0, message: '' }]]);
    await close(harness);
  });
});

describe('clientBulkWrite, write concern errors', () => {
  it('sends the batches that follow, and reports the errors at the end', async () => {
    const late = unsatisfied({ code: 64, errmsg: 'timed out', errInfo: { wtimeout: true } });
    const harness = await scripted(
      [
        { ...reply({ nInserted: 1 }), ...unsatisfied() },
        { ...reply({ nInserted: 1 }), ...late },
      ],
      { maxWriteBatchSize: 1 },
    );

    const error = await errorOf(run(harness, inserts(2)), MongoClientBulkWriteError);

    assert.deepEqual(commands(harness), ['bulkWrite 1', 'bulkWrite 1']);
    assert.deepEqual(error.writeConcernErrors, [
      { code: 100, message: 'not enough members' },
      { code: 64, message: 'timed out', details: { wtimeout: true } },
    ]);
    assert.equal(error.message, 'Mongo client bulk write encountered errors during execution.');
    assert.equal(error.partialResult?.insertedCount, 2);
    await close(harness);
  });

  it('reads the results of such a batch too', async () => {
    const harness = await scripted([{ ...reply({ nErrors: 1, nInserted: 1 }, [refused(1)]), ...unsatisfied() }]);

    const error = await errorOf(run(harness, inserts(2)), MongoClientBulkWriteError);

    assert.deepEqual([[...error.writeErrors.keys()], error.writeConcernErrors.length], [[1], 1]);
    assert.equal(error.message, 'Mongo client ordered bulk write encountered a write error.');
    await close(harness);
  });

  it('sends a batch again by the same number if the error asks for it, and counts it once', async () => {
    const harness = await scripted([{ ...reply({ nInserted: 2 }), ...RETRYABLE }, reply({ nInserted: 2 })]);

    const result = await run(harness, inserts(2));

    assert.deepEqual(commands(harness), ['bulkWrite 2', 'bulkWrite 2']);
    assert.deepEqual(fieldOf(harness, 'txnNumber').map(Number), [1, 1]);
    assert.equal(result.insertedCount, 2);
    await close(harness);
  });

  it('never sends a batch again that writes many documents', async () => {
    const harness = await scripted([{ ...reply({ nDeleted: 5 }), ...RETRYABLE }]);

    const error = await errorOf(run(harness, [remove('deleteMany')]), MongoClientBulkWriteError);

    assert.deepEqual(commands(harness), ['bulkWrite 1']);
    assert.deepEqual([error.partialResult?.deletedCount, error.writeConcernErrors[0]?.code], [5, 6]);
    await close(harness);
  });

  it('reports what the first attempt wrote as its result if the retry certainly wrote nothing', async () => {
    const nothing = failure(6, { errorLabels: ['RetryableWriteError', 'NoWritesPerformed'] });
    const harness = await scripted([{ ...reply({ nInserted: 2 }), ...RETRYABLE }, nothing, reply({ nInserted: 1 })]);
    harness.hellos.set('a:27017', { ...PRIMARY, maxWriteBatchSize: 2 });
    await harness.clock.advance(10_000);
    await quiet();

    const error = await errorOf(run(harness, inserts(3)), MongoClientBulkWriteError);

    assert.deepEqual([error.partialResult?.insertedCount, error.writeConcernErrors[0]?.code], [3, 6]);
    await close(harness);
  });
});

describe('clientBulkWrite, errors of a whole command', () => {
  it('reports what a server refused, with what the earlier batches did, and sends no more', async () => {
    const harness = await scripted([reply({ nInserted: 1 }), failure(8, { errorLabels: ['Custom'] })], {
      maxWriteBatchSize: 1,
    });

    const error = await errorOf(run(harness, inserts(3), { options: { ordered: false } }), MongoClientBulkWriteError);

    assert.deepEqual(commands(harness), ['bulkWrite 1', 'bulkWrite 1']);
    assert.ok(error.cause instanceof MongoServerError);
    assert.equal(error.cause.code, 8);
    assert.equal(error.message, 'Mongo client bulk write encountered an error during execution');
    assert.deepEqual([error.host, error.namespace, error.phase], ['a:27017', 'admin', 'server']);
    assert.deepEqual([error.hasErrorLabel('Custom'), error.connectionId], [true, error.cause.connectionId]);
    assert.equal(error.partialResult?.insertedCount, 1);
    await close(harness);
  });

  it('keeps the class of a lost connection if nothing was done before', async () => {
    const harness = await scripted(['reset'], {}, { options: { retryWrites: false } });

    const error = await errorOf(run(harness, inserts(1)));

    assert.ok(error instanceof MongoNetworkError);
    assert.equal('partialResult' in error, false);
    await close(harness);
  });

  it('tells what was done before a connection was lost', async () => {
    const harness = await scripted(
      [reply({ nInserted: 1 }), 'reset'],
      { maxWriteBatchSize: 1 },
      {
        options: { retryWrites: false },
      },
    );

    const error = await errorOf(run(harness, inserts(2)), MongoClientBulkWriteError);

    assert.ok(error.cause instanceof MongoNetworkError);
    assert.equal(error.partialResult?.insertedCount, 1);
    await close(harness);
  });

  const MALFORMED: [string, Document][] = [
    ['no cursor', { ok: 1, nErrors: 0 }],
    ['a negative count', reply({ nInserted: -1 })],
    ['a count that is no number', reply({ nInserted: 'many' })],
    ['a result without a position', reply({}, [{ ok: 1 }])],
    ['the result of a write that was not sent', reply({}, [done(2)])],
    ['a negative position', reply({}, [done(-1)])],
    ['a code that is a text', reply({ nErrors: 1 }, [refused(0, { code: 'x' })])],
    ['a message that is a number', reply({ nErrors: 1 }, [refused(0, { errmsg: 5 })])],
    ['details that are a text', reply({ nErrors: 1 }, [refused(0, { errInfo: 'x' })])],
    ['a write concern error that is a text', { ...reply({}), writeConcernError: 'no' }],
    ['a write concern error whose details are a number', { ...reply({}), ...unsatisfied({ errInfo: 5 }) }],
  ];
  for (const [what, malformed] of MALFORMED) {
    it(`refuses a reply with ${what}`, async () => {
      const harness = await scripted([malformed], {}, { options: { retryWrites: false } });

      const error = await errorOf(run(harness, inserts(2)));

      const cause = error instanceof MongoNetworkError ? error.cause : error;
      assert.ok(cause instanceof MongoUnexpectedServerResponseError, String(error));
      assert.deepEqual(commands(harness), ['bulkWrite 2']);
      await close(harness);
    });
  }

  it('closes the cursor of results that it cannot read, and the connection on which they came', async () => {
    const harness = await scripted([reply({ nInserted: 2 }, [done(7)], 77), { ok: 1 }]);

    await errorOf(run(harness, inserts(2)), MongoUnexpectedServerResponseError);

    assert.deepEqual(commands(harness), ['bulkWrite 2', 'killCursors']);
    assert.deepEqual(harness.received[1]!.body['cursors'], [77]);
    assert.ok(harness.received[0]!.peer.closed);
    await close(harness);
  });

  it('closes the cursor after a getMore that failed, and tells what was done', async () => {
    const harness = await scripted([reply({ nInserted: 2 }, [done(0)], 77), failure(43), { ok: 1 }]);

    const error = await errorOf(run(harness, inserts(2)), MongoClientBulkWriteError);

    assert.deepEqual(commands(harness), ['bulkWrite 2', 'getMore', 'killCursors']);
    assert.equal((error.cause as MongoServerError).code, 43);
    assert.equal(error.partialResult?.insertedCount, 2);
    assert.equal(harness.received[0]!.peer.closed, false);
    await close(harness);
  });

  it('reports the same error if the cursor cannot be closed', async () => {
    const harness = await scripted([reply({ nInserted: 2 }, [done(0)], 77), failure(43), failure(13)]);

    const error = await errorOf(run(harness, inserts(2)), MongoClientBulkWriteError);

    assert.equal((error.cause as MongoServerError).code, 43);
    await close(harness);
  });

  it('closes the connection on which an upserted document came that is none', async () => {
    const harness = await scripted([reply({ nInserted: 1 }, [done(0, { upserted: 5 })])]);

    await errorOf(run(harness, [update()], { options: { verboseResults: true } }), MongoUnexpectedServerResponseError);

    assert.ok(harness.received[0]!.peer.closed);
    await close(harness);
  });
});

describe('clientBulkWrite, a retry that fails', () => {
  const first = () => ({ ...reply({ nInserted: 2 }, [done(0), done(1)]), ...RETRYABLE });

  it('tells what the first attempt wrote if the server refuses the retry', async () => {
    const harness = await scripted([first(), failure(13)]);

    const error = await errorOf(
      run(harness, inserts(2), { options: { verboseResults: true } }),
      MongoClientBulkWriteError,
    );

    assert.equal((error.cause as MongoServerError).code, 13);
    assert.equal(error.partialResult?.insertedCount, 2);
    assert.deepEqual([...error.partialResult.insertResults!.keys()], [0, 1]);
    assert.equal(error.writeConcernErrors.length, 1);
    await close(harness);
  });

  it('tells what the first attempt wrote if the connection breaks during the retry', async () => {
    const harness = await scripted([first(), 'reset']);

    const error = await errorOf(run(harness, inserts(2)), MongoClientBulkWriteError);

    assert.ok(error.cause instanceof MongoNetworkError);
    assert.equal(error.partialResult?.insertedCount, 2);
    await close(harness);
  });

  it('tells what the first attempt wrote if its time ends during the retry', async () => {
    const harness = await scripted([first(), 'silence']);

    const failed = errorOf(run(harness, inserts(2), { timeoutMS: 1000 }), MongoOperationTimeoutError);
    await harness.clock.advance(1000);
    const error = (await failed) as MongoOperationTimeoutError & { partialResult?: ClientBulkWriteResult };

    assert.deepEqual([error.partialResult?.insertedCount, error.maybeApplied], [2, true]);
    await close(harness);
  });
});

describe('clientBulkWrite, time and aborts', () => {
  it('has one time for all batches and their results: each write gets what remains', async () => {
    const slowly = (answer: Document) => () => {
      harness.clock.skip(300);
      return answer;
    };
    const harness = await scripted([slowly(reply({ nInserted: 1 })), reply({ nInserted: 1 })], {
      maxWriteBatchSize: 1,
    });

    await run(harness, inserts(2), { timeoutMS: 1000 });

    assert.deepEqual(fieldOf(harness, 'maxTimeMS'), [1000, 700]);
    await close(harness);
  });

  it('keeps the class of a timeout, with what was done', async () => {
    const harness = await scripted([reply({ nInserted: 1 }), 'silence'], { maxWriteBatchSize: 1 });

    const failed = errorOf(run(harness, inserts(2), { timeoutMS: 1000 }), MongoOperationTimeoutError);
    await harness.clock.advance(1000);
    const error = (await failed) as MongoOperationTimeoutError & { partialResult?: ClientBulkWriteResult };

    assert.deepEqual([error.partialResult?.insertedCount, error.maybeApplied], [1, true]);
    await close(harness);
  });

  it('sends no batch after the end of its time, and says that something may have been written', async () => {
    const late = () => {
      harness.clock.skip(1000);
      return reply({ nInserted: 1 });
    };
    const harness = await scripted([late], { maxWriteBatchSize: 1 });

    const error = await errorOf(run(harness, inserts(2), { timeoutMS: 1000 }), MongoOperationTimeoutError);

    assert.deepEqual([error.phase, error.maybeApplied], ['read', true]);
    await close(harness);
  });

  it('says that nothing was written if its time ends before the first batch', async () => {
    const harness = await scripted([]);
    const call = harness.call({ timeoutMS: 1000 });
    harness.clock.skip(1000);

    const error = await errorOf(run(harness, inserts(1), { call }), MongoOperationTimeoutError);

    assert.deepEqual([error.maybeApplied, 'partialResult' in error], [false, false]);
    await close(harness);
  });

  it('accounts for the time of each batch on its own', async () => {
    const slowly = () => {
      harness.clock.skip(200);
      return reply({ nInserted: 1 });
    };
    const harness = await scripted([slowly, slowly, 'silence'], { maxWriteBatchSize: 1 });

    const failed = errorOf(run(harness, inserts(3), { timeoutMS: 1000 }), MongoOperationTimeoutError);
    await quiet();
    await harness.clock.advance(600);
    const error = await failed;

    const reads = error.timings.filter(({ stage }) => stage === 'read').map(({ durationMS }) => durationMS);
    assert.deepEqual(reads, [200, 200, 600]);
    await close(harness);
  });

  it('closes the cursor of the results in a time of its own if the time of the call ends', async () => {
    const harness = await scripted([reply({ nInserted: 2 }, [done(0)], 77), 'silence', { ok: 1 }]);

    const failed = errorOf(run(harness, inserts(2), { timeoutMS: 1000 }), MongoOperationTimeoutError);
    await harness.clock.advance(1000);
    await failed;

    assert.deepEqual(commands(harness), ['bulkWrite 2', 'getMore', 'killCursors']);
    await close(harness);
  });

  it('waits ten seconds at most for a cursor to be closed', async () => {
    const harness = await scripted([reply({ nInserted: 2 }, [done(0)], 77), failure(43), 'silence']);
    let failed = false;

    const error = errorOf(run(harness, inserts(2)), MongoClientBulkWriteError).finally(() => (failed = true));
    await quiet();
    await harness.clock.advance(9999);
    assert.equal(failed, false);
    await harness.clock.advance(1);

    assert.equal(((await error).cause as MongoServerError).code, 43);
    await close(harness);
  });

  it('ends with the reason of an abort in a later batch, and leaves the reason as it is', async () => {
    const controller = new AbortController();
    const reason = new MongoServerError({ message: 'the caller has left' });
    const abort = () => {
      controller.abort(reason);
      return reply({ nInserted: 1 });
    };
    const harness = await scripted([reply({ nInserted: 1 }), abort], { maxWriteBatchSize: 1 });

    const error = await errorOf(run(harness, inserts(3), { signal: controller.signal }));

    assert.equal(error, reason);
    assert.deepEqual([commands(harness).length, 'partialResult' in error], [2, false]);
    await close(harness);
  });
});

describe('clientBulkWrite, errors of the code of a user', () => {
  it('passes them on as they are', async () => {
    const broken = new TypeError('a getter that throws');
    const filter = {
      get a() {
        throw broken;
      },
    };
    const harness = await scripted([reply({ nMatched: 1 })], { maxWriteBatchSize: 1 });

    const error = await errorOf(run(harness, [update(), update({ filter: { filter } })]));

    assert.equal(error, broken);
    assert.deepEqual([commands(harness), 'partialResult' in error], [['bulkWrite 1'], false]);
    await close(harness);
  });
});

describe('clientBulkWrite, unacknowledged', () => {
  const context = { writeConcern: new WriteConcern(0) };

  it('sends every batch without waiting, and counts nothing', async () => {
    const harness = await scripted(['silence', 'silence'], { maxWriteBatchSize: 2 });

    const result = await run(harness, inserts(3), { context, options: { ordered: false } });
    await quiet();

    assert.deepEqual(commands(harness), ['bulkWrite 2', 'bulkWrite 1']);
    assert.deepEqual(fieldOf(harness, 'writeConcern'), [{ w: 0 }, { w: 0 }]);
    assert.deepEqual([result.acknowledged, result.insertedCount], [false, 0]);
    await close(harness);
  });

  it('cannot be ordered, nor have results of single writes', async () => {
    const harness = await scripted([]);

    const ordered = await errorOf(run(harness, inserts(1), { context }), MongoInvalidArgumentError);
    const verbose = await errorOf(
      run(harness, inserts(1), { context, options: { ordered: false, verboseResults: true } }),
      MongoInvalidArgumentError,
    );

    assert.equal(ordered.message, 'Cannot request unacknowledged write concern and ordered writes');
    assert.equal(verbose.message, 'Cannot request unacknowledged write concern and verbose results');
    assert.deepEqual(commands(harness), []);
    await close(harness);
  });
});
