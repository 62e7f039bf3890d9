import { compact, connPoolStats, dataSize, fsync, hostInfo, listCommands, top } from './administration.js';
import { aggregate } from './aggregate.js';
import { authenticate, getnonce, logout, saslContinue, saslStart } from './authenticate.js';
import { bulkWrite } from './bulk_write.js';
import { convertToCapped } from './capped.js';
import { collStats, create, dbStats, drop, dropDatabase, listCollections, listDatabases } from './catalog.js';
import { collMod } from './coll_mod.js';
import { type CommandTable } from './context.js';
import { getMore, killCursors } from './cursors.js';
import { getDefaultRWConcern, setDefaultRWConcern } from './default_concerns.js';
import { remove } from './delete.js';
import {
  buildInfo,
  configureFailPoint,
  connectionStatus,
  getCmdLineOpts,
  getLog,
  getParameter,
  nothing,
  ping,
  serverStatus,
  setParameter,
  whatsMyUri,
} from './diagnostics.js';
import { explain } from './explain.js';
import { findAndModify } from './find_and_modify.js';
import { hello } from './handshake.js';
import { createIndexes, dropIndexes, listIndexes } from './indexes.js';
import { insert } from './insert.js';
import { profile, validate } from './inspect.js';
import { mapReduce } from './map_reduce.js';
import { currentOp, killOp } from './operations.js';
import { count, distinct, find } from './read.js';
import { renameCollection } from './rename.js';
import { replSetFreeze, replSetGetConfig, replSetGetStatus, replSetStepDown } from './replication.js';
import { changeSearchIndexes } from './search_indexes.js';
import { endSessions, killAllSessions, killSessions, refreshSessions, startSession } from './sessions.js';
import { balancerStatus, enableSharding, isdbgrid, listShards, shardCollection } from './sharding.js';
import { checkMetadataConsistency } from './sources.js';
import { abortTransaction, commitTransaction } from './transactions.js';
import { update } from './update.js';
import { createUser, dropAllUsersFromDatabase, dropUser, updateUser, usersInfo } from './users.js';

const write = { access: 'write', isRetryable: true, isApiV1: true, inTransaction: 'runs' } as const;
const query = { access: 'read', isApiV1: true, inTransaction: 'runs' } as const;
const cursor = { access: 'any', isApiV1: true, inTransaction: 'runs' } as const;
const define = { access: 'write', isApiV1: true } as const;
const read = { access: 'read', isApiV1: true } as const;
const any = { access: 'any' } as const;
const end = { access: 'write', isAdminOnly: true, isApiV1: true, inTransaction: 'ends' } as const;
const admin = { access: 'any', isAdminOnly: true } as const;
const router = { access: 'any', isAdminOnly: true, isOfRouters: true } as const;

const mapReduceFields = [
  ...['mapReduce', 'mapreduce', 'map', 'reduce', 'finalize', 'query', 'sort', 'limit', 'scope', 'out', 'collation'],
  ...['jsMode', 'verbose', 'bypassDocumentValidation'],
];

