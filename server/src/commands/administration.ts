import { Double, Int32, Long } from 'bson';
import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext, type CommandTable } from './context.js';
import { fieldsOf, requireNamespace } from './fields.js';

/** What cannot be told of a machine without telling of that which runs the tests, is made up. */
export function hostInfo({ member, deployment }: CommandContext): Document {
  return {
    system: {
      currentTime: new Date(deployment.clock.wallTime()),
      hostname: member.address,
      cpuAddrSize: new Int32(64),
      memSizeMB: Long.fromNumber(1024),
      memLimitMB: Long.fromNumber(1024),
      numCores: new Int32(1),
      cpuArch: 'x86_64',
      numaEnabled: false,
    },
    os: { type: 'Linux', name: 'mongotempo-server', version: deployment.version },
    extra: {},
  };
}

/** Every command of this server, by name. */
export function listCommands(commands: CommandTable): Document {
  const described = Object.entries(commands).map(([name, command]) => [
    name,
    {
      help: '',
      requiresAuth: command.beforeAuth !== true,
      secondaryOk: command.access !== 'write',
      adminOnly: command.isAdminOnly === true,
      apiVersions: command.isApiV1 === true ? ['1'] : [],
      deprecatedApiVersions: command.isDeprecated === true ? ['1'] : [],
    },
  ]);
  return { commands: Object.fromEntries(described) as Document };
}

/** There are no files: nothing has to be written. A lock would be one in name only, so that it is refused. */
export function fsync(context: CommandContext): Document {
  if (fieldsOf(context).boolean('lock', false)) {
    throw new CommandError(ErrorCode.NotImplemented, 'This test server cannot be locked by fsync');
  }
  return { numFiles: new Int32(1) };
}

export function compact(context: CommandContext): Document {
  context.deployment.storage.require(requireNamespace(context));
  return { bytesFreed: new Int32(0) };
}

export function connPoolStats(): Document {
  const none = new Int32(0);
  return {
    numClientConnections: none,
    numAScopedConnections: none,
    totalInUse: none,
    totalAvailable: none,
    totalLeased: none,
    totalCreated: none,
    totalRefreshing: none,
    hosts: {},
    replicaSets: {},
  };
}

export function top(): Document {
  return { totals: { note: 'all times in microseconds' } };
}

/** How much the documents of a collection take. */
export function dataSize(context: CommandContext): Document {
  const namespace = fieldsOf(context).string('dataSize');
  const dot = namespace.indexOf('.');
  const collection = context.deployment.storage.find({
    database: namespace.slice(0, Math.max(dot, 0)),
    collection: namespace.slice(dot + 1),
  });
  let size = 0;
  for (const { bytes } of collection?.documents() ?? []) size += bytes.length;
  return { estimate: false, size: new Double(size), numObjects: new Double(collection?.size ?? 0), millis: 0 };
}
