import { Int32, Long } from 'bson';
import { toInteger } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { type Operation } from '../operations/operation.js';
import { compileMatch } from '../query/match.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';
import { genericFields } from './generic_fields.js';

/** What currentOp takes besides a filter. */
const ownFields: ReadonlySet<string> = new Set(['currentOp', '$all', '$ownOps', '$truncateOps']);

/** The commands that this node is running, those that the further fields of the command match. */
export function currentOp(context: CommandContext): Document {
  const filter = Object.fromEntries(
    Object.entries(context.body).filter(([name]) => !ownFields.has(name) && !genericFields.has(name)),
  );
  const matches = compileMatch(filter);
  return { inprog: describeOperations(context).filter(operation => matches(operation)) };
}

/** Also of an operation that is none (any more) the answer is that it was tried. */
export function killOp(context: CommandContext): Document {
  const id = toInteger(context.body['op']);
  if (id === undefined) throw fieldsOf(context).wrongType('op', 'number');
  context.member.operations.kill(id);
  return { info: 'attempting to kill op' };
}

/** The stage $currentOp tells the same. */
export function describeOperations(context: CommandContext): Document[] {
  const { member, deployment } = context;
  const time = new Date(deployment.clock.wallTime()).toISOString();
  return member.operations.all().map(operation => ({
    type: 'op',
    host: member.address,
    ...describe(operation),
    currentOpTime: time,
  }));
}

function describe({ facts, runningMS, isKilled, isWaitingForLock }: Operation): Document {
  const { id, connection, name, database, body } = facts;
  const target = body[name];
  const microseconds = Math.round(runningMS * 1000);
  return {
    desc: `conn${connection.id}`,
    connectionId: new Int32(connection.id),
    client: connection.remoteAddress,
    ...(connection.appName === undefined ? {} : { appName: connection.appName }),
    ...(connection.client === undefined ? {} : { clientMetadata: connection.client }),
    active: true,
    opid: new Int32(id),
    ...(body['lsid'] === undefined ? {} : { lsid: body['lsid'] }),
    secs_running: Long.fromNumber(Math.floor(microseconds / 1_000_000)),
    microsecs_running: Long.fromNumber(microseconds),
    op: operationKinds[name] ?? 'command',
    ns: `${database}.${typeof target === 'string' ? target : '$cmd'}`,
    command: body,
    ...(isKilled ? { killPending: true } : {}),
    waitingForLock: isWaitingForLock,
  };
}

/** As the profiler calls them. */
const operationKinds: Readonly<Record<string, string>> = {
  find: 'query',
  getMore: 'getmore',
  insert: 'insert',
  update: 'update',
  delete: 'remove',
};
