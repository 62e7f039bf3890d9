'use strict';
// A service whose operators can follow one request through its log, its metrics and its spans: by the operation id of the driver.

const { trace } = require('@opentelemetry/api');
const Fastify = require('fastify');
const { MongoClient, MongoOperationTimeoutError, withDeadline } = require('mongotempo');
const { pino } = require('pino');
const prometheus = require('prom-client');

/** The longest time that a request may take, in milliseconds. */
const LONGEST_MS = 5000;

/**
 * @param {string} uri of the database
 * @param {{ write(line: string): void }} [destination] of the log; default: stdout
 * @returns {{ app: import('fastify').FastifyInstance, client: MongoClient }}
 */
function makeService(uri, destination) {
  const log = pino({ level: 'debug' }, destination);
  const client = new MongoClient(uri, {
    // Commands, connections and selections, as records of the service's own log.
    mongodbLogPath: { write: ({ s, message, ...fields }) => log[s](fields, message) },
    mongodbLogComponentSeverities: { command: 'debug', serverSelection: 'info', connection: 'info', topology: 'info' },
    tracing: { enabled: true },
  });
  const metrics = observe(client);
  const orders = client.db('shop').collection('orders');
  const app = Fastify({ loggerInstance: log });

  // Each request has the time that its caller gives it, for all that it does with the database.
  app.addHook('onRequest', (request, _reply, done) => {
    const budget = Number(request.headers['x-timeout-ms']);
    withDeadline(Number.isSafeInteger(budget) && budget > 0 ? Math.min(budget, LONGEST_MS) : LONGEST_MS, done);
  });

  app.get('/orders/:number', request =>
    trace.getTracer('observed-service').startActiveSpan('GET /orders/:number', async span => {
      try {
        return await orders.findOne({ number: Number(request.params.number) });
      } finally {
        span.end();
      }
    }),
  );

  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));

  app.setErrorHandler((error, request, reply) => {
    if (!(error instanceof MongoOperationTimeoutError)) return reply.send(error);
    const { operationId, phase, timings, attempts, message } = error;
    request.log.warn({ operationId, phase, timings, hosts: attempts.map(({ host }) => host) }, message);
    return reply.code(504).send({ error: 'The database took too long', operationId });
  });

  app.addHook('onClose', () => client.close());
  return { app, client };
}

/** Counts of the client, for Prometheus. Gauges are read from the pools when they are asked for. */
function observe(client) {
  const register = new prometheus.Registry();
  const duration = new prometheus.Histogram({
    name: 'mongodb_operation_duration_seconds',
    help: 'Time of operations, by name and outcome',
    labelNames: ['operation', 'outcome'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2],
    registers: [register],
  });
  const timeouts = new prometheus.Counter({
    name: 'mongodb_operation_timeouts_total',
    help: 'Operations that ran out of time, by the phase in which they were',
    labelNames: ['operation', 'phase'],
    registers: [register],
  });
  new prometheus.Gauge({
    name: 'mongodb_connections',
    help: 'Connections, by server and state',
    labelNames: ['server', 'state'],
    registers: [register],
    collect() {
      this.reset();
      for (const { address, idle, inUse, pending } of client.poolStats()) {
        for (const [state, count] of Object.entries({ idle, inUse, pending }))
          this.set({ server: address, state }, count);
      }
    },
  });
  client.on('operationSucceeded', ({ operationName, durationMS }) => {
    duration.observe({ operation: operationName, outcome: 'success' }, durationMS / 1000);
  });
  client.on('operationFailed', ({ operationName, durationMS, failure }) => {
    duration.observe({ operation: operationName, outcome: 'failure' }, durationMS / 1000);
    if (failure instanceof MongoOperationTimeoutError) {
      timeouts.inc({ operation: operationName, phase: failure.phase ?? 'unknown' });
    }
  });
  return register;
}

module.exports = { makeService };
