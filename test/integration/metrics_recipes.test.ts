import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runInThisContext } from 'node:vm';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { MongoClient } from 'mongotempo';
import * as promClient from 'prom-client';
import { ScriptedServer } from '../support/scripted_server.js';

/** The recipes of docs/metrics.md by their names. */
const RECIPES = new Map(
  [...readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8').matchAll(/```js (\w+)\n(.*?)```/gs)].map(
    ([, name = '', code = '']) => [name, code],
  ),
);

/** Runs a recipe with these names in its scope; returns the value of an expression after it. */
function runRecipe(name: string, scope: Record<string, unknown>, result = 'undefined'): unknown {
  const code = RECIPES.get(name);
  assert.ok(code, `docs/metrics.md has no recipe ${name}`);
  const recipe = runInThisContext(`(${Object.keys(scope).join(', ')}) => {\n${code}\nreturn ${result};}`) as (
    ...given: unknown[]
  ) => unknown;
  return recipe(...Object.values(scope));
}

async function listen() {
  const server = await ScriptedServer.listen();
  server.answer = ({ name }) =>
    name === 'find'
      ? { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [{ _id: 1 }] } }
      : { ok: name === 'count' ? 0 : 1, code: 8000, errmsg: 'no' };
  const { host, port } = server.target as { host: string; port: number };
  return { server, address: `${host}:${port}`, uri: `mongodb://${host}:${port}` };
}

async function use(client: MongoClient): Promise<void> {
  const orders = client.db('shop').collection('orders');
  await orders.findOne({});
  await assert.rejects(orders.estimatedDocumentCount());
}

describe('recipes for metrics', () => {
  it('OpenTelemetry: every metric of the conventions, and what the pool holds', async () => {
    const { server, address, uri } = await listen();
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const scope = { MeterProvider, PeriodicExportingMetricReader, MongoClient, exporter, uri };
    const made = runRecipe('otel', scope, '{ client, meterProvider }');
    const { client, meterProvider } = made as { client: MongoClient; meterProvider: MeterProvider };
    try {
      await use(client);
      await meterProvider.forceFlush();
      const metrics = exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? [];
      const pointsOf = (name: string) => metrics.find(metric => metric.descriptor.name === name)?.dataPoints ?? [];
      const valuesOf = (name: string) => pointsOf(name).map(({ attributes, value }) => [attributes, value]);
      const pool = { 'db.client.connection.pool.name': address };

      assert.deepEqual(valuesOf('db.client.connection.count'), [
        [{ ...pool, 'db.client.connection.state': 'idle' }, client.poolStats()[0]!.idle],
        [{ ...pool, 'db.client.connection.state': 'used' }, 0],
      ]);
      assert.deepEqual(valuesOf('db.client.connection.max'), [[pool, 100]]);
      assert.deepEqual(valuesOf('db.client.connection.idle.max'), [[pool, 100]]);
      assert.deepEqual(valuesOf('db.client.connection.idle.min'), [[pool, 0]]);
      assert.deepEqual(valuesOf('db.client.connection.pending_requests'), [[pool, 0]]);
      for (const name of ['create_time', 'wait_time', 'use_time']) {
        assert.deepEqual(pointsOf(`db.client.connection.${name}`)[0]?.attributes, pool, name);
      }
      const [host, port] = address.split(':');
      const common = {
        'db.system.name': 'mongodb',
        'db.namespace': 'shop',
        'db.collection.name': 'orders',
        'server.address': host,
        'server.port': Number(port),
        'network.transport': 'tcp',
      };
      assert.deepEqual(
        pointsOf('db.client.operation.duration').map(({ attributes }) => attributes),
        [
          { ...common, 'db.operation.name': 'find' },
          {
            ...common,
            'db.operation.name': 'count',
            'error.type': 'MongoServerError',
            'db.response.status_code': '8000',
          },
        ],
      );

      await client.close();
      exporter.reset();
      await meterProvider.forceFlush();
      const after = exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? [];
      const counts = after.find(({ descriptor }) => descriptor.name === 'db.client.connection.count');
      assert.deepEqual(
        counts?.dataPoints.map(({ value }) => value),
        [0, 0],
      );
    } finally {
      await client.close();
      await meterProvider.shutdown();
      await server.stop();
    }
  });

  it('Prometheus: operations by outcome, waits, and what the pool holds', async () => {
    const { server, address, uri } = await listen();
    const client = new MongoClient(uri);
    try {
      runRecipe('prometheus', { client, promClient });
      await use(client);
      const page = await promClient.register.metrics();
      assert.match(page, /^mongodb_operation_seconds_count\{operation="findOne",outcome="ok"\} 1$/m);
      assert.match(
        page,
        /^mongodb_operation_seconds_count\{operation="estimatedDocumentCount",outcome="MongoServerError"\} 1$/m,
      );
      assert.ok(page.includes(`mongodb_pool_wait_seconds_count{pool="${address}"} 2`));
      assert.ok(page.includes(`mongodb_pool_connections{pool="${address}",state="in use"} 0`));
    } finally {
      await client.close();
      await server.stop();
    }
  });
});
