import type { Driver, DriverName } from './driver.js';
import { officialDriver } from './mongodb.js';
import { mongotempoDriver } from './mongotempo.js';

export const driverNames: readonly DriverName[] = ['mongotempo', 'mongodb', 'mongodb-csot'];

export function loadDriver(name: DriverName): Driver {
  switch (name) {
    case 'mongotempo':
      return mongotempoDriver;
    // 7.9.0, and 7.7.0: the last release whose `timeoutMS` works.
    case 'mongodb':
    case 'mongodb-csot':
      return officialDriver(name, name);
    default:
      return name satisfies never;
  }
}
