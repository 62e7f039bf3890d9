import { type LoadPackage, optionalPackage } from '../runtime/optional_package.js';
import type { MongoMeterProvider } from './metrics_options.js';

/** The package whose interfaces tracing and metrics use. */
const API_PACKAGE = '@opentelemetry/api';

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR` of `@opentelemetry/api`. */
export const CLIENT_KIND = 2;
export const ERROR_STATUS = 2;

export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A context of `@opentelemetry/api`: opaque here. */
export interface TelemetryContext {
  getValue(key: symbol): unknown;
}

/** Seconds and nanoseconds since 1970. */
export type HrTime = [number, number];

/** The part of a span that the driver uses. */
export interface Span {
  isRecording(): boolean;
  setAttribute(name: string, value: AttributeValue): unknown;
  setAttributes(attributes: Attributes): unknown;
  addEvent(name: string, attributes?: Attributes, time?: HrTime): unknown;
  recordException(exception: { name?: string; message?: string; stack?: string }): void;
  setStatus(status: { code: number; message?: string }): unknown;
  end(time?: HrTime): void;
}

/** What a span begins with. */
export interface SpanOptions {
  readonly kind: number;
  readonly attributes: Attributes;
  readonly startTime?: HrTime;
}

export interface Tracer {
  startSpan(name: string, options: SpanOptions, context: TelemetryContext): Span;
}

/**
 * A provider of tracers: `TracerProvider` of `@opentelemetry/api` fits.
 *
 * @public
 */
export interface MongoTracerProvider {
  /** A tracer for spans of this package. */
  getTracer(name: string, version?: string): unknown;
}

/** Shows what an instrument holds when metrics are collected. */
export interface ObservableInstrument {
  addCallback(callback: (result: unknown) => void): void;
}

export interface Observer {
  observe(instrument: ObservableInstrument, value: number, attributes: Attributes): void;
}

interface MetricOptions {
  readonly unit: string;
  readonly advice?: { readonly explicitBucketBoundaries: number[] };
}

/** The part of a meter that the driver uses. */
export interface Meter {
  createHistogram(name: string, options: MetricOptions): { record(value: number, attributes: Attributes): void };
  createCounter(name: string, options: MetricOptions): { add(value: number, attributes: Attributes): void };
  createObservableUpDownCounter(name: string, options: MetricOptions): ObservableInstrument;
  addBatchObservableCallback(callback: (observer: Observer) => void, observed: ObservableInstrument[]): void;
  removeBatchObservableCallback(callback: (observer: Observer) => void, observed: ObservableInstrument[]): void;
}

/** The part of `@opentelemetry/api` that the driver uses. */
export interface TelemetryAPI {
  readonly metrics: MongoMeterProvider;
  readonly context: { active(): TelemetryContext };
  readonly trace: MongoTracerProvider & {
    setSpan(context: TelemetryContext, span: Span): TelemetryContext;
    /** The API's own provider knows whether another one is registered. */
    getTracerProvider?(): { getDelegateTracer?(name: string, version: string): unknown };
  };
}

/**
 * Loads `@opentelemetry/api`, which programs install beside this package.
 *
 * @param purpose - the option that needs it
 * @throws MongoMissingDependencyError if it is not installed
 */
export function loadTelemetryAPI(purpose: string, load?: LoadPackage): TelemetryAPI {
  return optionalPackage(API_PACKAGE, purpose, load) as TelemetryAPI;
}
