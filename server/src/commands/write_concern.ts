import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { codeName, ErrorCode } from '../errors/codes.js';
import { type Deployment, isReplicated } from '../replication/deployment.js';
import { type CommandContext } from './context.js';
import { findCommand } from './look_up.js';

/** The writeConcernError of a command that asks for more than this deployment can give. Replication is instantaneous. */
export function checkWriteConcern(context: CommandContext): Document | undefined {
  const { body, deployment } = context;
  const concern = body['writeConcern'] ?? defaultFor(context);
  if (!isDocument(concern) || !isReplicated(deployment)) return undefined;
  const { w } = concern;
  if (typeof w === 'string' && w !== 'majority') {
    return errorOf(
      ErrorCode.UnknownReplWriteConcern,
      `No write concern mode named '${w}' found in replica set configuration`,
    );
  }
  const { all, alive } = dataBearing(deployment);
  if (isNumber(w) && toNumber(w) > all) {
    return errorOf(ErrorCode.UnsatisfiableWriteConcern, 'Not enough data-bearing nodes');
  }
  const isAvailable = !isNumber(w) || toNumber(w) <= alive;
  return isAvailable ? undefined : errorOf(ErrorCode.WriteConcernFailed, 'waiting for replication timed out');
}

/** The default is for writes of data, but not for those inside a transaction: that has one when it ends. */
function defaultFor({ name, body, deployment }: CommandContext): Document | undefined {
  const { writeConcern } = deployment.defaults;
  if (writeConcern === undefined) return undefined;
  const command = findCommand(name);
  const isInside = body['autocommit'] !== undefined && command?.inTransaction !== 'ends';
  return command?.access === 'write' && command.isApiV1 === true && !isInside ? writeConcern : undefined;
}

/** The nodes that a write reaches. Behind mongos there is one shard, a set of three that never fails. */
function dataBearing({ replicaSet }: Deployment): { all: number; alive: number } {
  if (replicaSet === undefined) return { all: 3, alive: 3 };
  const { members } = replicaSet;
  return { all: members.length, alive: members.filter(member => member.isUp).length };
}

function errorOf(code: number, errmsg: string): Document {
  return { code, codeName: codeName(code), errmsg, errInfo: {} };
}
