import { brand, type ErrorDetails, MongoError } from './base.js';

/**
 * An error that the driver itself raised.
 *
 * @public
 */
export class MongoDriverError extends MongoError {
  static {
    brand(this, 'MongoDriverError');
  }
}

/**
 * The driver was used in a way that it does not allow.
 *
 * @public
 */
export class MongoAPIError extends MongoDriverError {
  static {
    brand(this, 'MongoAPIError');
  }
}

/**
 * The driver met a condition at run time that it cannot continue from.
 *
 * @public
 */
export class MongoRuntimeError extends MongoDriverError {
  static {
    brand(this, 'MongoRuntimeError');
  }
}

/**
 * A connection string, an option or a message could not be understood.
 *
 * @public
 */
export class MongoParseError extends MongoDriverError {
  static {
    brand(this, 'MongoParseError');
  }
}

/**
 * An argument has a wrong type or value. Raised before anything is sent.
 *
 * @public
 */
export class MongoInvalidArgumentError extends MongoAPIError {
  static {
    brand(this, 'MongoInvalidArgumentError');
  }
}

/**
 * The deployment, or its version, does not support what was asked for.
 *
 * @public
 */
export class MongoCompatibilityError extends MongoAPIError {
  static {
    brand(this, 'MongoCompatibilityError');
  }
}

/**
 * Authentication was asked for and credentials are missing.
 *
 * @public
 */
export class MongoMissingCredentialsError extends MongoAPIError {
  static {
    brand(this, 'MongoMissingCredentialsError');
  }
}

/**
 * A session's transaction is not in the state that the call needs.
 *
 * @public
 */
export class MongoTransactionError extends MongoAPIError {
  static {
    brand(this, 'MongoTransactionError');
  }
}

/**
 * The client is not connected and the call does not connect it.
 *
 * @public
 */
export class MongoNotConnectedError extends MongoAPIError {
  static {
    brand(this, 'MongoNotConnectedError');
  }
}

/**
 * A bulk operation was executed a second time.
 *
 * @public
 */
export class MongoBatchReExecutionError extends MongoAPIError {
  constructor(message = 'This batch has already been executed, create new batch to execute', details?: ErrorDetails) {
    super(message, details);
  }

  static {
    brand(this, 'MongoBatchReExecutionError');
  }
}

/**
 * The client was closed while the operation ran or waited, or before a cursor was read to its end. `cause` is what an earlier attempt met, if
 * there was one.
 *
 * @public
 */
export class MongoClientClosedError extends MongoAPIError {
  constructor(message = 'Operation interrupted because client was closed', details?: ErrorDetails) {
    super(message, details);
  }

  static {
    brand(this, 'MongoClientClosedError');
  }
}

/**
 * A cursor was read after its end.
 *
 * @public
 */
export class MongoCursorExhaustedError extends MongoAPIError {
  constructor(message = 'Cursor is exhausted', details?: ErrorDetails) {
    super(message, details);
  }

  static {
    brand(this, 'MongoCursorExhaustedError');
  }
}

/**
 * A cursor was changed after it had been started.
 *
 * @public
 */
export class MongoCursorInUseError extends MongoAPIError {
  constructor(message = 'Cursor is already initialized', details?: ErrorDetails) {
    super(message, details);
  }

  static {
    brand(this, 'MongoCursorInUseError');
  }
}

/**
 * A session was used after it had ended.
 *
 * @public
 */
export class MongoExpiredSessionError extends MongoAPIError {
  constructor(message = 'Cannot use a session that has ended', details?: ErrorDetails) {
    super(message, details);
  }

  static {
    brand(this, 'MongoExpiredSessionError');
  }
}

/**
 * A server was used after it had been closed.
 *
 * @public
 */
export class MongoServerClosedError extends MongoAPIError {
  constructor(message = 'Server is closed', details?: ErrorDetails) {
    super(message, details);
  }

  static {
    brand(this, 'MongoServerClosedError');
  }
}

