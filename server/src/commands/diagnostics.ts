import { Double, Int32, Long } from 'bson';
import { type Document } from '../bson/types.js';
import { cursorTimeoutMS } from '../engine/cursors.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { sessionTimeoutMS } from '../replication/sessions.js';
import { transactionLifetimeMS } from '../replication/transaction.js';
import { type CommandContext } from './context.js';
import { genericFields } from './generic_fields.js';

export function ping(): Document {
  return {};
}

/** For commands that change nothing that can be seen of this server. */
export function nothing(): Document {
  return {};
}

export function buildInfo({ deployment }: CommandContext): Document {
  const parts = deployment.version.split('.').map(Number);
  const [major = 8, minor = 0, patch = 0] = parts;
  return {
    version: `${major}.${minor}.${patch}`,
    gitVersion: 'mongotempo-server',
    modules: [],
    allocator: 'system',
    javascriptEngine: 'none',
    sysInfo: 'deprecated',
    versionArray: [major, minor, patch, 0],
    bits: 64,
    debug: false,
    maxBsonObjectSize: 16 * 1024 * 1024,
    storageEngines: ['inMemory'],
  };
}

export function serverStatus({ deployment, member }: CommandContext): Document {
  const now = deployment.clock.wallTime();
  return {
    host: member.address,
    version: deployment.version,
    process: 'mongod',
    pid: Long.fromNumber(process.pid),
    uptime: new Double(Math.floor(process.uptime())),
    localTime: new Date(now),
    connections: {
      current: member.connectionsCurrent,
      available: 51_200 - member.connectionsCurrent,
      totalCreated: member.connectionsCreated,
      active: member.connectionsCurrent,
    },
    metrics: {
      cursor: { open: { total: Long.fromNumber(member.cursors.size) } },
      queryExecutor: { scannedObjects: Long.fromNumber(member.operations.documentsExamined) },
    },
    storageEngine: { name: 'inMemory', supportsCommittedReads: true, persistent: false },
  };
}

export function connectionStatus({ connection, deployment }: CommandContext): Document {
  const authenticatedUserRoles = connection.users.flatMap(
    ({ user, db }) => deployment.users.find(db, user)?.roles ?? [],
  );
  return { authInfo: { authenticatedUsers: [...connection.users], authenticatedUserRoles } };
}

export function whatsMyUri({ connection }: CommandContext): Document {
  return { you: connection.remoteAddress };
}

const parameters: Readonly<Record<string, unknown>> = {
  authenticationMechanisms: ['MONGODB-X509', 'PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256'],
  enableTestCommands: true,
  requireApiVersion: false,
  cursorTimeoutMillis: Long.fromNumber(cursorTimeoutMS),
  localLogicalSessionTimeoutMinutes: sessionTimeoutMS / 60_000,
  transactionLifetimeLimitSeconds: transactionLifetimeMS / 1000,
};

function parametersOf({ deployment, member }: CommandContext): Document {
  return {
    ...parameters,
    featureCompatibilityVersion: { version: deployment.version.split('.').slice(0, 2).join('.') },
    ...member.parameters,
  };
}

export function getParameter(context: CommandContext): Document {
  const { body } = context;
  const all = parametersOf(context);
  if (body['getParameter'] === '*') return all;
  const found = Object.fromEntries(Object.entries(all).filter(([name]) => body[name] !== undefined));
  if (Object.keys(found).length === 0) throw new CommandError(ErrorCode.InvalidOptions, 'no option found to get');
  return found;
}

/** Remembers the values of known parameters; none of them changes what this server does. */
export function setParameter(context: CommandContext): Document {
  const { body, member } = context;
  const all = parametersOf(context);
  const given = Object.entries(body).filter(([name]) => name !== 'setParameter' && !genericFields.has(name));
  const [[name, value] = ['', undefined]] = given;
  if (given.length === 0)
    throw new CommandError(ErrorCode.InvalidOptions, 'no option found to set, use help:true to see options ');
  if (!Object.hasOwn(all, name)) {
    throw new CommandError(
      ErrorCode.InvalidOptions,
      `attempted to set unrecognized parameter [${name}], use help:true to see options `,
    );
  }
  member.parameters[name] = value;
  return { was: all[name] };
}

export function getLog({ body }: CommandContext): Document {
  if (body['getLog'] === '*') return { names: ['global', 'startupWarnings'] };
  return { totalLinesWritten: new Int32(0), log: [] };
}

export function getCmdLineOpts(): Document {
  return { argv: ['mongotempo-server'], parsed: { setParameter: { enableTestCommands: true } } };
}

export function configureFailPoint({ body, member }: CommandContext): Document {
  const count = member.failPoints.configure(body['configureFailPoint'], body['mode'], body['data']);
  return { count: Long.fromNumber(count) };
}
