import assert from 'node:assert/strict';
import { before, describe, it, mock } from 'node:test';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { MongoClient, MongoInvalidArgumentError, MongoMissingDependencyError } from '../../../src/index.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import { FakeClock } from '../../support/fake_clock.js';
import { FakeResolver } from '../../support/fake_resolver.js';
import { ScriptedServer } from '../../support/scripted_server.js';

const FOUND = { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [{ _id: 1 }] } };

async function setUp(options: MongoClientOptions & { readonly sampler?: Sampler } = {}) {
  const { sampler, ...clientOptions } = options;
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler !== undefined && { sampler }),
  });
  const tracing = { enabled: true, tracerProvider, ...clientOptions.tracing };
  const harness = await ClientHarness.connected({ ...clientOptions, tracing }, { checksEvents: false });
  harness.answer = () => FOUND;
  const spans = () => exporter.getFinishedSpans();
  const parentOf = (span: ReadableSpan) =>
    spans().find(other => other.spanContext().spanId === span.parentSpanContext?.spanId);
  return Object.assign(harness, {
    orders: harness.client.db('shop').collection('orders'),
    tracer: tracerProvider.getTracer('test'),
    spans,
    named: (name: string) => spans().filter(span => span.name === name),
    /** Each span as `name < parent`. */
    tree: () => spans().map(span => [span.name, parentOf(span)?.name].filter(name => name !== undefined).join(' < ')),
  });
}

const eventsOf = (span: ReadableSpan | undefined) => span?.events.map(({ name }) => name);

