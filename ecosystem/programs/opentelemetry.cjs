// @opentelemetry/instrumentation-mongodb, which patches files of the official driver. It must be loaded before the driver, so this is CommonJS.
const assert = require('node:assert/strict');
const { context, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { MongoDBInstrumentation } = require('@opentelemetry/instrumentation-mongodb');
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
registerInstrumentations({ tracerProvider: provider, instrumentations: [new MongoDBInstrumentation()] });
const tracer = provider.getTracer('program');

const { MongoClient } = require('mongodb');

/** Runs `body` in a span of the program, and gives the spans below it. */
async function spansBelow(body) {
  exporter.reset();
  const root = tracer.startSpan('request');
  await context.with(trace.setSpan(context.active(), root), body);
  root.end();
  const spans = exporter.getFinishedSpans().filter(span => span.spanContext().traceId === root.spanContext().traceId);
  const parentOf = span => spans.find(other => other.spanContext().spanId === span.parentSpanContext?.spanId);
  const isBelow = span => span !== undefined && (span.name === 'request' || isBelow(parentOf(span)));
  return spans.filter(span => span.name !== 'request' && isBelow(span));
}

const tells = (span, value) => Object.values(span.attributes).includes(value);

async function main() {
  const { check, driver, uri } = await import('../support/checks.mjs');
  const bare = new MongoClient(uri);
  await check('a client without settings works', () => bare.db('otel').collection('things').insertOne({ n: 1 }));
  await check('a client without settings has spans', async () => {
    const spans = await spansBelow(() => bare.db('otel').collection('things').findOne());
    assert.ok(spans.length > 0);
  });
  await bare.close();

  // docs/tracing.md: the spans of this driver are its own, and asked for by an option.
  const client = new MongoClient(uri, driver === 'mongotempo' ? { tracing: { enabled: true } } : {});
  const things = client.db('otel').collection('things');
  await client.connect();
  for (const [command, call] of [
    ['insert', () => things.insertOne({ n: 2 })],
    ['find', () => things.find({ n: 2 }).toArray()],
    ['update', () => things.updateOne({ n: 2 }, { $inc: { n: 1 } })],
    ['delete', () => things.deleteOne({ n: 3 })],
    ['aggregate', () => things.aggregate([{ $count: 'n' }]).toArray()],
    ['findAndModify', () => things.findOneAndUpdate({ n: 1 }, { $set: { x: 1 } })],
  ]) {
    await check(`${command} has a span of the client kind below that of the program`, async () => {
      const spans = await spansBelow(call);
      assert.ok(spans.length > 0);
      assert.ok(spans.every(({ kind }) => kind === 2));
    });
    // The instrumentation says that the collection of other commands is `$cmd`.
    if (!['insert', 'find', 'update', 'delete'].includes(command)) continue;
    await check(`the span of ${command} names the database, the collection and the command`, async () => {
      const [span] = await spansBelow(call);
      assert.ok(tells(span, 'otel'), JSON.stringify(span.attributes));
      assert.ok(tells(span, 'things'), JSON.stringify(span.attributes));
      assert.ok(tells(span, command), JSON.stringify(span.attributes));
    });
  }
  await check('a span tells the server', async () => {
    const spans = await spansBelow(() => things.findOne());
    assert.ok(spans.some(span => tells(span, '127.0.0.1')));
  });
  await check('a failure is a span with the status of an error', async () => {
    const spans = await spansBelow(() =>
      things
        .aggregate([{ $noSuchStage: 1 }])
        .toArray()
        .catch(() => {}),
    );
    assert.ok(spans.some(({ status }) => status.code === 2));
  });
  await client.close();
}

main();
