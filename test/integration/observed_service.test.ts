import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { TestCluster } from 'mongotempo-server';
import { failCommand } from '../support/cluster.js';

interface Response {
  readonly statusCode: number;
  readonly body: string;
}

interface Service {
  readonly app: {
    inject(request: { url: string; headers?: Record<string, string> }): Promise<Response>;
    close(): Promise<void>;
  };
}

const { makeService } = createRequire(__filename)('../../../examples/observed-service/service.js') as {
  makeService: (uri: string, destination: { write(line: string): void }) => Service;
};

interface LogLine {
  readonly operationId?: number;
  readonly phase?: string;
  readonly commandName?: string;
  readonly msg?: string;
}

describe('examples/observed-service', () => {
  it('has one request that ran out of time in its log, its metrics and its spans, under one operation id', async () => {
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    await using cluster = await TestCluster.start();
    const lines: LogLine[] = [];
    const { app } = makeService(cluster.uri, { write: line => lines.push(JSON.parse(line) as LogLine) });
    try {
      assert.equal((await app.inject({ url: '/orders/1' })).statusCode, 200);
      await failCommand(cluster.uri, { failCommands: ['find'], blockConnection: true, blockTimeMS: 600_000 });

      const late = await app.inject({ url: '/orders/1', headers: { 'x-timeout-ms': '50' } });

      assert.equal(late.statusCode, 504);
      const { operationId } = JSON.parse(late.body) as { operationId: number };
      assert.equal(typeof operationId, 'number');
      // The log: the line of the request, and those of its command, if the time sufficed to send it.
      const own = lines.filter(line => line.operationId === operationId);
      const [request] = own.filter(({ phase }) => phase !== undefined);
      assert.match(request?.msg ?? '', /timeoutMS=50 of withDeadline/);
      // The metrics: a timeout in the same phase.
      const metrics = (await app.inject({ url: '/metrics' })).body;
      const counted = `mongodb_operation_timeouts_total{operation="findOne",phase="${String(request?.phase)}"} 1`;
      assert.ok(metrics.includes(counted), metrics);
      assert.match(metrics, /^mongodb_connections\{server="[^"]+",state="inUse"\} \d+$/m);
      // The spans: the operation's, below that of the request, with its timeout.
      const spans = exporter.getFinishedSpans();
      const [span] = spans.filter(({ attributes }) => attributes['mongodb.operation_id'] === operationId);
      assert.ok(span !== undefined, spans.map(({ name }) => name).join());
      const timeout = span.events.find(({ name }) => name === 'mongodb.timeout');
      assert.equal(timeout?.attributes?.['mongodb.timeout.phase'], request?.phase);
      const parent = spans.find(one => one.spanContext().spanId === span.parentSpanContext?.spanId);
      assert.equal(parent?.name, 'GET /orders/:number');
    } finally {
      await app.close();
    }
  });
});
