import type { ObjectId } from '../bson/index.js';
import { type Attempt, originOf } from '../call/attempt.js';
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
import type { EventPublisher, EventTopic } from '../events/publisher.js';
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
  readonly #checkOutStarted: EventTopic<'connectionCheckOutStarted'>;
  readonly #checkOutFailed: EventTopic<'connectionCheckOutFailed'>;
  readonly #checkedOut: EventTopic<'connectionCheckedOut'>;
  readonly #checkedIn: EventTopic<'connectionCheckedIn'>;

  constructor(publisher: EventPublisher, clock: Clock, address: string, snapshot: () => PoolSnapshot) {
    this.#publisher = publisher;
    this.#clock = clock;
    this.#address = address;
    this.#snapshot = snapshot;
    this.#checkOutStarted = publisher.topic('connectionCheckOutStarted');
    this.#checkOutFailed = publisher.topic('connectionCheckOutFailed');
    this.#checkedOut = publisher.topic('connectionCheckedOut');
    this.#checkedIn = publisher.topic('connectionCheckedIn');
  }

  created(options: ConnectionPoolOptions): void {
    const address = this.#address;
    this.#publisher.publish(
      'connectionPoolCreated',
      stamp => new ConnectionPoolCreatedEvent({ address, options }, stamp),
      null,
    );
  }

  ready(): void {
    const address = this.#address;
    this.#publisher.publish('connectionPoolReady', stamp => new ConnectionPoolReadyEvent({ address }, stamp), null);
  }

  /** @param attempt - the one that met the error; null if a monitor did */
  cleared(
    error: Error | undefined,
    interruptInUseConnections: boolean,
    serviceId?: ObjectId,
    attempt: Attempt | null = null,
  ): void {
    const origin = attempt === null ? undefined : originOf(attempt);
    const fields = { address: this.#address, error, interruptInUseConnections, serviceId, ...origin };
    this.#publisher.publish(
      'connectionPoolCleared',
      stamp => new ConnectionPoolClearedEvent({ ...fields, pool: this.#snapshot() }, stamp),
      attempt,
    );
  }

  closed(): void {
    const address = this.#address;
    this.#publisher.publish('connectionPoolClosed', stamp => new ConnectionPoolClosedEvent({ address }, stamp), null);
  }

  connectionCreated({ id: connectionId }: Connection): void {
    const address = this.#address;
    this.#publisher.publish(
      'connectionCreated',
      stamp => new ConnectionCreatedEvent({ address, connectionId }, stamp),
      null,
    );
  }

  connectionReady({ id: connectionId, createdAt }: Connection): void {
    const address = this.#address;
    const durationMS = this.#clock.now() - createdAt;
    this.#publisher.publish(
      'connectionReady',
      stamp => new ConnectionReadyEvent({ address, connectionId, durationMS }, stamp),
      null,
    );
  }

  /** @param attempt - the one that met the error; null if none did */
  connectionClosed(connection: Connection, reason: ConnectionClosedReason, attempt: Attempt | null): void {
    const { id: connectionId, uses, createdAt } = connection;
    const error = reason === 'error' ? (connection.error ?? undefined) : undefined;
    const ageMS = this.#clock.now() - createdAt;
    const serviceId = connection.service?.id;
    const origin = attempt === null ? undefined : originOf(attempt);
    const fields = { address: this.#address, connectionId, reason, serviceId, error, ageMS, uses, ...origin };
    this.#publisher.publish('connectionClosed', stamp => new ConnectionClosedEvent(fields, stamp), attempt);
  }

  /** Called when a check-out begins to wait: it may end while others run. */
  checkOutWaits(attempt: Attempt): void {
    if (this.#checkedOut.isWanted || this.#checkOutFailed.isWanted) attempt.keepAsyncScope();
  }

  /** @param now - the clock's time, of a caller that has just looked at it */
  checkOutStarted(attempt: Attempt, now?: number): void {
    const topic = this.#checkOutStarted;
    if (!topic.isWanted) return;
    const fields = {
      address: this.#address,
      operationId: attempt.operationId,
      operationName: attempt.operationName,
      attempt: attempt.number,
      pool: this.#snapshot(),
    };
    topic.publish(new ConnectionCheckOutStartedEvent(fields, topic.stamp(now)), attempt);
  }

  /** A check-out that did not wait. The clock is read only for a listener. */
  checkedOutAtOnce(connection: Connection, attempt: Attempt): void {
    if (!this.#checkedOut.isWanted) {
      this.#publisher.meter?.checkedOut(this.#address, 0);
      this.checkOutStarted(attempt);
      return;
    }
    const startedAt = this.#clock.now();
    const takesTime = this.#checkOutStarted.isWanted;
    this.checkOutStarted(attempt, startedAt);
    this.checkedOut(connection, attempt, startedAt, takesTime ? this.#clock.now() : startedAt);
  }

  /** @param now - the clock's time, of a caller that has just looked at it */
  checkedOut(connection: Connection, attempt: Attempt, startedAt: number, now: number): void {
    const durationMS = now - startedAt;
    this.#publisher.meter?.checkedOut(this.#address, durationMS);
    const topic = this.#checkedOut;
    if (!topic.isWanted) return;
    const fields = {
      address: this.#address,
      connectionId: connection.id,
      durationMS,
      operationId: attempt.operationId,
      operationName: attempt.operationName,
      attempt: attempt.number,
      pool: this.#snapshot(),
    };
    topic.publish(new ConnectionCheckedOutEvent(fields, topic.stamp(now)), attempt);
  }

  checkOutFailed(reason: ConnectionCheckOutFailedReason, error: Error, attempt: Attempt, durationMS: number): void {
    const topic = this.#checkOutFailed;
    if (!topic.isWanted) return;
    const fields = {
      address: this.#address,
      reason,
      error,
      durationMS,
      ...originOf(attempt),
      pool: this.#snapshot(),
    };
    topic.publish(new ConnectionCheckOutFailedEvent(fields, topic.stamp()), attempt);
  }

  checkedIn(connection: Connection, attempt: Attempt): void {
    const topic = this.#checkedIn;
    if (!topic.isWanted) return;
    const fields = {
      address: this.#address,
      connectionId: connection.id,
      operationId: attempt.operationId,
      operationName: attempt.operationName,
      attempt: attempt.number,
      pool: this.#snapshot(),
    };
    topic.publish(new ConnectionCheckedInEvent(fields, topic.stamp()), attempt);
  }

  pendingResponseStarted(connection: Connection, late: LateResponse, timeoutMS: number): void {
    const fields = { ...this.#lateFields(connection, late), timeoutMS };
    this.#publisher.publish(
      'connectionPendingResponseStarted',
      stamp => new ConnectionPendingResponseStartedEvent(fields, stamp),
      late.attempt,
    );
  }

  pendingResponseSucceeded(connection: Connection, late: LateResponse, durationMS: number): void {
    const fields = { ...this.#lateFields(connection, late), durationMS };
    this.#publisher.publish(
      'connectionPendingResponseSucceeded',
      stamp => new ConnectionPendingResponseSucceededEvent(fields, stamp),
      late.attempt,
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
      late.attempt,
    );
  }

  #lateFields({ id: connectionId }: Connection, { requestId, attempt }: LateResponse) {
    return { address: this.#address, connectionId, requestId, ...originOf(attempt) };
  }
}
