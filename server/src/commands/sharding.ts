import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { parseNamespace } from './bulk_write.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

/** How a client finds out that it speaks to a mongos. */
export function isdbgrid({ member }: CommandContext): Document {
  return { isdbgrid: 1, hostname: member.address };
}

/** The one shard that there is; only the routers can reach it. */
export function listShards(): Document {
  return { shards: [{ _id: 'shard01', host: 'shard01/localhost:27018', state: 1 }] };
}

/** Every database may be sharded. */
export function enableSharding(context: CommandContext): Document {
  fieldsOf(context).string('enableSharding');
  return {};
}

/** All documents stay in the one shard, but the collection is there from now on. */
export function shardCollection(context: CommandContext): Document {
  const fields = fieldsOf(context);
  const ns = fields.string('shardCollection');
  if (Object.keys(fields.document('key')).length === 0) {
    throw new CommandError(ErrorCode.BadValue, 'Shard keys cannot be empty');
  }
  context.deployment.storage.findOrCreate(parseNamespace({ ns }));
  return { collectionsharded: ns };
}

export function balancerStatus(): Document {
  return { mode: 'off', inBalancerRound: false, numBalancerRounds: 0 };
}
