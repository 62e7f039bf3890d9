import type { DriverName } from './drivers/driver.js';
import type { Feature } from './unified/features.js';

/** Tests that cannot be run, each with the reason. A test that a driver fails has its place in calibration.md instead. */
export interface KnownSkip {
  /** The path of a file below SPECIFICATIONS_DIR, or of a folder. */
  readonly path: string;
  /** The drivers that it is skipped for; without: all. */
  readonly drivers?: readonly DriverName[];
  readonly why: string;
}

const OFFICIAL: readonly DriverName[] = ['mongodb', 'mongodb-csot'];

export const knownSkips: readonly KnownSkip[] = [
  { path: 'client-side-encryption', why: 'client-side encryption' },
  {
    path: 'client-side-operations-timeout',
    drivers: ['mongodb'],
    why: 'timeoutMS does nothing since 7.8.0 of the official driver; --driver mongodb-csot has it',
  },
  { path: 'open-telemetry', drivers: OFFICIAL, why: 'the official driver has no OpenTelemetry of its own' },
];

/** Why tests that need a part of the driver are skipped for a driver that says that it lacks it. */
export const knownLacks: Readonly<Record<Feature, string>> = {
  authentication: 'the driver cannot authenticate yet',
  'change streams': 'the driver has no change streams yet',
  GridFS: 'the driver has no GridFS yet',
  'log messages': 'the driver writes no log messages yet',
  tracing: 'the driver has no OpenTelemetry of its own',
};

export function knownSkip(path: string, driver: DriverName): string | undefined {
  return knownSkips.find(
    known => (path === known.path || path.startsWith(`${known.path}/`)) && (known.drivers?.includes(driver) ?? true),
  )?.why;
}