describe('spans of OpenTelemetry', () => {
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  it('are those of the operation and of its command, below the span that is current where the method is called', async () => {
    await using harness = await setUp();
    const outer = harness.tracer.startSpan('request');

    await context.with(trace.setSpan(context.active(), outer), () => harness.orders.findOne({}));
    outer.end();

    assert.deepEqual(harness.tree(), ['find < find shop.orders', 'find shop.orders < request', 'request']);
    const [command] = harness.named('find');
    const { 'db.mongodb.lsid': lsid, ...attributes } = command!.attributes;
    assert.match(String(lsid), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.deepEqual(attributes, {
      'db.system.name': 'mongodb',
      'db.namespace': 'shop',
      'db.collection.name': 'orders',
      'db.command.name': 'find',
      'db.query.summary': 'find shop.orders',
      'server.address': 'a',
      'server.port': 27017,
      'network.transport': 'tcp',
      'db.mongodb.driver_connection_id': 1,
    });
  });

  it('have the right parents when operations run side by side', async () => {
    await using harness = await setUp({ maxPoolSize: 1 });
    const outers = ['a', 'b', 'c'].map(name => harness.tracer.startSpan(name));

    await Promise.all(
      outers.map(outer => context.with(trace.setSpan(context.active(), outer), () => harness.orders.findOne({}))),
    );
    for (const outer of outers) outer.end();

    for (const operation of harness.named('find shop.orders')) {
      const children = harness
        .named('find')
        .filter(span => span.parentSpanContext?.spanId === operation.spanContext().spanId);
      assert.equal(children.length, 1);
    }
    const parents = harness.named('find shop.orders').map(span => span.parentSpanContext?.spanId);
    assert.deepEqual(parents.toSorted(), outers.map(outer => outer.spanContext().spanId).toSorted());
  });

  it('show each attempt, what failed, and that there was a retry', async () => {
    await using harness = await setUp();
    const answers: object[] = [failure(91), FOUND];
    harness.answer = () => answers.shift() ?? FOUND;

    const finding = harness.orders.findOne({});
    await harness.advance(10_000);
    await finding;

    const [operation] = harness.named('find shop.orders');
    const [failed, succeeded] = harness.named('find');
    assert.deepEqual(harness.tree(), ['find < find shop.orders', 'find < find shop.orders', 'find shop.orders']);
    assert.deepEqual(eventsOf(operation), ['mongodb.retry', 'mongodb.server_selected']);
    assert.equal(operation!.status.code, SpanStatusCode.UNSET);
    assert.equal(failed!.status.code, SpanStatusCode.ERROR);
    assert.equal(failed!.attributes['db.response.status_code'], '91');
    assert.equal(failed!.attributes['exception.type'], 'MongoServerError');
    assert.deepEqual(eventsOf(failed), ['exception']);
    assert.equal(succeeded!.status.code, SpanStatusCode.UNSET);
  });

  it('show getMores of one call in its span, and no span for a next that finds its document in the batch', async () => {
    await using harness = await setUp();
    const batches: object[] = [
      { ok: 1, cursor: { id: 7n, ns: 'shop.orders', firstBatch: [{ _id: 1 }, { _id: 2 }] } },
      { ok: 1, cursor: { id: 0n, ns: 'shop.orders', nextBatch: [{ _id: 3 }] } },
    ];
    harness.answer = () => batches.shift() ?? FOUND;

    const cursor = harness.orders.find({});
    await cursor.next();
    await cursor.next();
    await cursor.next();

    assert.deepEqual(harness.tree(), [
      'find < find shop.orders',
      'find shop.orders',
      'getMore < find shop.orders',
      'find shop.orders',
    ]);
    assert.equal(harness.named('find')[0]!.attributes['db.mongodb.cursor_id'], 7);
    assert.equal(harness.named('getMore')[0]!.attributes['db.mongodb.cursor_id'], 7);
  });

  it('say in which phase an operation ran out of time, also if no command was sent', async () => {
    await using harness = await setUp();
    harness.server.hello = () => null;
    harness.client.on('error', () => undefined);

    const finding = errorOf(harness.orders.findOne({}, { timeoutMS: 100, readPreference: 'secondary' }));
    await harness.advance(200);
    await finding;

    const [operation] = harness.named('find shop.orders');
    assert.deepEqual(harness.tree(), ['find shop.orders']);
    assert.deepEqual(eventsOf(operation), ['mongodb.timeout', 'exception']);
    assert.equal(operation!.events[0]!.attributes?.['mongodb.timeout.phase'], 'serverSelection');
    assert.equal(operation!.status.code, SpanStatusCode.ERROR);
    assert.deepEqual(operation!.duration, [0, 100_000_000]);
  });

  it('end that of a transaction which only the close of the client aborts', async () => {
    await using harness = await setUp();
    const session = harness.client.startSession();
    session.startTransaction();
    await harness.orders.findOne({}, { session });

    await harness.client.close();

    assert.deepEqual(harness.tree().slice(0, 2), ['find < find shop.orders', 'find shop.orders < transaction']);
    assert.equal(harness.named('transaction').length, 1);
  });

  it('show a batch that is asked for ahead as an operation', async () => {
    await using harness = await setUp();
    harness.answer = ({ name }) =>
      name === 'find'
        ? { ok: 1, cursor: { id: 7n, ns: 'shop.orders', firstBatch: [{ _id: 1 }] } }
        : { ok: 1, cursor: { id: 0n, ns: 'shop.orders', nextBatch: [{ _id: 2 }] } };

    await harness.orders.find({}, { prefetch: true }).toArray();

    assert.ok(harness.tree().includes('getMore < find shop.orders'), harness.tree().join(', '));
  });

  it('show a transaction as the parent of its operations, and those after it beside it', async () => {
    await using harness = await setUp();
    const session = harness.client.startSession();
    session.startTransaction();
    await harness.orders.findOne({}, { session });
    await session.commitTransaction();
    await harness.orders.findOne({}, { session });

    assert.deepEqual(harness.tree(), [
      'find < find shop.orders',
      'find shop.orders < transaction',
      'commitTransaction < commitTransaction admin',
      'commitTransaction admin < transaction',
      'transaction',
      'find < find shop.orders',
      'find shop.orders',
    ]);
    assert.deepEqual(harness.named('transaction')[0]!.attributes, { 'db.system.name': 'mongodb' });
    assert.equal(harness.named('commitTransaction')[0]!.attributes['db.mongodb.txn_number'], 1);
  });

  it('show all attempts of withTransaction in one span', async () => {
    await using harness = await setUp();
    const answers: object[] = [{ ...failure(251), errorLabels: ['TransientTransactionError'] }];
    harness.answer = () => answers.shift() ?? FOUND;
    const session = harness.client.startSession();

    const running = session.withTransaction(() => harness.orders.findOne({}, { session }));
    await harness.advance(1000);
    await running;

    assert.equal(harness.named('transaction').length, 1);
    assert.deepEqual(
      harness.tree().filter(line => line.endsWith('< transaction')),
      [
        'find shop.orders < transaction',
        'abortTransaction admin < transaction',
        'find shop.orders < transaction',
        'commitTransaction admin < transaction',
      ],
    );
  });

  it('show no command that holds credentials, nor the operation that sends it', async () => {
    await using harness = await setUp({ tracing: { queryTextMaxLength: 1000 } });

    await harness.client.db('admin').command({ createUser: 'ann', pwd: 'hunter2', roles: [] });

    assert.deepEqual(harness.tree(), []);
  });

  it('show the text of a command up to its length, without the session, as the hook redact leaves it', async () => {
    const redact: MongoClientOptions['redact'] = (_name, document) => ({ ...document, filter: '***' });
    await using harness = await setUp({ redact, tracing: { queryTextMaxLength: 35 } });

    await harness.orders.findOne({ card: '4111' });

    assert.equal(harness.named('find')[0]!.attributes['db.query.text'], '{"find":"orders","filter":"***","li...');
  });

  it('begin with the first call after an SDK was registered', async () => {
    await using harness = await ClientHarness.connected({ tracing: { enabled: true } }, { checksEvents: false });
    harness.answer = () => FOUND;
    const orders = harness.client.db('shop').collection('orders');
    const started: string[] = [];
    const observer = {
      onStart: (span: ReadableSpan) => void started.push(span.name),
      onEnd: () => undefined,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };

    await orders.findOne({});
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [observer] }));
    try {
      await orders.findOne({});
    } finally {
      trace.disable();
    }

    assert.deepEqual(started, ['find shop.orders', 'find']);
  });

  it('may be processed by what starts an operation of its own', async () => {
    let isArmed = false;
    const noting = {
      onStart(span: ReadableSpan) {
        if (span.name !== 'find' || !isArmed) return;
        isArmed = false;
        notes.push(
          harness.client
            .db('audit')
            .collection('notes')
            .findOne({ note: 'x'.repeat(500) }),
        );
      },
      onEnd: () => undefined,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    const notes: Promise<unknown>[] = [];
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [noting] });
    await using harness = await ClientHarness.connected(
      { tracing: { enabled: true, tracerProvider } },
      { checksEvents: false },
    );
    harness.answer = () => FOUND;
    const orders = harness.client.db('shop').collection('orders');
    // Two connections, so that neither operation has to wait.
    await Promise.all([orders.findOne({}), orders.findOne({})]);
    harness.received.length = 0;
    isArmed = true;

    await orders.findOne({ item: 'tea' });
    await Promise.all(notes);

    const filters = harness.received.map(({ body }) => JSON.stringify(body['filter']));
    assert.deepEqual(filters.toSorted(), ['{"item":"tea"}', JSON.stringify({ note: 'x'.repeat(500) })]);
  });

  it('cost no attributes where nothing is sampled', async () => {
    await using harness = await setUp({ sampler: new AlwaysOffSampler(), tracing: { queryTextMaxLength: 10 } });

    await harness.orders.findOne({});

    assert.deepEqual(harness.tree(), []);
  });

  it('are refused with a clear error if the package is missing, and only warned of if the environment asks for them', () => {
    const missing = () => {
      throw Object.assign(new Error('none'), { code: 'MODULE_NOT_FOUND' });
    };
    const effects = {
      ...{ clock: new FakeClock(), random: { next: () => 0, bytes: (length: number) => new Uint8Array(length) } },
      ...{ open: new ScriptedServer().open, resolver: new FakeResolver(), loadPackage: missing },
    };
    const make = (options: MongoClientOptions) => new MongoClient('mongodb://a', options, effects);

    assert.throws(
      () => make({ tracing: { enabled: true } }),
      (error: unknown) => {
        assert.ok(error instanceof MongoMissingDependencyError);
        assert.match(
          error.message,
          /^The option tracing needs the package @opentelemetry\/api, which is not installed/,
        );
        return true;
      },
    );
    assert.throws(() => make({ tracing: { enabled: 'yes' } as never }), MongoInvalidArgumentError);
    assert.throws(() => make({ tracing: { queryTextMaxlength: 1 } as never }), MongoInvalidArgumentError);
    make({ tracing: { enabled: false } });

    const warnings = mock.method(process, 'emitWarning', () => undefined);
    process.env['OTEL_NODEJS_INSTRUMENTATION_MONGODB_ENABLED'] = 'true';
    try {
      make({});
    } finally {
      delete process.env['OTEL_NODEJS_INSTRUMENTATION_MONGODB_ENABLED'];
      warnings.mock.restore();
    }
    assert.match(
      String(warnings.mock.calls[0]?.arguments[0]),
      /needs the package @opentelemetry\/api.*goes on without spans/,
    );
  });
});
