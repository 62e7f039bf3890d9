import { lookup as lookupName } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { TransportHandler } from './transport.js';

/** Finds the addresses of a name, and tells when it has: from then on it is the connection that may fail. */
export function announcedLookup(lookup: LookupFunction | undefined, handler: TransportHandler): LookupFunction {
  return (name, options, callback) => {
    (lookup ?? lookupName)(name, options, (error, address, family) => {
      if (!(error instanceof Error)) handler.onStep('connect');
      callback(error, address, family);
    });
  };
}
