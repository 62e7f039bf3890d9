import type { BSONSerializeOptions } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { MongoClientOptions } from './client_options.js';
import {
  doubtsAbout,
  refuseConflicts,
  refuseDifferentTLSValues,
  refuseImpossibleDeployment,
  refuseMisspeltTLS,
  refuseRepeatedProxyOptions,
} from './conflicts.js';
import { parseConnectionString } from './connection_string.js';
import { frozenCopy } from './frozen.js';
import { noValues, readProgramOptions, readUriOptions } from './given_options.js';
import { bsonOptions } from './options/bson_and_logs.js';
import { type GivenValues, OPTION_NAMES, type OptionName, type OptionValues, optionNamed } from './options/table.js';
import { resolveReadConcern, resolveReadPreference, resolveWriteConcern } from './resolve_concerns.js';
import { resolveCredentials } from './resolve_credentials.js';
import { resolveProxy, resolveSocket, resolveTLS } from './resolve_network.js';
import { frozenOptions, type ResolvedOptions } from './resolved_options.js';

/** The database that `client.db()` stands for when nobody names one. */
const DEFAULT_DATABASE = 'test';

const LEAST_HEARTBEAT_FREQUENCY_MS = 500;

/**
 * Everything that a client is configured with, from its connection string and its options. Pure: nothing is read, resolved or
 * printed.
 *
 * An option of the program wins over the same option in the connection string. An unknown option or a wrong value is an error when
 * the program gave it; in the connection string it is left out, and `warnings` says so.
 *
 * For a `mongodb+srv` string the result has `srvHost` and no `hosts`; `applySrvRecords` adds what DNS knows.
 */
export function resolveOptions(uri: string, options?: MongoClientOptions): ResolvedOptions {
  if (typeof uri !== 'string') {
    throw new MongoInvalidArgumentError(`The connection string must be a string, got ${typeof uri}`);
  }
  const parsed = parseConnectionString(uri);
  const warnings = [...parsed.warnings];
  const fromProgram = readProgramOptions(options);
  refuseRepeatedProxyOptions(parsed.options);
  refuseDifferentTLSValues(parsed.options, fromProgram);
  const fromUri = readUriOptions(parsed, warnings);
  const given = Object.assign<GivenValues, GivenValues, GivenValues>(noValues() as GivenValues, fromUri, fromProgram);
  const values = withLeastHeartbeatFrequency(withDefaults(given), warnings);

  refuseConflicts(given, parsed.srv);
  refuseMisspeltTLS(parsed.options, given, parsed.srv);
  warnings.push(...doubtsAbout(values));

  const resolved: ResolvedOptions = {
    ...plainValues(values),
    hosts: Object.freeze(parsed.srv ? [] : [...parsed.hosts]),
    srvHost: parsed.srv ? parsed.hosts[0]?.host : undefined,
    dbName: given.dbName ?? parsed.database ?? DEFAULT_DATABASE,
    credentials: resolveCredentials(parsed, fromUri, fromProgram, warnings),
    driverInfo: frozenCopy(values.driverInfo),
    compressors: frozenCopy(values.compressors),
    tls: resolveTLS(given, parsed.srv),
    socket: resolveSocket(given, values),
    proxy: resolveProxy(given),
    readPreference: resolveReadPreference(fromUri, fromProgram),
    readConcern: resolveReadConcern(fromUri, fromProgram),
    writeConcern: resolveWriteConcern(fromUri, fromProgram),
    bsonOptions: resolveBSON(values),
    log: Object.freeze({
      componentSeverities: frozenCopy(values.mongodbLogComponentSeverities),
      path: values.mongodbLogPath,
      maxDocumentLength: values.mongodbLogMaxDocumentLength,
    }),
    specified: Object.freeze(Object.keys(given)),
    warnings: Object.freeze(warnings),
  };
  refuseImpossibleDeployment(resolved);
  return frozenOptions(resolved);
}

function withDefaults(given: GivenValues): OptionValues {
  const value = (name: OptionName): unknown => given[name] ?? optionNamed(name).default;
  return Object.fromEntries(OPTION_NAMES.map(name => [name, value(name)])) as unknown as OptionValues;
}

/** SDAM, "heartbeatFrequencyMS": must be at least 500. What connects with the official driver, which has no minimum, must connect here. */
function withLeastHeartbeatFrequency(values: OptionValues, warnings: string[]): OptionValues {
  const { heartbeatFrequencyMS } = values;
  if (heartbeatFrequencyMS >= LEAST_HEARTBEAT_FREQUENCY_MS) return values;
  warnings.push(
    `heartbeatFrequencyMS=${heartbeatFrequencyMS} is less than ${LEAST_HEARTBEAT_FREQUENCY_MS}; ${LEAST_HEARTBEAT_FREQUENCY_MS} is used`,
  );
  return { ...values, heartbeatFrequencyMS: LEAST_HEARTBEAT_FREQUENCY_MS };
}

/** The options whose resolved value is the value that was given. */
function plainValues(values: OptionValues) {
  return {
    srvServiceName: values.srvServiceName,
    srvMaxHosts: values.srvMaxHosts,
    srvAllowedHostsSuffix: values.srvAllowedHostsSuffix,
    srvHostValidator: values.srvHostValidator,
    replicaSet: values.replicaSet,
    directConnection: values.directConnection,
    loadBalanced: values.loadBalanced,
    appName: values.appName,
    serverApi: values.serverApi,
    timeoutMS: values.timeoutMS,
    serverSelectionTimeoutMS: values.serverSelectionTimeoutMS,
    connectTimeoutMS: values.connectTimeoutMS,
    socketTimeoutMS: values.socketTimeoutMS,
    waitQueueTimeoutMS: values.waitQueueTimeoutMS,
    pendingResponseTimeoutMS: values.pendingResponseTimeoutMS,
    heartbeatFrequencyMS: values.heartbeatFrequencyMS,
    minHeartbeatFrequencyMS: values.minHeartbeatFrequencyMS,
    serverMonitoringMode: values.serverMonitoringMode,
    localThresholdMS: values.localThresholdMS,
    serverSelector: values.serverSelector,
    serverSelectionFailFast: values.serverSelectionFailFast,
    __skipPingOnConnect: values.__skipPingOnConnect,
    maxPoolSize: values.maxPoolSize,
    minPoolSize: values.minPoolSize,
    maxConnecting: values.maxConnecting,
    maxIdleTimeMS: values.maxIdleTimeMS,
    zlibCompressionLevel: values.zlibCompressionLevel,
    lookup: values.lookup,
    retryReads: values.retryReads,
    retryWrites: values.retryWrites,
    maxAdaptiveRetries: values.maxAdaptiveRetries,
    enableOverloadRetargeting: values.enableOverloadRetargeting,
    forceServerObjectId: values.forceServerObjectId,
    pkFactory: values.pkFactory,
    autoEncryption: values.autoEncryption,
    monitorCommands: values.monitorCommands,
    runtimeAdapters: values.runtimeAdapters,
  };
}

function resolveBSON(values: OptionValues): Readonly<BSONSerializeOptions> {
  const names = Object.keys(bsonOptions) as (keyof typeof bsonOptions)[];
  return frozenCopy(
    Object.fromEntries(names.filter(name => values[name] !== undefined).map(name => [name, values[name]])),
  );
}
