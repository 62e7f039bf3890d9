import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { codeName, ErrorCode } from '../errors/codes.js';
import { type CommandContext } from './context.js';

/** The writeConcernError of a command that asks for more than this deployment can give. Replication is instantaneous. */
export function checkWriteConcern({ body, deployment }: CommandContext): Document | undefined {
  const concern = body['writeConcern'];
  if (!isDocument(concern) || deployment.replicaSet === undefined) return undefined;
  const { w } = concern;
  if (typeof w === 'string' && w !== 'majority') {
    return errorOf(
      ErrorCode.UnknownReplWriteConcern,
      `No write concern mode named '${w}' found in replica set configuration`,
    );
  }
  const { members } = deployment;
  if (isNumber(w) && toNumber(w) > members.length) {
    return errorOf(ErrorCode.UnsatisfiableWriteConcern, 'Not enough data-bearing nodes');
  }
  const isAvailable = !isNumber(w) || toNumber(w) <= members.filter(member => member.isAlive).length;
  return isAvailable ? undefined : errorOf(ErrorCode.WriteConcernFailed, 'waiting for replication timed out');
}

function errorOf(code: number, errmsg: string): Document {
  return { code, codeName: codeName(code), errmsg, errInfo: {} };
}
