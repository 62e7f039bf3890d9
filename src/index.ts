// Everything that users of the library may import. The order is that of the documentation.

import './client/compatibility.js';

export {
  AuthMechanism,
  type AuthMechanismProperties,
  type AWSCredentialProvider,
  type AWSCredentials,
  GSSAPICanonicalizationValue,
  type IdPInfo,
  type IdPServerResponse,
  MongoCredentials,
  type MongoCredentialsOptions,
  type OIDCCallbackFunction,
  type OIDCCallbackParams,
  type OIDCResponse,
} from './auth/credentials.js';
export { MongoClientAuthProviders } from './auth/mechanisms.js';
// BSON
export {
  Binary,
  BSON,
  BSONRegExp,
  type BSONSerializeOptions,
  BSONSymbol,
  BSONType,
  Code,
  calculateObjectSize,
  DBRef,
  Decimal128,
  type Document,
  Double,
  deserialize,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
  UUID,
} from './bson/index.js';
export type { BulkWriteOptions } from './bulk/batch.js';
export {
  type Batch,
  BatchType,
  BulkOperationBase,
  type FindOperators,
  OrderedBulkOperation,
  UnorderedBulkOperation,
} from './bulk/bulk_operation.js';
export type { InsertManyResult } from './bulk/bulk_write.js';
export type {
  ClientBulkWriteError,
  ClientBulkWriteResult,
  ClientDeleteResult,
  ClientInsertOneResult,
  ClientUpdateResult,
} from './bulk/client_result.js';
export { type BulkCounts, MongoBulkWriteError, MongoClientBulkWriteError } from './bulk/errors.js';
export {
  type BulkWriteOperationError,
  BulkWriteResult,
  type BulkWriteState,
  type IdAt,
  WriteConcernError,
  type WriteConcernErrorData,
  WriteError,
} from './bulk/result.js';
export { CallContext, type CallDeadline } from './call/call_context.js';
export { withDeadline } from './call/scope.js';
export { SharedDeadline as Deadline } from './call/shared_deadline.js';
export { Admin } from './client/admin.js';
export type * from './client/bulk_write_models.js';
export * from './client/client_encryption.js';
export type { ClientStatistics } from './client/client_statistics.js';
export type { CollectionOptions, FindOneOptions, IndexInformationOptions } from './client/collection.js';
export { Collection } from './client/collection.js';
export {
  AbstractCursor,
  type AbstractCursorEvents,
} from './client/cursors/abstract_cursor.js';
export {
  type AggregateOptions,
  AggregationCursor,
  type AggregationCursorOptions,
} from './client/cursors/aggregation_cursor.js';
export {
  ChangeStream,
  type ChangeStreamEvents,
  type ChangeStreamOptions,
  type ChangeStreamParents,
} from './client/cursors/change_stream.js';
export type { CursorCloseOptions } from './client/cursors/close_cursor.js';
export { type AbstractCursorOptions, CURSOR_FLAGS, type CursorFlag } from './client/cursors/cursor_options.js';
export { ExplainableCursor, type ExplainTimeout } from './client/cursors/explainable_cursor.js';
export { FindCursor, type FindOptions } from './client/cursors/find_cursor.js';
export {
  type CollectionInfo,
  type CollectionListing,
  ListCollectionsCursor,
} from './client/cursors/list_collections_cursor.js';
export { ListIndexesCursor, type ListIndexesOptions } from './client/cursors/list_indexes_cursor.js';
export type {
  ListSearchIndexesCursor,
  ListSearchIndexesOptions,
} from './client/cursors/list_search_indexes_cursor.js';
export type { RunCommandCursor, RunCursorCommandOptions } from './client/cursors/run_command_cursor.js';
export { type CreateCollectionOptions, Db, type DbOptions } from './client/db.js';
export { type ExactCollection, exact } from './client/exact_collection.js';
export type { LevelOptions } from './client/inherit.js';
// Client, databases, collections, cursors
export {
  type CloseOptions,
  type ConnectOptions,
  MongoClient,
  type MongoClientEvents,
  type WithSessionCallback,
} from './client/mongo_client.js';
export type * from './client/official_types.js';
// Operations
export type { AggregateCommandOptions, CountDocumentsOptions } from './commands/aggregate.js';
export type { ChangeStreamCommandOptions, ChangeStreamStart } from './commands/change_stream.js';
export type { ClientBulkWriteOptions } from './commands/client_bulk_write.js';
export type { ContextOverrides } from './commands/context.js';
export type { CountOptions, EstimatedDocumentCountOptions } from './commands/count.js';
export type {
  ClusteredCollectionOptions,
  CreateCommandOptions,
  TimeSeriesCollectionOptions,
} from './commands/create_collection.js';
export type {
  CreateIndexesOptions,
  CreateIndexOptions,
  IndexDescription,
  IndexDirection,
  IndexFields,
  IndexOptions,
  IndexSpecification,
  OneOrMore,
} from './commands/create_indexes.js';
export type { DbStatsOptions } from './commands/db_stats.js';
export type { DeleteOptions, DeleteResult, DeleteStatement } from './commands/delete.js';
export type { DistinctOptions } from './commands/distinct.js';
export type { DropCollectionOptions, DropDatabaseOptions } from './commands/drop.js';
export type { DropIndexesOptions } from './commands/drop_indexes.js';
export type { RemoveUserOptions } from './commands/drop_user.js';
export {
  type ExplainCommandOptions,
  type ExplainOptions,
  ExplainVerbosity,
  type ExplainVerbosityLike,
} from './commands/explain.js';
export type { FindCommandOptions } from './commands/find.js';
export {
  type FindOneAndDeleteOptions,
  type FindOneAndReplaceOptions,
  type FindOneAndUpdateOptions,
  type ModifyResult,
  ReturnDocument,
} from './commands/find_and_modify.js';
export type { InsertCommandOptions, InsertOneOptions, InsertOneResult } from './commands/insert.js';
export type { ListCollectionsOptions } from './commands/list_collections.js';
export type { ListDatabasesOptions, ListDatabasesResult } from './commands/list_databases.js';
export type {
  IndexDescriptionCompact,
  IndexDescriptionInfo,
  ListIndexesCommandOptions,
} from './commands/list_indexes.js';
export type {
  Abortable,
  CollationOptions,
  CommandOperationOptions,
  Hint,
  OperationOptions,
} from './commands/options.js';
export {
  ProfilingLevel,
  type ProfilingLevelOptions,
  type SetProfilingLevelOptions,
} from './commands/profiling_level.js';
export type { RenameOptions } from './commands/rename_collection.js';
export type { RunCommandOptions } from './commands/run_command.js';
export type { SearchIndexDescription } from './commands/search_indexes.js';
export type { ReplaceOptions, UpdateOptions, UpdateResult, UpdateStatement } from './commands/update.js';
export type { ValidateCollectionOptions } from './commands/validate_collection.js';
export { ReadConcern, ReadConcernLevel, type ReadConcernLike } from './concern/read_concern.js';
export {
  type HedgeOptions,
  ReadPreference,
  type ReadPreferenceFromOptions,
  type ReadPreferenceLike,
  type ReadPreferenceLikeOptions,
  ReadPreferenceMode,
  type ReadPreferenceOptions,
  type ReadPreferenceSettings,
  type TagSet,
} from './concern/read_preference.js';
export { type ServerApi, ServerApiVersion } from './concern/server_api.js';
export { type W, WriteConcern, type WriteConcernOptions, type WriteConcernSettings } from './concern/write_concern.js';
export { CursorTimeoutMode } from './cursor/cursor_settings.js';
export type { HostAddress } from './description/host_address.js';
export { ServerDescription } from './description/server_description.js';
export type { CustomServerSelector } from './description/topology_description.js';
export { TopologyDescription } from './description/topology_description.js';
export {
  type ClusterTime,
  type OperationTime,
  ServerType,
  TopologyType,
  type TopologyVersion,
} from './description/types.js';
export type { AnyError } from './errors/base.js';
// Errors
export { type ErrorDetails, type ErrorTopologyVersion, MongoError, type OperationPhase } from './errors/base.js';
export { MongoErrorLabel } from './errors/codes.js';
export * from './errors/crypt.js';
export * from './errors/driver.js';
export { MongoNetworkError, type MongoNetworkErrorOptions, MongoNetworkTimeoutError } from './errors/network.js';
export type { ConnectionProgress, PoolCounts } from './errors/pool_counts.js';
export * from './errors/server.js';
export * from './errors/timeout.js';
export type { ServerFacts, TopologyFacts } from './errors/topology_facts.js';
export * from './events/command.js';
export type { EventStamp } from './events/event.js';
export { MonitoringEvent } from './events/event.js';
export type { MonitoringEventListeners, MonitoringEventName, MonitoringEvents } from './events/event_map.js';
export * from './events/operation.js';
export * from './events/pending_response.js';
export * from './events/pool.js';
export {
  type ConnectionPoolEvent,
  PoolEvent,
  PoolEventReason,
  PoolEventType,
} from './events/pool_event.js';
export type { Redact } from './events/redact.js';
export * from './events/selection.js';
export * from './events/server.js';
export * from './events/topology.js';
// Events
export { CancellationToken, type EventsDescription, TypedEventEmitter } from './events/typed_event_emitter.js';
// GridFS
export {
  GridFSBucket,
  type GridFSBucketEvents,
  type GridFSBucketOptions,
  type GridFSReadAllOptions,
  type GridFSUploadSource,
} from './gridfs/bucket.js';
export type { GridFSTimeOptions } from './gridfs/bucket_place.js';
export type { GridFSChunk, GridFSFile } from './gridfs/documents.js';
export {
  GridFSBucketReadStream,
  type GridFSBucketReadStreamOptions,
  type GridFSBucketReadStreamOptionsWithRevision,
} from './gridfs/read_stream.js';
export { GridFSBucketWriteStream, type GridFSBucketWriteStreamOptions } from './gridfs/write_stream.js';
export {
  MongoPoolClearedError,
  MongoPoolClosedError,
  MongoWaitQueueTimeoutError,
} from './pool/errors.js';
export type { PoolStats } from './pool/pool.js';
export * from './sdam/errors.js';
export {
  ClientSession,
  type ClientSessionEvents,
  type EndSessionOptions,
  type ServerSessionId,
  type SessionCallOptions,
  type WithTransactionCallback,
} from './sessions/client_session.js';
export type { ServerSession } from './sessions/server_session_pool.js';
export type { ClientSessionOptions } from './sessions/session_options.js';
export type { TransactionOptions } from './sessions/transaction.js';
export {
  MongoChannel,
  type MongoChannelMessages,
  type MongoEventMessage,
  type MongoMessageOrigin,
  type MongoPoolEventName,
  type MongoTopologyEventName,
  MongoTracingChannel,
  type MongoTracingMessage,
} from './sinks/channel_messages.js';
export type { ListenerErrorHandler } from './sinks/listener_guard.js';
// Options and concerns
export {
  type Log,
  type LogComponentSeveritiesClientOptions,
  type MongoDBLogWritable,
  MongoLoggableComponent,
  SeverityLevel,
} from './sinks/log_options.js';
export type { MetricsOptions, MongoMeterProvider } from './sinks/metrics_options.js';
export type { CommandMonitor, MonitorFunction, PoolMonitor, ServerMonitor } from './sinks/monitors.js';
export type { MongoTracerProvider } from './sinks/telemetry_api.js';
export type { TracingOptions } from './sinks/tracing_options.js';
export type {
  CountedStatistics,
  OperationStatistics,
  ServerStatistics,
} from './statistics/client_counters.js';
export { type DurationBucket, DurationHistogram } from './statistics/histogram.js';
export type * from './types/change_stream.js';
export type * from './types/exact_filter.js';
export type * from './types/exact_update.js';
export type * from './types/filter.js';
export type * from './types/nested_paths.js';
export type * from './types/schema.js';
export type { Sort, SortDirection, SortDirectionForCmd, SortForCmd } from './types/sort.js';
export type {
  AcceptedFields,
  AddToSetOperators,
  ArrayOperator,
  IntegerType,
  MatchKeysAndValues,
  NotAcceptedFields,
  NumericType,
  OnlyFieldsOfType,
  PullAllOperator,
  PullOperator,
  PushOperator,
  SetFields,
  UpdateFilter,
} from './types/update.js';
export type { MongoClientOptions } from './uri/client_options.js';
export * from './uri/encryption_options.js';
export type { MongoOptions } from './uri/mongo_options.js';
export type * from './uri/option_types.js';
export { Compressor, type CompressorName } from './wire/compressor.js';
