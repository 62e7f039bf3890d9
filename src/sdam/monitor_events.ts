import type { Document } from '../bson/index.js';
import type { ServerDescription } from '../description/server_description.js';
import type { EventPublisher } from '../events/publisher.js';
import {
  ServerHeartbeatFailedEvent,
  ServerHeartbeatStartedEvent,
  ServerHeartbeatSucceededEvent,
} from '../events/server.js';

/** The heartbeat events of one monitor. Each start is followed by exactly one end. */
export class MonitorEvents {
  readonly #publisher: EventPublisher;
  readonly #topologyId: number;
  readonly #address: string;

  constructor(publisher: EventPublisher, topologyId: number, address: string) {
    this.#publisher = publisher;
    this.#topologyId = topologyId;
    this.#address = address;
  }

  started(driverConnectionId: number, awaited: boolean): void {
    const fields = {
      topologyId: this.#topologyId,
      connectionId: this.#address,
      address: this.#address,
      driverConnectionId,
      awaited,
    };
    this.#publisher.publish('serverHeartbeatStarted', stamp => new ServerHeartbeatStartedEvent(fields, stamp), null);
  }

  succeeded(
    driverConnectionId: number,
    awaited: boolean,
    durationMS: number,
    reply: Document,
    description: ServerDescription,
  ): void {
    const fields = {
      topologyId: this.#topologyId,
      connectionId: this.#address,
      address: this.#address,
      driverConnectionId,
      awaited,
      durationMS,
      reply,
      description,
    };
    this.#publisher.publish(
      'serverHeartbeatSucceeded',
      stamp => new ServerHeartbeatSucceededEvent(fields, stamp),
      null,
    );
  }

  failed(driverConnectionId: number, awaited: boolean, durationMS: number, failure: Error, cancelled: boolean): void {
    const fields = {
      topologyId: this.#topologyId,
      connectionId: this.#address,
      address: this.#address,
      driverConnectionId,
      awaited,
      durationMS,
      failure,
      cancelled,
    };
    this.#publisher.publish('serverHeartbeatFailed', stamp => new ServerHeartbeatFailedEvent(fields, stamp), null);
  }
}
