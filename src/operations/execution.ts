import type { Deadline, EndDescription } from '../csot/deadline.js';
import { setOrigin } from '../errors/base.js';
import { isRetryableOverload } from '../errors/classify.js';
import type { Connection } from '../pool/connection.js';
import { ServerType, TopologyType } from '../sdam/description/types.js';
import type { Server } from '../sdam/server.js';
import { type ServerSelector, sameServerSelector } from '../sdam/server_selection.js';
import type { ServerSession } from '../sessions/server_session_pool.js';
import type { Engine } from './engine.js';
import type { Operation } from './operation.js';
import type { OperationScope, PinnedConnection } from './scope.js';
import { checkServer } from './session_rules.js';

const NONE: ReadonlySet<string> = new Set();

/** What lives through all attempts of one operation. */
export class Execution implements OperationScope {
  readonly #engine: Engine;
  readonly #operation: Operation<unknown>;
  /** This, or what the command shares with others of the same operation. */
  readonly #scope: OperationScope;
  readonly pins = false;
  pinned: PinnedConnection | null = null;
  operationId: number;
  /** 1 for the first. */
  attempt = 1;
  /** Addresses that a retry avoids if it can. */
  deprioritized: ReadonlySet<string> = NONE;
  /** Number of a retryable write: given at the first attempt that may be repeated, and kept; 0 for none. */
  txnNumber = 0;
  /** Whether the operation, the options and the server selected last allow a retry. */
  retryable = false;
  /** Whether an attempt was refused because the server has too much to do. */
  overloaded = false;
  /** Whether an earlier attempt may have had its effect. */
  maybeApplied = false;
  /** Of the server selected last. */
  wireVersion: number | undefined;
  /** Fastest round trip to the server selected last, as the description said that was used to select it. */
  minRoundTripTimeMS = 0;
  session: ServerSession | null = null;
  #mongos: string | null = null;
  #address = '';

  constructor(engine: Engine, operation: Operation<unknown>, scope: OperationScope | null) {
    this.#engine = engine;
    this.#operation = operation;
    this.#scope = scope ?? this;
    this.operationId = scope?.operationId || engine.operationIds.next();
    this.#scope.operationId = this.operationId;
  }

  /** Whether the driver says of its errors that they are to be retried: not inside a transaction. */
  get labelsRetryableWrites(): boolean {
    const { access, session, sessionRole } = this.#operation;
    if (sessionRole === 'endsTransaction') return true;
    return access === 'write' && this.#engine.options.retryWrites && session?.transaction.isActive !== true;
  }

  get isMongos(): boolean {
    return this.#mongos !== null;
  }

  /** The connection that was kept from an earlier command, of the transaction or of the same cursor. */
  get kept(): PinnedConnection | null {
    const { session } = this.#operation;
    const pin = session === null ? null : session.pin;
    return pin !== null && pin.connection !== null ? (pin as PinnedConnection) : this.#scope.pinned;
  }

  /** Where it may go: a transaction goes on where it began (Transactions, "Mongos Pinning"). */
  get selector(): ServerSelector {
    const { session, selector } = this.#operation;
    return session === null || session.pin === null ? selector : sameServerSelector(session.pin.server.address);
  }

