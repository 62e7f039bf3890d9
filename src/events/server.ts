import type { Document } from '../bson/index.js';
import type { ServerDescription } from '../description/server_description.js';
import { complete, type EventFields, type EventStamp, MonitoringEvent } from './event.js';

/** A server was added to the topology. @public */
export class ServerOpeningEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;

  /** @internal */
  constructor(fields: EventFields<ServerOpeningEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'serverOpening' as const;
  }
}

/** A server was removed from the topology. @public */
export class ServerClosedEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;

  /** @internal */
  constructor(fields: EventFields<ServerClosedEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'serverClosed' as const;
  }
}

/** What is known about a server changed; round trip times and the time of the last write do not count. @public */
export class ServerDescriptionChangedEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;
  /** What was known before. */
  declare readonly previousDescription: ServerDescription;
  /** What is known now. */
  declare readonly newDescription: ServerDescription;
  /** The operation whose error showed it; absent if a monitor did. */
  declare readonly operationId?: number;
  /** Its public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName?: string;
  /** 1 for its first attempt. */
  declare readonly attempt?: number;

  /** @internal */
  constructor(fields: EventFields<ServerDescriptionChangedEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'serverDescriptionChanged' as const;
  }
}

/** A check of a server begins. @public */
export class ServerHeartbeatStartedEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;
  /** `host:port`, as in the official driver; the same as `address`. */
  declare readonly connectionId: string;
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;
  /** The monitoring connection's number, the same on the start and the end of one check. */
  declare readonly driverConnectionId?: number;
  /** Whether the server holds its answer back until something changes. */
  declare readonly awaited: boolean;

  /** @internal */
  constructor(fields: Omit<EventFields<ServerHeartbeatStartedEvent>, 'connectionId'>, stamp: EventStamp) {
    super(stamp);
    complete(this, { ...fields, connectionId: fields.address });
  }

  get name() {
    return 'serverHeartbeatStarted' as const;
  }
}

/** A server answered a check. @public */
export class ServerHeartbeatSucceededEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;
  /** `host:port`, as in the official driver; the same as `address`. */
  declare readonly connectionId: string;
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;
  /** Number of the monitor's connection. */
  declare readonly driverConnectionId?: number;
  /** Whether the server was asked to answer only when something changes. */
  declare readonly awaited: boolean;
  /** Milliseconds that the check took. For an awaited one this is mostly the time for which the server held its answer back. */
  declare readonly duration: number;
  /** The same as `duration`. */
  declare readonly durationMS: number;
  /** The server's reply. */
  declare readonly reply: Document;
  /** What the driver reads in the reply. */
  declare readonly description?: ServerDescription;

  /** @internal */
  constructor(fields: Omit<EventFields<ServerHeartbeatSucceededEvent>, 'connectionId'>, stamp: EventStamp) {
    super(stamp);
    complete(this, { ...fields, connectionId: fields.address, duration: fields.durationMS });
  }

  get name() {
    return 'serverHeartbeatSucceeded' as const;
  }
}

/** A check of a server failed, or the driver ended it. @public */
export class ServerHeartbeatFailedEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;
  /** `host:port`, as in the official driver; the same as `address`. */
  declare readonly connectionId: string;
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;
  /** Number of the monitor's connection. */
  declare readonly driverConnectionId?: number;
  /** Whether the server was asked to answer only when something changes. */
  declare readonly awaited: boolean;
  /** Milliseconds until the check had failed. */
  declare readonly duration: number;
  /** The same as `duration`. */
  declare readonly durationMS: number;
  /** Why it failed; of a redacted command only code, codeName and labels. */
  declare readonly failure: Error;
  /** Whether the driver itself ended the check: the client is closed, or an operation met a network error. */
  declare readonly cancelled: boolean;

  /** @internal */
  constructor(fields: Omit<EventFields<ServerHeartbeatFailedEvent>, 'connectionId'>, stamp: EventStamp) {
    super(stamp);
    complete(this, { ...fields, connectionId: fields.address, duration: fields.durationMS });
  }

  get name() {
    return 'serverHeartbeatFailed' as const;
  }
}
