import { type Attempt, originOf } from '../call/attempt.js';
import { HostAddress } from '../description/host_address.js';
import type { ServerDescription } from '../description/server_description.js';
import type { TopologyDescription } from '../description/topology_description.js';
import type { EventPublisher, EventTopic } from '../events/publisher.js';
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
  readonly #selectionStarted: EventTopic<'serverSelectionStarted'>;
  readonly #selectionSucceeded: EventTopic<'serverSelectionSucceeded'>;
  readonly #selectionFailed: EventTopic<'serverSelectionFailed'>;
  /** The servers that have been selected while there was a listener. */
  readonly #hosts = new Map<string, HostAddress>();

  constructor(publisher: EventPublisher, random: Random) {
    this.#publisher = publisher;
    this.#selectionStarted = publisher.topic('serverSelectionStarted');
    this.#selectionSucceeded = publisher.topic('serverSelectionSucceeded');
    this.#selectionFailed = publisher.topic('serverSelectionFailed');
    this.topologyId = newTopologyId(random);
  }

  opening(): void {
    const { topologyId } = this;
    this.#publisher.publish('topologyOpening', stamp => new TopologyOpeningEvent({ topologyId }, stamp), null);
  }

  closed(): void {
    const { topologyId } = this;
    this.#publisher.publish('topologyClosed', stamp => new TopologyClosedEvent({ topologyId }, stamp), null);
  }

  /** @param cause - the attempt whose error showed the change; null if none did */
  changed(
    previousDescription: TopologyDescription,
    newDescription: TopologyDescription,
    cause: Attempt | null = null,
  ): void {
    const origin = cause === null ? undefined : originOf(cause);
    const fields = { topologyId: this.topologyId, previousDescription, newDescription, ...origin };
    this.#publisher.publish(
      'topologyDescriptionChanged',
      stamp => new TopologyDescriptionChangedEvent(fields, stamp),
      cause,
    );
  }

  serverOpening(address: string): void {
    const fields = { topologyId: this.topologyId, address };
    this.#publisher.publish('serverOpening', stamp => new ServerOpeningEvent(fields, stamp), null);
  }

  serverClosed(address: string): void {
    this.#hosts.delete(address);
    const fields = { topologyId: this.topologyId, address };
    this.#publisher.publish('serverClosed', stamp => new ServerClosedEvent(fields, stamp), null);
  }

  serverChanged(
    previousDescription: ServerDescription,
    newDescription: ServerDescription,
    cause: Attempt | null,
  ): void {
    const { address } = newDescription;
    const origin = cause === null ? undefined : originOf(cause);
    const fields = { topologyId: this.topologyId, address, previousDescription, newDescription, ...origin };
    this.#publisher.publish(
      'serverDescriptionChanged',
      stamp => new ServerDescriptionChangedEvent(fields, stamp),
      cause,
    );
  }

  /** Whether a sink wants an event that carries the duration of a selection. */
  get areSelectionsTimed(): boolean {
    return this.#selectionSucceeded.isWanted || this.#selectionFailed.isWanted;
  }

  /** @param now - the clock's time, of a caller that has just looked at it */
  selectionStarted(attempt: Attempt, selector: string, topologyDescription: TopologyDescription, now?: number): void {
    const topic = this.#selectionStarted;
    if (!topic.isWanted) return;
    const fields = selectionFields(attempt, selector, topologyDescription);
    topic.publish(new ServerSelectionStartedEvent(fields, topic.stamp(now)), attempt);
  }

  /** The selection waits: it may end while others run. */
  waiting(attempt: Attempt, selector: string, topologyDescription: TopologyDescription, remainingTimeMS: number): void {
    if (this.areSelectionsTimed) attempt.keepAsyncScope();
    if (!this.#publisher.wants('waitingForSuitableServer')) return;
    const fields = { ...selectionFields(attempt, selector, topologyDescription), remainingTimeMS };
    this.#publisher.publish(
      'waitingForSuitableServer',
      stamp => new WaitingForSuitableServerEvent(fields, stamp),
      attempt,
    );
  }

  /** @param now - the clock's time, of a caller that has just looked at it */
  selected(
    attempt: Attempt,
    selector: string,
    topologyDescription: TopologyDescription,
    address: string,
    startedAt: number,
    now: number,
  ): void {
    const topic = this.#selectionSucceeded;
    if (!topic.isWanted) return;
    const { host, port } = this.#hostOf(address);
    const fields = {
      selector,
      operation: attempt.commandName,
      operationId: attempt.operationId,
      operationName: attempt.operationName,
      attempt: attempt.number,
      topologyDescription,
      address,
      serverHost: host ?? address,
      serverPort: port,
      durationMS: now - startedAt,
    };
    topic.publish(new ServerSelectionSucceededEvent(fields, topic.stamp(now)), attempt);
  }

  #hostOf(address: string): HostAddress {
    const known = this.#hosts.get(address);
    if (known !== undefined) return known;
    const host = new HostAddress(address);
    this.#hosts.set(address, host);
    return host;
  }

  selectionFailed(
    attempt: Attempt,
    selector: string,
    topologyDescription: TopologyDescription,
    failure: Error,
    durationMS: number,
  ): void {
    const topic = this.#selectionFailed;
    if (!topic.isWanted) return;
    const fields = { ...selectionFields(attempt, selector, topologyDescription), failure, durationMS };
    topic.publish(new ServerSelectionFailedEvent(fields, topic.stamp()), attempt);
  }
}

function newTopologyId(random: Random): number {
  const bits = random.bytes(TOPOLOGY_ID_BYTES).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return Number(BigInt.asUintN(TOPOLOGY_ID_BITS, bits));
}

function selectionFields(attempt: Attempt, selector: string, topologyDescription: TopologyDescription) {
  return {
    selector,
    operation: attempt.commandName,
    operationId: attempt.operationId,
    operationName: attempt.operationName,
    attempt: attempt.number,
    topologyDescription,
  };
}
