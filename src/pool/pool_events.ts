import type { ObjectId } from '../bson/index.js';
import type { Attempt } from '../call/attempt.js';
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
  type ConnectionPoolOptions,
  ConnectionPoolReadyEvent,
  ConnectionReadyEvent,
  type PoolSnapshot,
} from '../events/pool.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Clock } from '../runtime/clock.js';
import type { Connection } from './connection.js';

/** A reply that is awaited after its caller is gone. */
export interface LateResponse {
  /** Number of the request that the reply answers. */
  readonly requestId: number;
  readonly attempt: Attempt;
}

/** The events of one pool. A method builds nothing unless there is a listener. */
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

  created(options: ConnectionPoolOptions): void {
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

  checkOutStarted(attempt: Attempt): void {
    if (!this.#publisher.wants('connectionCheckOutStarted')) return;
    const fields = { address: this.#address, ...this.#operationOf(attempt), pool: this.#snapshot() };
    this.#publisher.publish('connectionCheckOutStarted', stamp => new ConnectionCheckOutStartedEvent(fields, stamp));
  }

  /** A check-out that did not wait. The clock is read only for a listener. */
  checkedOutAtOnce(connection: Connection, attempt: Attempt): void {
    if (!this.#publisher.wants('connectionCheckedOut')) {
      this.checkOutStarted(attempt);
      return;
    }
    const startedAt = this.#clock.now();
    this.checkOutStarted(attempt);
    this.checkedOut(connection, attempt, this.#clock.now() - startedAt);
  }

  checkedOut(connection: Connection, attempt: Attempt, durationMS: number): void {
    if (!this.#publisher.wants('connectionCheckedOut')) return;
    const fields = {
      address: this.#address,
      connectionId: connection.id,
      durationMS,
      ...this.#operationOf(attempt),
      pool: this.#snapshot(),
    };
    this.#publisher.publish('connectionCheckedOut', stamp => new ConnectionCheckedOutEvent(fields, stamp));
  }

  checkOutFailed(reason: ConnectionCheckOutFailedReason, error: Error, attempt: Attempt, durationMS: number): void {
    if (!this.#publisher.wants('connectionCheckOutFailed')) return;
    const fields = {
      address: this.#address,
      reason,
      error,
      durationMS,
      ...this.#operationOf(attempt),
      pool: this.#snapshot(),
    };
    this.#publisher.publish('connectionCheckOutFailed', stamp => new ConnectionCheckOutFailedEvent(fields, stamp));
  }

  checkedIn(connection: Connection, attempt: Attempt): void {
    if (!this.#publisher.wants('connectionCheckedIn')) return;
    const fields = {
      address: this.#address,
      connectionId: connection.id,
      ...this.#operationOf(attempt),
      pool: this.#snapshot(),
    };
    this.#publisher.publish('connectionCheckedIn', stamp => new ConnectionCheckedInEvent(fields, stamp));
  }

  pendingResponseStarted(connection: Connection, late: LateResponse, timeoutMS: number): void {
    const fields = { ...this.#lateFields(connection, late), timeoutMS };
    this.#publisher.publish(
      'connectionPendingResponseStarted',
      stamp => new ConnectionPendingResponseStartedEvent(fields, stamp),
    );
  }

  pendingResponseSucceeded(connection: Connection, late: LateResponse, durationMS: number): void {
    const fields = { ...this.#lateFields(connection, late), durationMS };
    this.#publisher.publish(
      'connectionPendingResponseSucceeded',
      stamp => new ConnectionPendingResponseSucceededEvent(fields, stamp),
    );
  }

  pendingResponseFailed(
    connection: Connection,
    late: LateResponse,
    durationMS: number,
    reason: 'timeout' | 'error' | 'stale' | 'poolClosed',
  ): void {
    const error = connection.error ?? undefined;
    const fields = { ...this.#lateFields(connection, late), durationMS, reason, error };
    this.#publisher.publish(
      'connectionPendingResponseFailed',
      stamp => new ConnectionPendingResponseFailedEvent(fields, stamp),
    );
  }

  #lateFields({ id: connectionId }: Connection, { requestId, attempt }: LateResponse) {
    return { address: this.#address, connectionId, requestId, ...this.#operationOf(attempt) };
  }

  #operationOf({ operationId, number }: Attempt): { operationId: number; attempt: number } {
    return { operationId, attempt: number };
  }
}
