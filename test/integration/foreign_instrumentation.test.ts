import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { TestCluster } from 'mongotempo-server';

const ROOT = join(__dirname, '../../..');

/** A program that uses the instrumentation for the official driver, and this package by the name `mongodb`. */
const program = (options: string) => `
  const { createRequire } = require('node:module');
  const installed = createRequire(${JSON.stringify(join(ROOT, 'package.json'))});
  const { MongoDBInstrumentation } = installed('@opentelemetry/instrumentation-mongodb');
  const { registerInstrumentations } = installed('@opentelemetry/instrumentation');
  registerInstrumentations({ instrumentations: [new MongoDBInstrumentation()] });
  const { MongoClient } = require('mongodb');
  for (let i = 0; i < 2; i++) new MongoClient('mongodb://localhost', ${options});
`;

/** Four commands under one span, and one without, which the instrumentation leaves out; prints the spans. */
const TRACED_PROGRAM = `
  const { createRequire } = require('node:module');
  const installed = createRequire(${JSON.stringify(join(ROOT, 'package.json'))});
  const { context, trace } = installed('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = installed('@opentelemetry/context-async-hooks');
  const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = installed('@opentelemetry/sdk-trace-base');
  const { MongoDBInstrumentation } = installed('@opentelemetry/instrumentation-mongodb');
  const { registerInstrumentations } = installed('@opentelemetry/instrumentation');
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  registerInstrumentations({ tracerProvider: provider, instrumentations: [new MongoDBInstrumentation()] });
  const { MongoClient } = require('mongodb');
  async function main() {
    const client = new MongoClient(process.argv[2]);
    const db = client.db('shop');
    await db.command({ ping: 1 });
    await trace.getTracer('test').startActiveSpan('parent', async () => {
      await db.collection('orders').insertMany([{}, {}, {}]);
      await db.collection('orders').find({}, { batchSize: 2 }).toArray();
      await db.command({ nosuch: 1 }).catch(() => {});
    });
    await client.close();
    console.log(JSON.stringify(exporter.getFinishedSpans().map(({ attributes, status, parentSpanContext }) => ({
      name: attributes['db.operation.name'],
      collection: attributes['db.collection.name'],
      status: status.code,
      isChild: parentSpanContext !== undefined,
    }))));
  }
  void main();
`;

describe('@opentelemetry/instrumentation-mongodb', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'instrumentation-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules/mongodb'), 'junction');
  });
  after(() => rmSync(folder, { recursive: true }));

  function warningsOf(options: string, env: Record<string, string> = {}): string[] {
    const script = program(options);
    const run = spawnSync(process.execPath, ['-e', script], {
      cwd: folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    assert.equal(run.status, 0, run.stderr);
    return run.stderr.split('\n').filter(line => line.includes('MongoTracingWarning'));
  }

  it('sees nothing of this driver, and one warning says what to use instead', () => {
    const warnings = warningsOf('{}');
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /sees nothing of this driver.*tracing: \{ enabled: true \}/);
  });

  it('is not warned of where the program or its environment has decided about tracing', () => {
    assert.deepEqual(warningsOf('{ tracing: { enabled: true } }'), []);
    assert.deepEqual(warningsOf('{ tracing: { enabled: false } }'), []);
    assert.deepEqual(warningsOf('{}', { OTEL_NODEJS_INSTRUMENTATION_MONGODB_ENABLED: 'false' }), []);
  });

  it('makes its spans where the stand-in has the place of mongodb', async () => {
    const place = mkdtempSync(join(tmpdir(), 'instrumentation-'));
    mkdirSync(join(place, 'node_modules'));
    cpSync(join(ROOT, 'stand_in'), join(place, 'node_modules/mongodb'), { recursive: true });
    // The instrumentation that is installed here knows the official package up to 6; the one of today, 0.76, knows 7 too.
    const manifest = join(place, 'node_modules/mongodb/package.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"version": "7[^"]*"/, '"version": "6.21.0"'));
    symlinkSync(ROOT, join(place, 'node_modules/mongotempo'), 'junction');
    writeFileSync(join(place, 'program.js'), TRACED_PROGRAM);
    const cluster = await TestCluster.start({ topology: 'standalone', seed: 1 });
    try {
      const child = spawn(process.execPath, ['program.js', cluster.uri], {
        cwd: place,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      assert.equal(errors, '');
      assert.deepEqual(JSON.parse(output), [
        { name: 'insert', collection: 'orders', status: 0, isChild: true },
        { name: 'find', collection: 'orders', status: 0, isChild: true },
        { name: 'getMore', collection: 'orders', status: 0, isChild: true },
        { name: 'nosuch', collection: '$cmd', status: 2, isChild: true },
      ]);
    } finally {
      await cluster.stop();
      rmSync(place, { recursive: true });
    }
  });
});
