import type { Attempt } from '../call/attempt.js';
import { HostAddress } from '../description/host_address.js';
import type { ServerDescription } from '../description/server_description.js';
import type { TopologyDescription } from '../description/topology_description.js';
import type { EventPublisher } from '../events/publisher.js';
import {
  ServerSelectionFailedEvent,
  ServerSelectionStartedEvent,
  ServerSelectionSucceededEvent,
  WaitingForSuitableServerEvent,
} from '../events/selection.js';
import { ServerClosedEvent, ServerDescriptionChangedEvent, ServerOpeningEvent } from '../events/server.js';
import { TopologyClosedEvent, TopologyDescriptionChangedEvent, TopologyOpeningEvent } from '../events/topology.js';
import type { Random } from '../runtime/random.js';

/** A safe integer has 53 bits. */
const TOPOLOGY_ID_BYTES = 7;
const TOPOLOGY_ID_BITS = 53;

/** The events of one topology. An event is built only if a sink wants it. */
export class TopologyEvents {
  /** Random, so that the events of several processes can be collected in one place (decision 15). */
  readonly topologyId: number;
  readonly #publisher: EventPublisher;

  constructor(publisher: EventPublisher, random: Random) {
    this.#publisher = publisher;
    this.topologyId = newTopologyId(random);
  }

  opening(): void {
    const { topologyId } = this;
    this.#publisher.publish('topologyOpening', stamp => new TopologyOpeningEvent({ topologyId }, stamp));
  }

  closed(): void {
    const { topologyId } = this;
    this.#publisher.publish('topologyClosed', stamp => new TopologyClosedEvent({ topologyId }, stamp));
  }

  changed(previousDescription: TopologyDescription, newDescription: TopologyDescription): void {
    const fields = { topologyId: this.topologyId, previousDescription, newDescription };
    this.#publisher.publish('topologyDescriptionChanged', stamp => new TopologyDescriptionChangedEvent(fields, stamp));
  }

  serverOpening(address: string): void {
    const fields = { topologyId: this.topologyId, address };
    this.#publisher.publish('serverOpening', stamp => new ServerOpeningEvent(fields, stamp));
  }

  serverClosed(address: string): void {
    const fields = { topologyId: this.topologyId, address };
    this.#publisher.publish('serverClosed', stamp => new ServerClosedEvent(fields, stamp));
  }

  serverChanged(previousDescription: ServerDescription, newDescription: ServerDescription): void {
    const { address } = newDescription;
    const fields = { topologyId: this.topologyId, address, previousDescription, newDescription };
    this.#publisher.publish('serverDescriptionChanged', stamp => new ServerDescriptionChangedEvent(fields, stamp));
  }

  /** Whether a sink wants an event that carries the duration of a selection. */
  get areSelectionsTimed(): boolean {
    return this.#publisher.wants('serverSelectionSucceeded') || this.#publisher.wants('serverSelectionFailed');
  }

  selectionStarted(attempt: Attempt, selector: string, topologyDescription: TopologyDescription): void {
    if (!this.#publisher.wants('serverSelectionStarted')) return;
    const fields = { ...selectionFields(attempt, selector), topologyDescription };
    this.#publisher.publish('serverSelectionStarted', stamp => new ServerSelectionStartedEvent(fields, stamp));
  }

  waiting(attempt: Attempt, selector: string, topologyDescription: TopologyDescription, remainingTimeMS: number): void {
    if (!this.#publisher.wants('waitingForSuitableServer')) return;
    const fields = { ...selectionFields(attempt, selector), topologyDescription, remainingTimeMS };
    this.#publisher.publish('waitingForSuitableServer', stamp => new WaitingForSuitableServerEvent(fields, stamp));
  }

  selected(
    attempt: Attempt,
    selector: string,
    topologyDescription: TopologyDescription,
    address: string,
    durationMS: number,
  ): void {
    if (!this.#publisher.wants('serverSelectionSucceeded')) return;
    const { host, port } = new HostAddress(address);
    const fields = {
      ...selectionFields(attempt, selector),
      topologyDescription,
      address,
      serverHost: host ?? address,
      serverPort: port,
      durationMS,
    };
    this.#publisher.publish('serverSelectionSucceeded', stamp => new ServerSelectionSucceededEvent(fields, stamp));
  }

  selectionFailed(
    attempt: Attempt,
    selector: string,
    topologyDescription: TopologyDescription,
    failure: Error,
    durationMS: number,
  ): void {
    if (!this.#publisher.wants('serverSelectionFailed')) return;
    const fields = { ...selectionFields(attempt, selector), topologyDescription, failure, durationMS };
    this.#publisher.publish('serverSelectionFailed', stamp => new ServerSelectionFailedEvent(fields, stamp));
  }
}

function newTopologyId(random: Random): number {
  const bits = random.bytes(TOPOLOGY_ID_BYTES).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return Number(BigInt.asUintN(TOPOLOGY_ID_BITS, bits));
}

function selectionFields({ commandName, operationId, number }: Attempt, selector: string) {
  return { selector, operation: commandName, operationId, attempt: number };
}
