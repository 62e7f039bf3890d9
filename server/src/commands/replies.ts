import { Double } from 'bson';
import { toNumber } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { CloseConnection } from '../errors/close_connection.js';
import { codeName, ErrorCode, tellsOfStateChange } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Fault } from '../failpoints/fail_points.js';
import { isReplicated } from '../replication/deployment.js';
import { type CommandContext } from './context.js';
import { labelsOf } from './labels.js';
import { type Incoming } from './look_up.js';
import { checkWriteConcern } from './write_concern.js';

const ok = new Double(1);
const notOk = new Double(0);

/** The whole reply of a command that ran. */
export function success(result: Document, context: CommandContext, fault: Fault | undefined): Document {
  const writeConcernError = fault?.writeConcernError ?? checkWriteConcern(context);
  const reply: Document = { ...result, ok };
  if (writeConcernError !== undefined) {
    reply['writeConcernError'] = writeConcernError;
    const labels = labelsOf(toNumber(writeConcernError['code']), context, fault, 'write concern error');
    if (labels.length > 0) reply['errorLabels'] = labels;
  }
  // How another mongos would find the transaction.
  if (context.member.role === 'mongos' && context.body['autocommit'] === false) {
    reply['recoveryToken'] = { recoveryShardId: 'shard01' };
  }
  return decorated(reply, context);
}

/** The whole reply of a command that failed; what asks for the connection to be closed is thrown on. */
export function failure(error: unknown, incoming: Incoming, fault: Fault | undefined): Document {
  if (error instanceof CloseConnection) throw error;
  const known =
    error instanceof CommandError
      ? error
      : new CommandError(ErrorCode.InternalError, error instanceof Error ? error.message : String(error));
  const labels = labelsOf(known.code, incoming, fault);
  // Nothing changed when a fail point says so, and the version that clients know would make them ignore it as stale.
  const hasChanged = tellsOfStateChange(known.code) && fault?.errorCode === undefined;
  const reply: Document = {
    ok: notOk,
    errmsg: known.message,
    code: known.code,
    codeName: codeName(known.code),
    ...known.details,
    ...(labels.length > 0 ? { errorLabels: labels } : {}),
    ...(hasChanged ? { topologyVersion: incoming.member.topologyVersion() } : {}),
  };
  return decorated(reply, incoming);
}

function decorated(reply: Document, { deployment }: Pick<Incoming, 'deployment'>): Document {
  if (!isReplicated(deployment)) return reply;
  reply['$clusterTime'] = deployment.clusterTime.gossip;
  reply['operationTime'] = deployment.clusterTime.latest;
  return reply;
}
