import { Double } from 'bson';
import { type ParsedStage } from '../aggregate/parse.js';
import { BsonDocument } from '../bson/document.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { type Namespace, namespaceText } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { valuesEqual } from '../query/compare.js';
import { collectionStatistics } from './catalog.js';
import { type CommandContext } from './context.js';
import { describeOperations } from './operations.js';
import { openCursor } from './read.js';
import { noSearch } from './search_indexes.js';

/** The documents of a stage that brings its own. */
export function documentsOf(
  { name, operand }: ParsedStage,
  context: CommandContext,
  namespace: Namespace,
): BsonDocument[] {
  switch (name) {
    case '$documents':
      return literalDocuments(operand);
    case '$listLocalSessions':
    case '$listSessions':
      return sessionsOf(context).map(id => toBson({ _id: { id }, lastUse: now(context) }));
    case '$currentOp':
      requireAdmin(name, context);
      return describeOperations(context).map(toBson);
    case '$collStats':
      return [
        toBson({
          ns: namespaceText(namespace),
          host: context.member.address,
          ...statisticsOf(operand, context, namespace),
        }),
      ];
    case '$indexStats':
      return indexStatistics(context, namespace);
    case '$planCacheStats':
      return [];
    case '$listSearchIndexes':
      throw noSearch();
    default:
      throw new CommandError(ErrorCode.NotImplemented, `This test server does not have the stage ${name}`);
  }
}

/** Those that the server remembers, and the one of the command itself. */
function sessionsOf({ deployment, body }: CommandContext): unknown[] {
  const { lsid } = body;
  const own = isDocument(lsid) ? [lsid['id']] : [];
  const known = deployment.sessions.ids().filter(id => !own.some(other => valuesEqual(other, id)));
  return [...own, ...known];
}

function literalDocuments(operand: unknown): BsonDocument[] {
  if (!Array.isArray(operand)) {
    throw new CommandError(5858203, `an array is expected for $documents, found ${typeOf(operand)}`);
  }
  return operand.map((value: unknown) => {
    if (isDocument(value)) return toBson(value);
    throw new CommandError(40228, `$documents must evaluate to an array of objects, found ${typeOf(value)}`);
  });
}

/** A sharded cluster that is one storage is always consistent. */
export function checkMetadataConsistency(context: CommandContext): Document {
  const target = context.body['checkMetadataConsistency'];
  const collection = typeof target === 'string' ? target : '$cmd.aggregate';
  return openCursor(context, { database: context.database, collection }, []);
}

function requireAdmin(name: string, { database }: CommandContext): void {
  if (database === 'admin') return;
  throw new CommandError(
    ErrorCode.InvalidNamespace,
    `${name} must be run against the 'admin' database with {aggregate: 1}`,
  );
}

function statisticsOf(operand: unknown, context: CommandContext, namespace: Namespace): Document {
  const wanted = isDocument(operand) ? operand : {};
  const statistics = collectionStatistics(context, namespace);
  return {
    localTime: now(context),
    ...('storageStats' in wanted ? { storageStats: statistics } : {}),
    ...('count' in wanted ? { count: statistics['count'] } : {}),
    ...('latencyStats' in wanted ? { latencyStats: {} } : {}),
  };
}

function indexStatistics(context: CommandContext, namespace: Namespace): BsonDocument[] {
  const indexes = context.deployment.storage.find(namespace)?.indexes() ?? [];
  return indexes.map(({ name, key }) =>
    toBson({ name, key, host: context.member.address, accesses: { ops: new Double(0), since: now(context) } }),
  );
}

function now({ deployment }: CommandContext): Date {
  return new Date(deployment.clock.wallTime());
}

function toBson(value: Document): BsonDocument {
  return BsonDocument.fromValue(value);
}
