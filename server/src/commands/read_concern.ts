import { Timestamp } from 'bson';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { isReplicated } from '../replication/deployment.js';
import { storageBefore } from '../replication/storage_at.js';
import { type Command, type CommandContext, type Run } from './context.js';
import { Fields } from './fields.js';

const levels: readonly string[] = ['local', 'available', 'majority', 'linearizable', 'snapshot'];

/** The commands that can read a snapshot outside transactions. */
const snapshotReads: ReadonlySet<string> = new Set(['find', 'aggregate', 'distinct']);

/** Checks the read concern of a command, and takes in what it says of the cluster's time. */
export function checkReadConcern({ access }: Command, context: CommandContext): void {
  const { body, deployment, member } = context;
  const gossip = body['$clusterTime'];
  if (isDocument(gossip) && gossip['clusterTime'] instanceof Timestamp) {
    deployment.clusterTime.advanceTo(gossip['clusterTime']);
  }
  const concern = new Fields(context.name, body).optionalDocument('readConcern');
  if (concern === undefined) return;
  const { level, afterClusterTime, atClusterTime } = concern;
  if (level !== undefined && !levels.some(known => known === level)) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      `readConcern.level must be either 'local', 'majority', 'linearizable', 'available', or 'snapshot'`,
    );
  }
  // In a transaction the read concern is that of the transaction, whatever its first command does.
  const isPlainWrite = access === 'write' && body['autocommit'] === undefined;
  if (isPlainWrite && typeof level === 'string' && level !== 'local' && level !== 'snapshot') {
    throw unsupported(context.name, level, 'read concern not supported');
  }
  const needsSet = level === 'snapshot' || level === 'linearizable' || afterClusterTime !== undefined;
  if (needsSet && !isReplicated(deployment)) {
    throw new CommandError(
      ErrorCode.NotAReplicaSet,
      `node needs to be a replica set member to use readConcern: ${JSON.stringify({ level })}`,
    );
  }
  if (atClusterTime !== undefined && level !== 'snapshot') {
    throw new CommandError(ErrorCode.InvalidOptions, 'readConcern.atClusterTime is allowed only for level snapshot');
  }
  if (level === 'linearizable' && !member.isWritable) {
    throw new CommandError(
      ErrorCode.NotWritablePrimary,
      'cannot satisfy linearizable read concern on non-primary node',
    );
  }
  checkSnapshotTime(concern, deployment.clusterTime.latest);
  // There is nothing to wait for: all nodes share one storage.
  if (afterClusterTime instanceof Timestamp) deployment.clusterTime.advanceTo(afterClusterTime);
}

function checkSnapshotTime({ afterClusterTime, atClusterTime }: Document, latest: Timestamp): void {
  if (atClusterTime === undefined) return;
  if (!(atClusterTime instanceof Timestamp)) {
    throw new CommandError(
      ErrorCode.TypeMismatch,
      `BSON field 'readConcern.atClusterTime' is the wrong type '${typeOf(atClusterTime)}', expected type 'timestamp'`,
    );
  }
  if (afterClusterTime !== undefined) {
    throw new CommandError(
      ErrorCode.InvalidOptions,
      'Can not specify both afterClusterTime and atClusterTime in a readConcern',
    );
  }
  if (atClusterTime.t === 0 && atClusterTime.i === 0) {
    throw new CommandError(ErrorCode.InvalidOptions, 'readConcern.atClusterTime cannot be a null timestamp');
  }
  if (!atClusterTime.greaterThan(latest)) return;
  const show = ({ t, i }: Timestamp): string => `{ ts: Timestamp(${t}, ${i}) }`;
  throw new CommandError(
    ErrorCode.InvalidOptions,
    `readConcern atClusterTime value must not be greater than the current clusterTime. Requested clusterTime: ${show(atClusterTime)}; current clusterTime: ${show(latest)}`,
  );
}

/** A level that a command, or what it is asked to do, does not have. */
export function unsupported(command: string, level: string, why: string): CommandError {
  return new CommandError(
    ErrorCode.InvalidOptions,
    `Command ${command} does not support { readConcern: { level: "${level}", provenance: "clientSupplied" } } :: caused by :: ${why}`,
  );
}

/** Runs a read on a secondary that lags behind: it sees what was there so long ago. Undefined for every other command. */
export function runBehind(command: Command, context: CommandContext, run: Run): ReturnType<Run> | undefined {
  const { member, deployment } = context;
  if (member.lagMS === 0 || command.access !== 'read') return undefined;
  const shown = deployment.clock.wallTime() - member.lagMS;
  const storage = storageBefore(deployment.storage, deployment.oplog, ({ wallTime }) => wallTime.getTime() > shown);
  return run(command, { ...context, deployment: { ...deployment, storage } });
}

/** Runs a read of a snapshot outside a transaction, and tells its time; undefined for every other command. */
export function runOnSnapshot(command: Command, context: CommandContext, run: Run): ReturnType<Run> | undefined {
  const concern = context.body['readConcern'];
  if (!isDocument(concern) || concern['level'] !== 'snapshot') return undefined;
  if (!snapshotReads.has(context.name)) {
    throw new CommandError(
      ErrorCode.InvalidOptions,
      `Command ${context.name} does not support { readConcern: { level: "snapshot" } }`,
    );
  }
  const { deployment } = context;
  const asked = concern['atClusterTime'];
  const time = asked instanceof Timestamp ? asked : deployment.clusterTime.latest;
  const storage = storageBefore(deployment.storage, deployment.oplog, entry => entry.time.greaterThan(time));
  const reply = run(command, { ...context, deployment: { ...deployment, storage } });
  const withTime = (result: Document): Document => {
    const { cursor } = result;
    return isDocument(cursor)
      ? { ...result, cursor: { ...cursor, atClusterTime: time } }
      : { ...result, atClusterTime: time };
  };
  return reply instanceof Promise ? reply.then(withTime) : withTime(reply);
}
