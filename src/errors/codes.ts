/**
 * Labels that give an error a meaning beyond its class and code.
 *
 * @public
 */
export const MongoErrorLabel = Object.freeze({
  RetryableWriteError: 'RetryableWriteError',
  TransientTransactionError: 'TransientTransactionError',
  UnknownTransactionCommitResult: 'UnknownTransactionCommitResult',
  ResumableChangeStreamError: 'ResumableChangeStreamError',
  HandshakeError: 'HandshakeError',
  ResetPool: 'ResetPool',
  PoolRequestedRetry: 'PoolRequestedRetry',
  InterruptInUseConnections: 'InterruptInUseConnections',
  NoWritesPerformed: 'NoWritesPerformed',
  RetryableError: 'RetryableError',
  SystemOverloadedError: 'SystemOverloadedError',
} as const);

/** @public */
export type MongoErrorLabel = (typeof MongoErrorLabel)[keyof typeof MongoErrorLabel];

/** Error codes of MongoDB servers on which a driver acts, by their names in the server's own list. */
export const ServerErrorCode = Object.freeze({
  HostUnreachable: 6,
  HostNotFound: 7,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  NamespaceNotFound: 26,
  CursorNotFound: 43,
  MaxTimeMSExpired: 50,
  StaleShardVersion: 63,
  NetworkTimeout: 89,
  ShutdownInProgress: 91,
  UnsatisfiableWriteConcern: 100,
  UnknownReplWriteConcern: 79,
  FailedToSatisfyReadPreference: 133,
  ReadConcernMajorityNotAvailableYet: 134,
  StaleEpoch: 150,
  PrimarySteppedDown: 189,
  RetryChangeStream: 234,
  NoSuchTransaction: 251,
  ExceededTimeLimit: 262,
  ReauthenticationRequired: 391,
  SocketException: 9001,
  NotWritablePrimary: 10107,
  LegacyNotPrimary: 10058,
  DuplicateKey: 11000,
  InterruptedAtShutdown: 11600,
  InterruptedDueToReplStateChange: 11602,
  StaleConfig: 13388,
  NotPrimaryNoSecondaryOk: 13435,
  NotPrimaryOrSecondary: 13436,
} as const);

const code = ServerErrorCode;

/** SDAM, "Error handling": the server is no longer a writable primary. */
export const NOT_WRITABLE_PRIMARY_CODES: ReadonlySet<number> = new Set([
  code.NotWritablePrimary,
  code.NotPrimaryNoSecondaryOk,
  code.LegacyNotPrimary,
]);

/** SDAM, "Error handling": the server is going down; its pool is cleared. */
export const NODE_IS_SHUTTING_DOWN_CODES: ReadonlySet<number> = new Set([
  code.InterruptedAtShutdown,
  code.ShutdownInProgress,
]);

/** SDAM, "Error handling": the server is recovering or going down. */
export const NODE_IS_RECOVERING_CODES: ReadonlySet<number> = new Set([
  ...NODE_IS_SHUTTING_DOWN_CODES,
  code.InterruptedDueToReplStateChange,
  code.NotPrimaryOrSecondary,
  code.PrimarySteppedDown,
]);

/** Retryable Reads, "Terms: Retryable Error". */
export const RETRYABLE_READ_CODES: ReadonlySet<number> = new Set([
  code.HostUnreachable,
  code.HostNotFound,
  code.NetworkTimeout,
  code.ShutdownInProgress,
  code.ReadConcernMajorityNotAvailableYet,
  code.PrimarySteppedDown,
  code.ExceededTimeLimit,
  code.SocketException,
  code.NotWritablePrimary,
  code.InterruptedAtShutdown,
  code.InterruptedDueToReplStateChange,
  code.NotPrimaryNoSecondaryOk,
  code.NotPrimaryOrSecondary,
]);

/** Retryable Writes, "Determining Retryable Errors": only for servers before 4.4, which do not label their errors. */
export const RETRYABLE_WRITE_CODES_BEFORE_LABELS: ReadonlySet<number> = new Set([
  code.InterruptedAtShutdown,
  code.InterruptedDueToReplStateChange,
  code.NotWritablePrimary,
  code.NotPrimaryNoSecondaryOk,
  code.NotPrimaryOrSecondary,
  code.PrimarySteppedDown,
  code.ShutdownInProgress,
  code.HostNotFound,
  code.HostUnreachable,
  code.NetworkTimeout,
  code.SocketException,
  code.ExceededTimeLimit,
]);

/** Change Streams, "Resumable Error": only for servers before 4.4, which do not label their errors. */
export const RESUMABLE_CODES_BEFORE_LABELS: ReadonlySet<number> = new Set([
  code.HostUnreachable,
  code.HostNotFound,
  code.StaleShardVersion,
  code.NetworkTimeout,
  code.ShutdownInProgress,
  code.FailedToSatisfyReadPreference,
  code.StaleEpoch,
  code.PrimarySteppedDown,
  code.RetryChangeStream,
  code.ExceededTimeLimit,
  code.SocketException,
  code.NotWritablePrimary,
  code.InterruptedAtShutdown,
  code.InterruptedDueToReplStateChange,
  code.StaleConfig,
  code.NotPrimaryNoSecondaryOk,
  code.NotPrimaryOrSecondary,
]);
