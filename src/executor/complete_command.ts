import { type Document, Long } from '../bson/index.js';
import { maxTimeOf, smallerMaxTime } from '../call/max_time.js';
import {
  type ReadPreference,
  type ReadPreferenceDocument,
  readPreferenceDocument,
} from '../concern/read_preference.js';
import { ServerType, TopologyType } from '../description/types.js';
import { setOrigin } from '../errors/base.js';
import type { Connection } from '../pool/connection.js';
import type { ServerSession } from '../sessions/server_session_pool.js';
import { addSessionFields } from '../sessions/session_fields.js';
import type { CommandAttempt } from './command_attempt.js';
import type { Engine } from './engine.js';
import { unsent } from './failure.js';
import type { Operation } from './operation.js';

const NO_FIELDS: readonly Uint8Array[] = Object.freeze([]);

/** The command of an attempt with the fields that every command of this client carries, but for `maxTimeMS`, which it puts on the attempt. */
export function completeCommand(engine: Engine, connection: Connection, attempt: CommandAttempt<unknown>): Document {
  const { operation, txnNumber } = attempt;
  const { session } = operation;
  const body = operation.command({ connection: connection.description });
  body['$db'] = operation.database;
  if (session !== null) {
    const hasClusterTime = clusterTimeFor(engine, operation, connection) !== null;
    addSessionFields(body, session, { name: operation.name, role: operation.sessionRole, hasClusterTime });
  }
  if (txnNumber > 0) body['txnNumber'] = Long.fromNumber(txnNumber);
  const { type, maxWireVersion } = connection.description.server;
  const readPreference =
    operation.access === 'read' && maxWireVersion >= operation.readPreferenceSince
      ? readPreferenceField(operation.readPreference, engine.topology.description.type, type)
      : undefined;
  if (readPreference !== undefined) body['$readPreference'] = readPreference;
  if (engine.options.apiFields !== undefined) Object.assign(body, engine.options.apiFields);
  if (attempt.deadline.timedByOperation) limitTime(body, connection, attempt);
  return body;
}

/**
 * Under `timeoutMS`: takes the legacy timeouts off the command and gives the attempt the `maxTimeMS` that remains (CSOT, "Command Execution" and
 * "Deprecations"). The user's own command keeps what it has, and a `maxTimeMS` of its own that is shorter.
 */
function limitTime(body: Document, connection: Connection, attempt: CommandAttempt<unknown>): void {
  const { operation } = attempt;
  if (operation.sessionRole !== 'asGiven') stripLegacyTimeouts(body);
  if (operation.maxTime === 'omit') return;
  const maxTimeMS = maxTimeFor(connection, operation.maxTime, attempt);
  if (maxTimeMS === Infinity) return;
  attempt.maxTimeMS = maxTimeMS;
  if (!Object.hasOwn(body, 'maxTimeMS')) return;
  const own: unknown = body['maxTimeMS'];
  if (typeof own === 'number' && own > 0) attempt.maxTimeMS = smallerMaxTime(own, maxTimeMS);
  // Whatever it is, also undefined: the server refuses a field that is there twice.
  delete body['maxTimeMS'];
}

function stripLegacyTimeouts(body: Document): void {
  // Deleting a field makes an object slow, so it is done only where the field is there.
  if (Object.hasOwn(body, 'maxTimeMS')) delete body['maxTimeMS'];
  if (Object.hasOwn(body, 'writeConcern')) stripWTimeout(body);
  // The command inside of an explain.
  const inner: unknown = Object.hasOwn(body, 'explain') ? body['explain'] : undefined;
  if (typeof inner === 'object' && inner !== null) stripLegacyTimeouts(inner);
}

function stripWTimeout(body: Document): void {
  const writeConcern = body['writeConcern'] as Document;
  if (!Object.hasOwn(writeConcern, 'wtimeout')) return;
  const { wtimeout: _, ...others } = writeConcern;
  if (Object.keys(others).length > 0) body['writeConcern'] = others;
  else delete body['writeConcern'];
}

/** Infinity: the command goes without. Throws if no time is left, or less than a round trip to the server takes. */
function maxTimeFor(connection: Connection, most: 'remaining' | number, attempt: CommandAttempt<unknown>): number {
  const { deadline, selected } = attempt;
  const minRoundTripTimeMS = selected?.minRoundTripTimeMS ?? 0;
  const { remainingMS } = deadline;
  const maxTime = maxTimeOf(remainingMS, minRoundTripTimeMS);
  if (maxTime > 0) return most === 'remaining' ? maxTime : smallerMaxTime(most, maxTime);
  const { address } = connection;
  const what = unsent(attempt, attempt.progress);
  const tooShort = `: a round trip to ${address} takes at least ${minRoundTripTimeMS.toFixed(1)} ms, ${remainingMS.toFixed(1)} ms are left`;
  const during = remainingMS === 0 ? what.during : `${what.during}${tooShort}`;
  const error = deadline.errorOf({ kind: 'expired', lateByMS: 0 }, { ...what, during, host: address });
  const { serverConnectionId } = connection.description;
  setOrigin(error, { connectionId: connection.id, serverConnectionId });
  throw error;
}

/** Fields that are encoded once for many commands: `lsid` and `$clusterTime`. */
export function rawFieldsOf(
  engine: Engine,
  operation: Operation<unknown>,
  session: ServerSession | null,
  connection: Connection,
): readonly Uint8Array[] {
  const clusterTime = clusterTimeFor(engine, operation, connection);
  if (session === null) return clusterTime === null ? NO_FIELDS : [clusterTime];
  return clusterTime === null ? session.fields : [session.lsidField, clusterTime];
}

/** The newest cluster time that the client or the session has seen (Driver Sessions, "Gossipping the cluster time"). */
function clusterTimeFor(
  { clusterClock }: Engine,
  { session }: Operation<unknown>,
  connection: Connection,
): Uint8Array | null {
  if (connection.description.server.type === 'Standalone') return null;
  return session !== null && session.clusterClock.isNewerThan(clusterClock)
    ? session.clusterClock.field
    : clusterClock.field;
}

const PRIMARY_PREFERRED: ReadPreferenceDocument = Object.freeze({ mode: 'primaryPreferred' });

/**
 * `$readPreference` of a command, or undefined when it goes without.
 *
 * Source: Server Selection, "Passing read preference to mongos and load balancers" and "Topology type Single".
 */
export function readPreferenceField(
  readPreference: ReadPreference,
  topology: TopologyType,
  server: ServerType,
): ReadPreferenceDocument | undefined {
  if (server === ServerType.Standalone) return undefined;
  const primary = readPreference.mode === 'primary';
  if (topology === TopologyType.Single && server !== ServerType.Mongos) {
    // A member addressed directly answers whatever its state is.
    return primary ? PRIMARY_PREFERRED : readPreferenceDocument(readPreference);
  }
  return primary ? undefined : readPreferenceDocument(readPreference);
}
