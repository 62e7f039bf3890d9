/** The server's error codes that this server gives or is asked to inject, by name (MongoDB's error_codes.yml). */
export const ErrorCode = {
  InternalError: 1,
  BadValue: 2,
  HostUnreachable: 6,
  HostNotFound: 7,
  UnknownError: 8,
  FailedToParse: 9,
  CannotMutateObject: 10,
  UserNotFound: 11,
  UnsupportedFormat: 12,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  ProtocolError: 17,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  LockTimeout: 24,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  NotSecondary: 95,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  EmptyFieldName: 56,
  DottedFieldName: 57,
  CommandNotFound: 59,
  MaxTimeMSExpired: 50,
  CommandFailed: 125,
  WriteConcernFailed: 64,
  MultipleErrorsOccurred: 65,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  NoReplicationEnabled: 76,
  UnknownReplWriteConcern: 79,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  NetworkTimeout: 89,
  ShutdownInProgress: 91,
  UnsatisfiableWriteConcern: 100,
  WriteConflict: 112,
  ConflictingOperationInProgress: 117,
  DocumentValidationFailure: 121,
  FailedToSatisfyReadPreference: 133,
  ReadConcernMajorityNotAvailableYet: 134,
  StaleEpoch: 150,
  CommandNotSupportedOnView: 166,
  ViewDepthLimitExceeded: 165,
  JSInterpreterFailure: 139,
  InvalidPipelineOperator: 168,
  CannotIndexParallelArrays: 171,
  ClientMetadataCannotBeMutated: 186,
  PrimarySteppedDown: 189,
  NoSuchSession: 206,
  IncompleteTransactionHistory: 217,
  ElectionInProgress: 216,
  TransactionTooOld: 225,
  RetryChangeStream: 234,
  CursorKilled: 237,
  NotImplemented: 238,
  SnapshotTooOld: 239,
  SnapshotUnavailable: 246,
  NoSuchTransaction: 251,
  ExceededTimeLimit: 262,
  OperationNotSupportedInTransaction: 263,
  TransactionCommitted: 256,
  TooManyFilesOpen: 264,
  TransactionExceededLifetimeLimitSeconds: 290,
  ChangeStreamFatalError: 280,
  APIVersionError: 322,
  APIStrictError: 323,
  APIDeprecationError: 324,
  LoadBalancerSupportMismatch: 354,
  InvalidResumeToken: 260,
  ChangeStreamHistoryLost: 286,
  NoMatchingDocument: 47,
  CannotConvertIndexToUnique: 359,
  UserAlreadyExists: 51003,
  MechanismUnavailable: 334,
  NotAReplicaSet: 123,
  SearchNotEnabled: 31082,
  MergeStageNoMatchingDocument: 13113,
  ReauthenticationRequired: 391,
  IngressRequestRateLimitExceeded: 462,
  PreparedTransactionInProgress: 267,
  StaleConfig: 13388,
  SocketException: 9001,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  NotWritablePrimary: 10107,
  InterruptedAtShutdown: 11600,
  Interrupted: 11601,
  InterruptedDueToReplStateChange: 11602,
  NotPrimaryNoSecondaryOk: 13435,
  NotPrimaryOrSecondary: 13436,
  IDLFailedToParse: 40414,
  IDLUnknownField: 40415,
} as const;

const names = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]));
names.set(ErrorCode.IDLFailedToParse, 'Location40414');
names.set(ErrorCode.IDLUnknownField, 'Location40415');

/** A code without a name of its own is called by its place in the server's source, as MongoDB does. */
export function codeName(code: number): string {
  return names.get(code) ?? `Location${code}`;
}

const notPrimary: ReadonlySet<number> = new Set([
  ErrorCode.NotWritablePrimary,
  ErrorCode.NotPrimaryNoSecondaryOk,
  ErrorCode.NotPrimaryOrSecondary,
  ErrorCode.PrimarySteppedDown,
  ErrorCode.InterruptedDueToReplStateChange,
]);

const shutdown: ReadonlySet<number> = new Set([ErrorCode.ShutdownInProgress, ErrorCode.InterruptedAtShutdown]);

/** Replies with such an error carry topologyVersion, so that the client can tell a stale error from a new one. */
export function tellsOfStateChange(code: number): boolean {
  return notPrimary.has(code) || shutdown.has(code);
}

const interruption: ReadonlySet<number> = new Set([
  ErrorCode.MaxTimeMSExpired,
  ErrorCode.Interrupted,
  ErrorCode.InterruptedAtShutdown,
  ErrorCode.InterruptedDueToReplStateChange,
]);

/** The codes of what ends a command from outside. */
export function isInterruption(code: number): boolean {
  return interruption.has(code);
}

const retryableWrite: ReadonlySet<number> = new Set([
  ...notPrimary,
  ...shutdown,
  ErrorCode.HostUnreachable,
  ErrorCode.HostNotFound,
  ErrorCode.NetworkTimeout,
  ErrorCode.ExceededTimeLimit,
  ErrorCode.SocketException,
]);

/** The codes that a server labels RetryableWriteError when the command was a retryable write. */
export function isRetryableWriteCode(code: number): boolean {
  return retryableWrite.has(code);
}

const transient: ReadonlySet<number> = new Set([
  ErrorCode.WriteConflict,
  ErrorCode.LockTimeout,
  ErrorCode.PreparedTransactionInProgress,
  ErrorCode.SnapshotTooOld,
  ErrorCode.SnapshotUnavailable,
]);

/** The codes after which a whole transaction may be tried again. A commit that was not answered may have succeeded. */
export function isTransientTransactionCode(code: number, endsTransaction: boolean): boolean {
  if (transient.has(code) || code === ErrorCode.NoSuchTransaction) return true;
  return !endsTransaction && retryableWrite.has(code);
}
