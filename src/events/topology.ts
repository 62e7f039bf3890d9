import type { TopologyDescription } from '../description/topology_description.js';
import { complete, type EventFields, type EventStamp, MonitoringEvent } from './event.js';

/** A client begins to watch its deployment. @public */
export class TopologyOpeningEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;

  /** @internal */
  constructor(fields: EventFields<TopologyOpeningEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'topologyOpening' as const;
  }
}

/** A client has stopped watching its deployment: the last event of the topology. @public */
export class TopologyClosedEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;

  /** @internal */
  constructor(fields: EventFields<TopologyClosedEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'topologyClosed' as const;
  }
}

/** What is known about the deployment changed. @public */
export class TopologyDescriptionChangedEvent extends MonitoringEvent {
  /** The same for all events of one connected client, and different from those of others: a random number of 53 bits. */
  declare readonly topologyId: number;
  /** What was known before. */
  declare readonly previousDescription: TopologyDescription;
  /** What is known now. */
  declare readonly newDescription: TopologyDescription;
  /** The operation whose error showed it; absent if a monitor did. */
  declare readonly operationId?: number;
  /** Its public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName?: string;
  /** 1 for its first attempt. */
  declare readonly attempt?: number;

  /** @internal */
  constructor(fields: EventFields<TopologyDescriptionChangedEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'topologyDescriptionChanged' as const;
  }
}

/** One SRV record of a deployment. @public */
export interface SrvTarget {
  readonly name: string;
  readonly port: number;
}

/** The SRV records of the connection string's host were read again. @public */
export class SrvPollingEvent extends MonitoringEvent {
  /** The records found that may be used; their names in ASCII, in lower case, without the dot of the root. */
  declare readonly srvRecords: readonly SrvTarget[];

  /** @internal */
  constructor(fields: Omit<EventFields<SrvPollingEvent>, 'hostnames'>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'srvRecordDiscovery' as const;
  }

  /** `host:port` of each of them. */
  hostnames(): Set<string> {
    return new Set(this.srvRecords.map(({ name, port }) => `${name}:${port}`));
  }
}
