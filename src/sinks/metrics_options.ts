/**
 * A provider of meters: `MeterProvider` of `@opentelemetry/api` fits.
 *
 * @public
 */
export interface MongoMeterProvider {
  /** A meter for metrics of this package. */
  getMeter(name: string, version?: string): unknown;
}

/**
 * Metrics of OpenTelemetry for what a client does. They need the package `@opentelemetry/api`.
 *
 * @public
 */
export interface MetricsOptions {
  /** Whether there are metrics. Default: false. */
  enabled?: boolean;
  /** Where the metrics go. Default: the provider that is registered with `@opentelemetry/api` when the client is made. */
  meterProvider?: MongoMeterProvider;
}