/** Every command: where it may run, what it knows, and who runs it. */
export const commands: CommandTable = {
  hello: { ...any, isApiV1: true, beforeAuth: true, run: hello },
  isMaster: { ...any, beforeAuth: true, run: hello },
  ismaster: { ...any, beforeAuth: true, run: hello },
  ping: { ...any, isApiV1: true, beforeAuth: true, run: ping },

  saslStart: { ...any, isApiV1: true, beforeAuth: true, run: saslStart },
  saslContinue: { ...any, isApiV1: true, beforeAuth: true, run: saslContinue },
  authenticate: { ...any, isApiV1: true, beforeAuth: true, run: authenticate },
  logout: { ...any, beforeAuth: true, run: logout },
  getnonce: { ...any, beforeAuth: true, run: getnonce },
  createUser: { access: 'write', run: createUser },
  updateUser: { access: 'write', run: updateUser },
  dropUser: { access: 'write', run: dropUser },
  dropAllUsersFromDatabase: { access: 'write', run: dropAllUsersFromDatabase },
  usersInfo: { access: 'read', run: usersInfo },
  checkMetadataConsistency: { ...any, run: checkMetadataConsistency },

  insert: {
    ...write,
    fields: [
      'insert',
      'documents',
      'ordered',
      'bypassDocumentValidation',
      'bypassEmptyTsReplacement',
      'stmtId',
      'stmtIds',
    ],
    run: insert,
  },
  update: {
    ...write,
    fields: [
      'update',
      'updates',
      'ordered',
      'bypassDocumentValidation',
      'bypassEmptyTsReplacement',
      'let',
      'stmtId',
      'stmtIds',
    ],
    run: update,
  },
  delete: { ...write, fields: ['delete', 'deletes', 'ordered', 'let', 'stmtId', 'stmtIds'], run: remove },
  bulkWrite: {
    ...write,
    isAdminOnly: true,
    fields: [
      ...['bulkWrite', 'ops', 'nsInfo', 'ordered', 'errorsOnly', 'bypassDocumentValidation', 'let', 'cursor'],
      ...['bypassEmptyTsReplacement', 'stmtId', 'stmtIds'],
    ],
    run: bulkWrite,
  },
  findAndModify: {
    ...write,
    fields: [
      ...['findAndModify', 'query', 'sort', 'remove', 'update', 'new', 'fields', 'upsert', 'let', 'hint'],
      ...['collation', 'arrayFilters', 'bypassDocumentValidation', 'stmtId'],
    ],
    run: findAndModify,
  },

  find: {
    ...query,
    fields: [
      ...['find', 'filter', 'sort', 'projection', 'skip', 'limit', 'batchSize', 'singleBatch', 'hint', 'max', 'min'],
      ...['returnKey', 'showRecordId', 'tailable', 'awaitData', 'noCursorTimeout', 'oplogReplay', 'collation'],
      ...['allowDiskUse', 'allowPartialResults', 'let'],
    ],
    run: find,
  },
  getMore: { ...cursor, fields: ['getMore', 'collection', 'batchSize', 'term'], run: getMore },
  killCursors: { ...cursor, fields: ['killCursors', 'cursors'], run: killCursors },
  aggregate: {
    ...query,
    fields: [
      ...[
        'aggregate',
        'pipeline',
        'cursor',
        'explain',
        'allowDiskUse',
        'bypassDocumentValidation',
        'collation',
        'hint',
      ],
      ...['let', 'bypassEmptyTsReplacement'],
    ],
    run: aggregate,
  },
  count: { ...read, fields: ['count', 'query', 'limit', 'skip', 'hint', 'collation', 'fields'], run: count },
  distinct: {
    access: 'read',
    inTransaction: 'runs',
    fields: ['distinct', 'key', 'query', 'collation', 'hint'],
    run: distinct,
  },

  create: { ...define, inTransaction: 'runs', run: create },
  collMod: { ...define, run: collMod },
  convertToCapped: { access: 'write', fields: ['convertToCapped', 'size'], run: convertToCapped },
  renameCollection: {
    access: 'write',
    isAdminOnly: true,
    fields: ['renameCollection', 'to', 'dropTarget', 'stayTemp'],
    run: renameCollection,
  },
  createSearchIndexes: { access: 'any', run: changeSearchIndexes },
  updateSearchIndex: { access: 'any', run: changeSearchIndexes },
  dropSearchIndex: { access: 'any', run: changeSearchIndexes },
  drop: { ...define, fields: ['drop'], run: drop },
  dropDatabase: { ...define, fields: ['dropDatabase'], run: dropDatabase },
  listCollections: {
    ...read,
    fields: ['listCollections', 'filter', 'nameOnly', 'authorizedCollections', 'cursor'],
    run: listCollections,
  },
  listDatabases: {
    ...read,
    isAdminOnly: true,
    fields: ['listDatabases', 'filter', 'nameOnly', 'authorizedDatabases'],
    run: listDatabases,
  },
  createIndexes: {
    ...define,
    inTransaction: 'runs',
    fields: ['createIndexes', 'indexes', 'commitQuorum', 'ignoreUnknownIndexOptions'],
    run: createIndexes,
  },
  listIndexes: { ...read, fields: ['listIndexes', 'cursor'], run: listIndexes },
  dropIndexes: { ...define, fields: ['dropIndexes', 'index'], run: dropIndexes },

  commitTransaction: { ...end, fields: ['commitTransaction', 'recoveryToken'], run: commitTransaction },
  abortTransaction: { ...end, fields: ['abortTransaction', 'recoveryToken'], run: abortTransaction },

  startSession: { ...any, run: startSession },
  endSessions: { ...any, isApiV1: true, beforeAuth: true, run: endSessions },
  refreshSessions: { ...any, isApiV1: true, run: refreshSessions },
  killSessions: { ...any, isApiV1: true, run: killSessions },
  killAllSessions: { ...any, run: killAllSessions },
  killAllSessionsByPattern: { ...any, run: killAllSessions },

  buildInfo: { ...any, beforeAuth: true, run: buildInfo },
  buildinfo: { ...any, beforeAuth: true, run: buildInfo },
  serverStatus: { ...any, run: serverStatus },
  connectionStatus: { ...any, isApiV1: true, beforeAuth: true, run: connectionStatus },
  whatsmyuri: { ...any, beforeAuth: true, run: whatsMyUri },
  mapReduce: { access: 'read', fields: mapReduceFields, run: mapReduce },
  mapreduce: { access: 'read', fields: mapReduceFields, run: mapReduce },
  explain: { ...read, fields: ['explain', 'verbosity'], run: explain },
  profile: { ...any, run: profile },
  validate: { access: 'read', run: validate },
  collStats: { access: 'read', run: collStats },
  dbStats: { access: 'read', run: dbStats },
  getParameter: { ...admin, run: getParameter },
  getLog: { ...admin, run: getLog },
  setParameter: { ...admin, run: setParameter },
  getCmdLineOpts: { ...admin, run: getCmdLineOpts },
  getDefaultRWConcern: { ...admin, fields: ['getDefaultRWConcern', 'inMemory'], run: getDefaultRWConcern },
  setDefaultRWConcern: {
    access: 'write',
    isAdminOnly: true,
    fields: ['setDefaultRWConcern', 'defaultReadConcern', 'defaultWriteConcern'],
    run: setDefaultRWConcern,
  },
  setFeatureCompatibilityVersion: { access: 'write', isAdminOnly: true, run: nothing },
  hostInfo: { ...admin, run: hostInfo },
  listCommands: { ...any, run: () => listCommands(commands) },
  logRotate: { ...admin, run: nothing },
  rotateCertificates: { ...admin, run: nothing },
  fsync: { ...admin, run: fsync },
  compact: { access: 'any', run: compact },
  planCacheClear: { ...any, run: nothing },
  dataSize: { access: 'read', run: dataSize },
  connPoolStats: { ...any, run: connPoolStats },
  top: { ...admin, run: top },

  isdbgrid: { access: 'any', isOfRouters: true, run: isdbgrid },
  listShards: { ...router, run: listShards },
  enableSharding: { ...router, run: enableSharding },
  shardCollection: { ...router, run: shardCollection },
  flushRouterConfig: { ...router, run: nothing },
  balancerStatus: { ...router, run: balancerStatus },
  balancerStart: { ...router, run: nothing },
  balancerStop: { ...router, run: nothing },

  testVersion2: { ...any, run: ping },
  testDeprecation: { ...any, isApiV1: true, isDeprecated: true, run: ping },
  testDeprecationInVersion2: { ...any, isApiV1: true, run: ping },
  testVersions1And2: { ...any, isApiV1: true, run: ping },
  testRemoval: { ...any, isApiV1: true, run: ping },
  currentOp: { ...admin, run: currentOp },
  killOp: { ...admin, fields: ['killOp', 'op'], run: killOp },
  configureFailPoint: { ...admin, run: configureFailPoint },

  replSetStepDown: { access: 'write', isAdminOnly: true, run: replSetStepDown },
  replSetGetStatus: { ...admin, run: replSetGetStatus },
  replSetGetConfig: { ...admin, run: replSetGetConfig },
  replSetFreeze: { ...admin, run: replSetFreeze },
};
