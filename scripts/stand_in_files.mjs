// In which file of its lib/ the official package has each of its names: libraries ask for these files.
const TABLE = `
admin: Admin
bulk/common: BatchType BulkWriteResult WriteConcernError WriteError MongoBulkWriteError BulkOperationBase
bulk/ordered: OrderedBulkOperation
bulk/unordered: UnorderedBulkOperation
change_stream: ChangeStream
client-side-encryption/auto_encrypter: AutoEncryptionLoggerLevel
client-side-encryption/client_encryption: ClientEncryption
client-side-encryption/errors: MongoCryptError MongoCryptInvalidArgumentError MongoCryptCreateDataKeyError
  MongoCryptCreateEncryptedCollectionError MongoCryptAzureKMSRequestError MongoCryptKMSRequestNetworkTimeoutError
cmap/auth/gssapi: GSSAPICanonicalizationValue
cmap/auth/mongo_credentials: MongoCredentials
cmap/auth/providers: AuthMechanism
cmap/command_monitoring_events: CommandStartedEvent CommandSucceededEvent CommandFailedEvent
cmap/connection_pool_events: ConnectionPoolMonitoringEvent ConnectionPoolCreatedEvent ConnectionPoolReadyEvent ConnectionPoolClosedEvent
  ConnectionCreatedEvent ConnectionReadyEvent ConnectionClosedEvent ConnectionCheckOutStartedEvent ConnectionCheckOutFailedEvent
  ConnectionCheckedOutEvent ConnectionCheckedInEvent ConnectionPoolClearedEvent
cmap/wire_protocol/compression: Compressor
collection: Collection
cursor/abstract_cursor: CURSOR_FLAGS CursorTimeoutMode AbstractCursor
cursor/aggregation_cursor: AggregationCursor
cursor/change_stream_cursor: ChangeStreamCursor
cursor/explainable_cursor: ExplainableCursor
cursor/find_cursor: FindCursor
cursor/list_collections_cursor: ListCollectionsCursor
cursor/list_indexes_cursor: ListIndexesCursor
db: Db
error: MongoErrorLabel MongoError MongoServerError MongoDriverError MongoAPIError MongoRuntimeError MongoStalePrimaryError
  MongoBatchReExecutionError MongoDecompressionError MongoNotConnectedError MongoTransactionError MongoExpiredSessionError
  MongoKerberosError MongoAWSError MongoOIDCError MongoAzureError MongoGCPError MongoClientBulkWriteError MongoClientBulkWriteCursorError
  MongoClientBulkWriteExecutionError MongoChangeStreamError MongoTailableCursorError MongoGridFSStreamError MongoGridFSChunkError
  MongoUnexpectedServerResponseError MongoOperationTimeoutError MongoCursorInUseError MongoServerClosedError MongoCursorExhaustedError
  MongoTopologyClosedError MongoClientClosedError MongoNetworkError MongoNetworkTimeoutError MongoParseError MongoInvalidArgumentError
  MongoCompatibilityError MongoMissingCredentialsError MongoMissingDependencyError MongoSystemError MongoServerSelectionError
  MongoWriteConcernError
explain: ExplainVerbosity
gridfs/download: GridFSBucketReadStream
gridfs/index: GridFSBucket
gridfs/upload: GridFSBucketWriteStream
mongo_client: ServerApiVersion MongoClient
mongo_client_auth_providers: MongoClientAuthProviders
mongo_logger: SeverityLevel MongoLoggableComponent
mongo_types: TypedEventEmitter CancellationToken
operations/find_and_modify: ReturnDocument
operations/set_profiling_level: ProfilingLevel
read_concern: ReadConcernLevel ReadConcern
read_preference: ReadPreferenceMode ReadPreference
sdam/common: TopologyType ServerType
sdam/events: ServerDescriptionChangedEvent ServerOpeningEvent ServerClosedEvent TopologyDescriptionChangedEvent TopologyOpeningEvent
  TopologyClosedEvent ServerHeartbeatStartedEvent ServerHeartbeatSucceededEvent ServerHeartbeatFailedEvent
sdam/server_description: ServerDescription
sdam/server_selection_events: ServerSelectionEvent ServerSelectionStartedEvent ServerSelectionFailedEvent ServerSelectionSucceededEvent
  WaitingForSuitableServerEvent
sdam/srv_polling: SrvPollingEvent
sdam/topology_description: TopologyDescription
sessions: ClientSession
write_concern: WriteConcern
`;

/** @returns path without its ending → names, as the official package 7.9 has them */
export function officialFiles() {
  const rows = TABLE.trim().split(/\n(?! )/);
  return new Map(
    rows.map(row => [
      row.slice(0, row.indexOf(':')),
      row
        .slice(row.indexOf(':') + 1)
        .trim()
        .split(/\s+/),
    ]),
  );
}
