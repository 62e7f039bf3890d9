import type { ObjectId } from '../bson/index.js';
import {
  ConnectionPendingResponseFailedEvent,
  ConnectionPendingResponseStartedEvent,
  ConnectionPendingResponseSucceededEvent,
} from '../events/pending_response.js';
import {
  ConnectionCheckedInEvent,
  ConnectionCheckedOutEvent,
  ConnectionCheckOutFailedEvent,
  type ConnectionCheckOutFailedReason,
  ConnectionCheckOutStartedEvent,
  ConnectionClosedEvent,
  type ConnectionClosedReason,
  ConnectionCreatedEvent,
  ConnectionPoolClearedEvent,
  ConnectionPoolClosedEvent,
  ConnectionPoolCreatedEvent,
  ConnectionPoolReadyEvent,
  ConnectionReadyEvent,
  type PoolCreatedOptions,
  type PoolSnapshot,
} from '../events/pool.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Clock } from '../runtime/clock.js';
import type { Connection } from './connection.js';
import type { Purpose } from './purpose.js';

/** The events of one pool. Each method builds nothing unless somebody listens. */
export class PoolEvents {
  readonly #publisher: EventPublisher;
  readonly #clock: Clock;
  readonly #address: string;
  readonly #snapshot: () => PoolSnapshot;

  constructor(publisher: EventPublisher, clock: Clock, address: string, snapshot: () => PoolSnapshot) {
    this.#publisher = publisher;
    this.#clock = clock;
    this.#address = address;
    this.#snapshot = snapshot;
  }

  created(options: PoolCreatedOptions): void {
    const address = this.#address;
    this.#publisher.publish(
      'connectionPoolCreated',
      stamp => new ConnectionPoolCreatedEvent({ address, options }, stamp),
    );
  }

  ready(): void {
    const address = this.#address;
    this.#publisher.publish('connectionPoolReady', stamp => new ConnectionPoolReadyEvent({ address }, stamp));
  }

  cleared(error: Error | undefined, interruptInUseConnections: boolean, serviceId?: ObjectId): void {
    const fields = { address: this.#address, error, interruptInUseConnections, serviceId };
    this.#publisher.publish(
      'connectionPoolCleared',
      stamp => new ConnectionPoolClearedEvent({ ...fields, pool: this.#snapshot() }, stamp),
    );
  }

  closed(): void {
    const address = this.#address;
    this.#publisher.publish('connectionPoolClosed', stamp => new ConnectionPoolClosedEvent({ address }, stamp));
  }

  connectionCreated({ id: connectionId }: Connection): void {
    const address = this.#address;
    this.#publisher.publish('connectionCreated', stamp => new ConnectionCreatedEvent({ address, connectionId }, stamp));
  }

  connectionReady({ id: connectionId, createdAt }: Connection): void {
    const address = this.#address;
    const durationMS = this.#clock.now() - createdAt;
    this.#publisher.publish(
      'connectionReady',
      stamp => new ConnectionReadyEvent({ address, connectionId, durationMS }, stamp),
    );
  }

  connectionClosed(connection: Connection, reason: ConnectionClosedReason): void {
    const { id: connectionId, uses, createdAt } = connection;
    const error = reason === 'error' ? (connection.error ?? undefined) : undefined;
    const ageMS = this.#clock.now() - createdAt;
    const serviceId = connection.service?.id;
    const fields = { address: this.#address, connectionId, reason, serviceId, error, ageMS, uses };
    this.#publisher.publish('connectionClosed', stamp => new ConnectionClosedEvent(fields, stamp));
  }

  checkOutStarted(purpose: Purpose): void {
    if (!this.#publisher.wants('connectionCheckOutStarted')) return;
    const fields = { address: this.#address, ...this.#operationOf(purpose), pool: this.#snapshot() };
    this.#publisher.publish('connectionCheckOutStarted', stamp => new ConnectionCheckOutStartedEvent(fields, stamp));
  }

  checkedOut(connection: Connection, purpose: Purpose, durationMS: number): void {
    if (!this.#publisher.wants('connectionCheckedOut')) return;
    const fields = {
      address: this.#address,
      connectionId: connection.id,
      durationMS,
      ...this.#operationOf(purpose),
      pool: this.#snapshot(),
    };
    this.#publisher.publish('connectionCheckedOut', stamp => new ConnectionCheckedOutEvent(fields, stamp));
  }

  checkOutFailed(reason: ConnectionCheckOutFailedReason, error: Error, purpose: Purpose, durationMS: number): void {
    if (!this.#publisher.wants('connectionCheckOutFailed')) return;
    const fields = {
      address: this.#address,
      reason,
      error,
      durationMS,
      ...this.#operationOf(purpose),
      pool: this.#snapshot(),
    };
    this.#publisher.publish('connectionCheckOutFailed', stamp => new ConnectionCheckOutFailedEvent(fields, stamp));
  }

  checkedIn(connection: Connection, purpose: Purpose): void {
    if (!this.#publisher.wants('connectionCheckedIn')) return;
    const fields = {
      address: this.#address,
      connectionId: connection.id,
      ...this.#operationOf(purpose),
      pool: this.#snapshot(),
    };
    this.#publisher.publish('connectionCheckedIn', stamp => new ConnectionCheckedInEvent(fields, stamp));
  }

  pendingResponseStarted({ id: connectionId }: Connection, purpose: Purpose, timeoutMS: number): void {
    const fields = { address: this.#address, connectionId, timeoutMS, ...this.#operationOf(purpose) };
    this.#publisher.publish(
      'connectionPendingResponseStarted',
      stamp => new ConnectionPendingResponseStartedEvent(fields, stamp),
    );
  }

  pendingResponseSucceeded({ id: connectionId }: Connection, purpose: Purpose, durationMS: number): void {
    const fields = { address: this.#address, connectionId, durationMS, ...this.#operationOf(purpose) };
    this.#publisher.publish(
      'connectionPendingResponseSucceeded',
      stamp => new ConnectionPendingResponseSucceededEvent(fields, stamp),
    );
  }

  pendingResponseFailed(
    { id: connectionId, error }: Connection,
    purpose: Purpose,
    durationMS: number,
    reason: 'timeout' | 'error' | 'stale' | 'poolClosed',
  ): void {
    const fields = {
      address: this.#address,
      connectionId,
      durationMS,
      reason,
      error: error ?? undefined,
      ...this.#operationOf(purpose),
    };
    this.#publisher.publish(
      'connectionPendingResponseFailed',
      stamp => new ConnectionPendingResponseFailedEvent(fields, stamp),
    );
  }

  #operationOf({ operationId, attempt }: Purpose): { operationId: number; attempt: number } {
    return { operationId, attempt };
  }
}
