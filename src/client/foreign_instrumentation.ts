import { isPackageLoaded } from '../runtime/installed_packages.js';

const INSTRUMENTATION = '@opentelemetry/instrumentation-mongodb';

let hasLooked = false;

/**
 * Warns, once in a process, that the instrumentation for the official driver sees nothing of this one: it patches files that this package does not have, unless the
 * program has it stand in for `mongodb` (docs/migration.md). A program that has decided about tracing knows.
 *
 * @param hasDecided - also where something is patched
 */
export function warnOfForeignInstrumentation(hasDecided: boolean): void {
  if (hasDecided || hasLooked) return;
  hasLooked = true;
  if (!isPackageLoaded(INSTRUMENTATION)) return;
  process.emitWarning(
    `${INSTRUMENTATION} is loaded, and sees nothing of this driver, which makes its spans itself: set the client option ` +
      'tracing: { enabled: true }, or OTEL_NODEJS_INSTRUMENTATION_MONGODB_ENABLED=true; false makes this warning go away',
    'MongoTracingWarning',
  );
}
