import type { EventStamp } from '../../../src/events/event.js';

export const stamp: EventStamp = { sequence: 7, time: new Date(0), monotonicTimeMS: 12.5 };

/** The fields that all events of one command have. */
export const command = {
  address: 'a:27017',
  connectionId: 3,
  serverConnectionId: 12n,
  requestId: 40,
  operationId: 5,
  operationName: 'findOne',
  attempt: 1,
  databaseName: 'shop',
  commandName: 'find',
  redacted: false,
};
