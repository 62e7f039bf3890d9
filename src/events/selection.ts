import type { TopologyDescription } from '../description/topology_description.js';
import { complete, type EventFields, type EventStamp, MonitoringEvent } from './event.js';

/** What the events of one server selection have in common. @public */
export abstract class ServerSelectionEvent extends MonitoringEvent {
  /** What a server is looked for, in words: a read preference, `writable`, an address. */
  declare readonly selector: string;
  /** Name of the command for which the server is. */
  declare readonly operation: string;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName: string;
  /** 1 for the first attempt. */
  declare readonly attempt: number;
  /** What was known of the deployment. */
  declare readonly topologyDescription: TopologyDescription;

  /** @internal */
  constructor(fields: EventFields<ServerSelectionEvent>, stamp: EventStamp) {
    super(stamp);
    this.selector = fields.selector;
    this.operation = fields.operation;
    this.operationId = fields.operationId;
    this.operationName = fields.operationName;
    this.attempt = fields.attempt;
    this.topologyDescription = fields.topologyDescription;
  }
}

/** An operation looks for a server. @public */
export class ServerSelectionStartedEvent extends ServerSelectionEvent {
  /** @internal */
  constructor(fields: EventFields<ServerSelectionStartedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    Object.freeze(this);
  }

  get name() {
    return 'serverSelectionStarted' as const;
  }
}

/** No server suits now; the operation waits. At most once in a selection. @public */
export class WaitingForSuitableServerEvent extends ServerSelectionEvent {
  /** Milliseconds that are left for the selection; Infinity without a limit. */
  declare readonly remainingTimeMS: number;

  /** @internal */
  constructor(fields: EventFields<WaitingForSuitableServerEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'waitingForSuitableServer' as const;
  }
}

/** An operation found its server. @public */
export class ServerSelectionSucceededEvent extends ServerSelectionEvent {
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;
  /** Host of the server chosen. */
  declare readonly serverHost: string;
  /** Port of the server chosen. */
  declare readonly serverPort: number | undefined;
  /** Milliseconds since the selection began. */
  declare readonly durationMS: number;

  /** @internal */
  constructor(fields: EventFields<ServerSelectionSucceededEvent>, stamp: EventStamp) {
    super(fields, stamp);
    this.address = fields.address;
    this.serverHost = fields.serverHost;
    this.serverPort = fields.serverPort;
    this.durationMS = fields.durationMS;
    Object.freeze(this);
  }

  get name() {
    return 'serverSelectionSucceeded' as const;
  }
}

/** An operation did not find a server. @public */
export class ServerSelectionFailedEvent extends ServerSelectionEvent {
  /** Why it failed; of a redacted command only code, codeName and labels. */
  declare readonly failure: Error;
  /** Milliseconds since the selection began. */
  declare readonly durationMS: number;

  /** @internal */
  constructor(fields: EventFields<ServerSelectionFailedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'serverSelectionFailed' as const;
  }
}
