import {
  anything,
  document,
  either,
  fields,
  flag,
  integer,
  list,
  matching,
  oneFieldOf,
  oneOf,
  ref,
  type Schema,
  text,
} from './build.js';

const LEVEL = oneOf('emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug', 'trace');

export const LOG_LEVEL = LEVEL;
export const LOG_COMPONENTS = ['command', 'topology', 'serverSelection', 'connection'] as const;

const OBSERVABLE_EVENTS = oneOf(
  ...['commandStartedEvent', 'commandSucceededEvent', 'commandFailedEvent'],
  ...['poolCreatedEvent', 'poolReadyEvent', 'poolClearedEvent', 'poolClosedEvent'],
  ...['connectionCreatedEvent', 'connectionReadyEvent', 'connectionClosedEvent', 'connectionCheckOutStartedEvent'],
  ...['connectionCheckOutFailedEvent', 'connectionCheckedOutEvent', 'connectionCheckedInEvent'],
  ...[
    'serverDescriptionChangedEvent',
    'topologyDescriptionChangedEvent',
    'topologyOpeningEvent',
    'topologyClosedEvent',
  ],
  ...['serverHeartbeatStartedEvent', 'serverHeartbeatSucceededEvent', 'serverHeartbeatFailedEvent'],
);

/** Credentials of a provider: strings, or the request to put in one's own. */
function provider(...names: readonly string[]): Schema {
  const credential = either(text, ref('placeholder'));
  return fields(Object.fromEntries(names.map(name => [name, credential])));
}

const PROVIDERS: Readonly<Record<string, Schema>> = {
  aws: provider('accessKeyId', 'secretAccessKey', 'sessionToken'),
  azure: provider('tenantId', 'clientId', 'clientSecret', 'identityPlatformEndpoint', 'accessToken'),
  gcp: provider('email', 'privateKey', 'endpoint', 'accessToken'),
  kmip: provider('endpoint'),
  local: provider('key'),
};

const KMS_PROVIDERS = fields(PROVIDERS, [], {
  patternProperties: Object.fromEntries(
    Object.entries(PROVIDERS).map(([name, schema]) => [`^${name}:[a-zA-Z0-9_]+$`, schema]),
  ),
});

/** Names of events as entities store them: those of commands, of pools, and of changed descriptions. */
const STORED_EVENTS = oneOf(
  ...['PoolCreatedEvent', 'PoolReadyEvent', 'PoolClearedEvent', 'PoolClosedEvent'],
  ...['ConnectionCreatedEvent', 'ConnectionReadyEvent', 'ConnectionClosedEvent', 'ConnectionCheckOutStartedEvent'],
  ...['ConnectionCheckOutFailedEvent', 'ConnectionCheckedOutEvent', 'ConnectionCheckedInEvent'],
  ...['CommandStartedEvent', 'CommandSucceededEvent', 'CommandFailedEvent'],
  ...['ServerDescriptionChangedEvent', 'TopologyDescriptionChangedEvent'],
);

const SERVER_API = fields({ version: text, strict: flag, deprecationErrors: flag }, ['version']);

const CLIENT = fields(
  {
    id: text,
    uriOptions: document,
    useMultipleMongoses: flag,
    observeEvents: list(OBSERVABLE_EVENTS, 1),
    ignoreCommandMonitoringEvents: list(text, 1),
    storeEventsAsEntities: list(fields({ id: text, events: list(STORED_EVENTS, 1) }, ['id', 'events']), 1),
    observeSensitiveCommands: flag,
    observeLogMessages: fields(Object.fromEntries(LOG_COMPONENTS.map(name => [name, LEVEL])), [], { minProperties: 1 }),
    observeTracingMessages: fields({ enableCommandPayload: flag }),
    serverApi: SERVER_API,
    autoEncryptOpts: document,
    awaitMinPoolSizeMS: integer,
  },
  ['id'],
);

/** "clientEncryption": `tlsOptions` is omitted from the format on purpose; a runner configures TLS by itself. */
const ENCRYPTION_OPTIONS = fields(
  { keyVaultClient: text, keyVaultNamespace: text, kmsProviders: KMS_PROVIDERS, keyExpirationMS: integer },
  ['keyVaultClient', 'keyVaultNamespace', 'kmsProviders'],
);

/** "Entity". */
export const ENTITY = oneFieldOf({
  client: CLIENT,
  clientEncryption: fields({ id: text, clientEncryptionOpts: ENCRYPTION_OPTIONS }, ['id', 'clientEncryptionOpts']),
  database: fields(
    { id: text, client: text, databaseName: text, databaseOptions: ref('collectionOrDatabaseOptions') },
    ['id', 'client', 'databaseName'],
  ),
  collection: fields(
    { id: text, database: text, collectionName: text, collectionOptions: ref('collectionOrDatabaseOptions') },
    ['id', 'database', 'collectionName'],
  ),
  session: fields({ id: text, client: text, sessionOptions: document }, ['id', 'client']),
  bucket: fields({ id: text, database: text, bucketOptions: document }, ['id', 'database']),
  stream: fields({ id: text, hexBytes: matching('^([0-9A-Fa-f]{2})*$') }, ['id', 'hexBytes']),
  thread: fields({ id: text }, ['id']),
});

export const OPTIONS = fields({
  readConcern: document,
  readPreference: document,
  writeConcern: document,
  timeoutMS: integer,
});

export const PLACEHOLDER = fields({ $$placeholder: anything }, ['$$placeholder']);