  /** Keeps the connection for the next command, if that must be so. */
  keep(server: Server, connection: Connection): boolean {
    const { topology } = this.#engine;
    if (!this.#scope.pins || topology.description.type !== TopologyType.LoadBalanced) return false;
    this.#scope.pinned = { server, connection };
    connection.pinnedBy = 'cursor';
    return true;
  }

  /** Binds the transaction to the server of its first command, if that must be so; true if the connection is now the transaction's. */
  pin(server: Server, connection: Connection): boolean {
    const { session, sessionRole } = this.#operation;
    if (session === null || session.pin !== null) return false;
    if (sessionRole === 'endsTransaction' || !session.transaction.isActive) return false;
    const { type } = this.#engine.topology.description;
    const toConnection = type === TopologyType.LoadBalanced;
    if (toConnection || type === TopologyType.Sharded) {
      session.pin = { server, connection: toConnection ? connection : null };
    }
    if (toConnection) connection.pinnedBy = 'transaction';
    return toConnection;
  }

  /** Notes what the description of a selected server says, as of now. */
  selected(server: Server): void {
    const { retryReads, retryWrites } = this.#engine.options;
    const { access, retryable, unacknowledged, session, sessionRole } = this.#operation;
    const description = this.#engine.topology.description.table.get(server.address);
    const type = description?.type ?? ServerType.Unknown;
    this.#address = server.address;
    this.#mongos = type === ServerType.Mongos ? server.address : null;
    // A load balancer was never asked what it is; what lies behind it has sessions and labels its own errors.
    const isBalancer = type === ServerType.LoadBalancer;
    this.wireVersion = isBalancer ? undefined : description?.maxWireVersion;
    this.minRoundTripTimeMS = description?.minRoundTripTime ?? 0;
    const takesRetries =
      access === 'read'
        ? retryReads
        : retryWrites &&
          !unacknowledged &&
          type !== ServerType.Standalone &&
          (isBalancer || typeof description?.logicalSessionTimeoutMinutes === 'number');
    // A transaction is repeated as a whole, its end always (Transactions, "Interaction with Retryable Writes").
    this.retryable =
      sessionRole === 'endsTransaction' || (retryable && takesRetries && session?.transaction.isActive !== true);
  }

  /** Throws if there is no time left for another attempt. */
  throwIfEnded(deadline: Deadline, previous: Error | null): void {
    deadline.throwIfEnded(() => this.#unsent(previous));
  }

  /** Throws since the time would be over before another attempt. */
  throwEnded(deadline: Deadline, previous: Error): never {
    const error = deadline.errorOf({ kind: 'expired', lateByMS: 0 }, this.#unsent(previous), () => previous);
    setOrigin(error, this);
    throw error;
  }

  #unsent(previous: Error | null): EndDescription {
    const { name, namespace } = this.#operation;
    return {
      during: `before ${name} ${namespace} was ${previous === null ? 'sent' : 'sent again'}`,
      phase: 'preSend',
      namespace,
      maybeApplied: this.maybeApplied,
      cause: previous ?? undefined,
    };
  }

  /** Whether a refusal for overload, which says that nothing was done, may be followed by another attempt (Client Backpressure). */
  get yieldsToOverload(): boolean {
    const { retryReads, retryWrites } = this.#engine.options;
    const { writes, sessionRole } = this.#operation;
    // Nobody knows what the user's own command does.
    if (sessionRole === 'asGiven') return retryReads && retryWrites;
    return writes ? retryWrites : retryReads;
  }

  /**
   * Another attempt follows. A mongos that has just failed is avoided, since another may do (Retryable Reads, "Sharded clusters"); any
   * other server only for overload, and if that is wanted.
   */
  next(error: unknown): void {
    this.attempt++;
    const leaves =
      this.#mongos !== null || (isRetryableOverload(error) && this.#engine.options.enableOverloadRetargeting);
    if (leaves && this.#address !== '') this.deprioritized = new Set([...this.deprioritized, this.#address]);
  }

  /** The user's session, or an implicit one, taken only now that a connection is there (Driver Sessions, "Implicit sessions"); none for `w: 0`. */
  sessionOn(connection: Connection): ServerSession | null {
    const { logicalSessionTimeoutMinutes } = connection.description.server;
    const { session: own } = this.#operation;
    if (own !== null) {
      checkServer(own, connection.description.server);
    } else if (this.#operation.unacknowledged || logicalSessionTimeoutMinutes === null) {
      return null;
    }
    // Load Balancers, "Session Expiration": whatever the one mongos says that has answered.
    const minutes = connection.service === null ? logicalSessionTimeoutMinutes : Infinity;
    const session =
      own === null ? (this.#scope.session ??= this.#engine.sessions.acquire(minutes)) : own.serverSession(minutes);
    if (own !== null && (own.transaction.isActive || this.#operation.sessionRole === 'endsTransaction')) {
      this.txnNumber = session.txnNumber;
    } else if (this.retryable && this.#operation.access === 'write' && this.txnNumber === 0) {
      this.txnNumber = ++session.txnNumber;
    }
    return session;
  }

  /** Gives the session back, unless it is another's; after the connection has been (Driver Sessions, "Implicit sessions"). */
  end(): void {
    if (this.session !== null) this.#engine.sessions.release(this.session);
    this.session = null;
  }
}