/**
 * The operation has no meaning on a tailable cursor.
 *
 * @public
 */
export class MongoTailableCursorError extends MongoAPIError {
  constructor(message = 'Tailable cursor does not support this operation', details?: ErrorDetails) {
    super(message, details);
  }

  static {
    brand(this, 'MongoTailableCursorError');
  }
}

/**
 * The topology was closed before or while the operation ran.
 *
 * @public
 */
export class MongoTopologyClosedError extends MongoAPIError {
  constructor(message = 'Topology is closed', details?: ErrorDetails) {
    super(message, details);
  }

  static {
    brand(this, 'MongoTopologyClosedError');
  }
}

/**
 * A change stream cannot continue.
 *
 * @public
 */
export class MongoChangeStreamError extends MongoRuntimeError {
  static {
    brand(this, 'MongoChangeStreamError');
  }
}

/**
 * The results of a client bulk write could not be read.
 *
 * @public
 */
export class MongoClientBulkWriteCursorError extends MongoRuntimeError {
  static {
    brand(this, 'MongoClientBulkWriteCursorError');
  }
}

/**
 * A client bulk write could not be executed.
 *
 * @public
 */
export class MongoClientBulkWriteExecutionError extends MongoRuntimeError {
  static {
    brand(this, 'MongoClientBulkWriteExecutionError');
  }
}

/**
 * A compressed message could not be decompressed.
 *
 * @public
 */
export class MongoDecompressionError extends MongoRuntimeError {
  static {
    brand(this, 'MongoDecompressionError');
  }
}

/**
 * A chunk of a GridFS file is missing, out of order or of a wrong size.
 *
 * @public
 */
export class MongoGridFSChunkError extends MongoRuntimeError {
  static {
    brand(this, 'MongoGridFSChunkError');
  }
}

/**
 * A GridFS stream was used in a wrong state.
 *
 * @public
 */
export class MongoGridFSStreamError extends MongoRuntimeError {
  static {
    brand(this, 'MongoGridFSStreamError');
  }
}

/**
 * A server claims to be primary, and a newer primary is known.
 *
 * @public
 */
export class MongoStalePrimaryError extends MongoRuntimeError {
  static {
    brand(this, 'MongoStalePrimaryError');
  }
}

/**
 * A reply breaks the protocol or lacks what it must hold.
 *
 * @public
 */
export class MongoUnexpectedServerResponseError extends MongoRuntimeError {
  static {
    brand(this, 'MongoUnexpectedServerResponseError');
  }
}

/**
 * Credentials for MONGODB-AWS could not be obtained.
 *
 * @public
 */
export class MongoAWSError extends MongoRuntimeError {
  static {
    brand(this, 'MongoAWSError');
  }
}

/**
 * GSSAPI authentication failed on this side.
 *
 * @public
 */
export class MongoKerberosError extends MongoRuntimeError {
  static {
    brand(this, 'MongoKerberosError');
  }
}

/**
 * A token for MONGODB-OIDC could not be obtained.
 *
 * @public
 */
export class MongoOIDCError extends MongoRuntimeError {
  static {
    brand(this, 'MongoOIDCError');
  }
}

/**
 * A token could not be obtained from Azure.
 *
 * @public
 */
export class MongoAzureError extends MongoOIDCError {
  static {
    brand(this, 'MongoAzureError');
  }
}

/**
 * A token could not be obtained from Google Cloud.
 *
 * @public
 */
export class MongoGCPError extends MongoOIDCError {
  static {
    brand(this, 'MongoGCPError');
  }
}

/**
 * An optional package is needed for what was asked and is not installed.
 *
 * @public
 */
export class MongoMissingDependencyError extends MongoAPIError {
  readonly dependencyName: string;

  constructor(message: string, details: ErrorDetails & { dependencyName: string }) {
    super(message, details);
    this.dependencyName = details.dependencyName;
  }

  static {
    brand(this, 'MongoMissingDependencyError');
  }
}
