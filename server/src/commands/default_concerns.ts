import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { isReplicated } from '../replication/deployment.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

/** What a cluster of this kind does when no concern is set. */
const implicit = {
  readConcern: { level: 'local' },
  writeConcern: { w: 'majority', wtimeout: 0 },
} as const;

export function getDefaultRWConcern(context: CommandContext): Document {
  return { ...describe(context), localUpdateWallClockTime: new Date(context.deployment.clock.wallTime()) };
}

/** Sets one or both of them. A default write concern cannot be taken back, as in the server. */
export function setDefaultRWConcern(context: CommandContext): Document {
  checkReplicated(context);
  const { defaults } = context.deployment;
  const fields = fieldsOf(context);
  const readConcern = fields.optionalDocument('defaultReadConcern');
  const writeConcern = fields.optionalDocument('defaultWriteConcern');
  if (readConcern === undefined && writeConcern === undefined) {
    throw new CommandError(
      ErrorCode.BadValue,
      'At least one of the "defaultReadConcern" or "defaultWriteConcern" fields must be present',
    );
  }
  if (writeConcern !== undefined && Object.keys(writeConcern).length === 0) {
    throw new CommandError(
      ErrorCode.IllegalOperation,
      'The global default write concern cannot be unset once it is set.',
    );
  }
  const w: unknown = writeConcern?.['w'];
  if (isNumber(w) && toNumber(w) < 1) {
    throw new CommandError(ErrorCode.BadValue, "Default write concern must have 'w' field of at least 1");
  }
  if (readConcern !== undefined) {
    const isUnset = Object.keys(readConcern).length === 0;
    defaults.readConcern = isUnset ? undefined : readConcern;
  }
  if (writeConcern !== undefined) defaults.writeConcern = { wtimeout: 0, ...writeConcern };
  defaults.updatedAt = { opTime: context.deployment.clusterTime.latest, wallTime: context.deployment.clock.wallTime() };
  return describe(context);
}

function describe(context: CommandContext): Document {
  checkReplicated(context);
  const { readConcern, writeConcern, updatedAt } = context.deployment.defaults;
  return {
    defaultReadConcern: readConcern ?? implicit.readConcern,
    defaultWriteConcern: writeConcern ?? implicit.writeConcern,
    ...(updatedAt === undefined
      ? {}
      : { updateOpTime: updatedAt.opTime, updateWallClockTime: new Date(updatedAt.wallTime) }),
    defaultWriteConcernSource: writeConcern === undefined ? 'implicit' : 'global',
    defaultReadConcernSource: readConcern === undefined ? 'implicit' : 'global',
  };
}

function checkReplicated({ name, deployment }: CommandContext): void {
  if (isReplicated(deployment)) return;
  throw new CommandError(51_300, `'${name}' is not supported on standalone nodes.`);
}
