'use strict';
// node main.js mongodb://localhost:27017

const { context, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { BasicTracerProvider, BatchSpanProcessor, ConsoleSpanExporter } = require('@opentelemetry/sdk-trace-base');
const { makeService } = require('./service.js');

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(new ConsoleSpanExporter())] }),
);

const { app } = makeService(process.argv[2] ?? 'mongodb://localhost:27017');
app.listen({ port: 3000 }).then(address => console.error(`try: curl -H 'x-timeout-ms: 50' ${address}/orders/1`));
