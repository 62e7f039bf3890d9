import { context, type HrTime } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Long } from '../../../src/index.js';
import type { ObservedSpan } from '../unified/tracing.js';

let hasContexts = false;

/** A provider of tracers that passes on each root span when it has ended, with all that were started below it. */
export function recordingProvider(write: (span: ObservedSpan) => void): BasicTracerProvider {
  hasContexts ||= context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const waiting = new Map<string, ReadableSpan[]>();
  const nestedOf = (id: string): ObservedSpan[] => (waiting.get(id) ?? []).toSorted(byStart).map(observed);
  const observed = (span: ReadableSpan): ObservedSpan => ({
    name: span.name,
    attributes: Object.fromEntries(Object.entries(span.attributes).map(([name, value]) => [name, typed(value)])),
    nested: nestedOf(span.spanContext().spanId),
  });
  const exporter = {
    export(spans: readonly ReadableSpan[]) {
      for (const span of spans) {
        const parent = span.parentSpanContext?.spanId;
        if (parent === undefined) write(observed(span));
        else waiting.set(parent, [...(waiting.get(parent) ?? []), span]);
      }
    },
    shutdown: () => Promise.resolve(),
  };
  return new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
}

function byStart(a: ReadableSpan, b: ReadableSpan): number {
  return millis(a.startTime) - millis(b.startTime);
}

function millis([seconds, nanos]: HrTime): number {
  return seconds * 1000 + nanos / 1e6;
}

/** Integers of OpenTelemetry have 64 bits. */
function typed(value: unknown): unknown {
  return Number.isInteger(value) ? Long.fromNumber(value as number) : value;
}
