import { brand, type ErrorDetails, MongoError } from './base.js';

/**
 * Client-side encryption failed.
 *
 * @public
 */
export class MongoCryptError extends MongoError {
  static {
    brand(this, 'MongoCryptError');
  }
}

/** @public */
export class MongoCryptInvalidArgumentError extends MongoCryptError {
  static {
    brand(this, 'MongoCryptInvalidArgumentError');
  }
}

/** @public */
export class MongoCryptCreateDataKeyError extends MongoCryptError {
  readonly encryptedFields: Record<string, unknown>;

  constructor(encryptedFields: Record<string, unknown>, { cause }: { cause: Error }) {
    super(`Unable to complete creating data keys: ${cause.message}`, { cause });
    this.encryptedFields = encryptedFields;
  }

  static {
    brand(this, 'MongoCryptCreateDataKeyError');
  }
}

/** @public */
export class MongoCryptCreateEncryptedCollectionError extends MongoCryptError {
  readonly encryptedFields: Record<string, unknown>;

  constructor(encryptedFields: Record<string, unknown>, { cause }: { cause: Error }) {
    super(`Unable to create collection: ${cause.message}`, { cause });
    this.encryptedFields = encryptedFields;
  }

  static {
    brand(this, 'MongoCryptCreateEncryptedCollectionError');
  }
}

/** @public */
export class MongoCryptAzureKMSRequestError extends MongoCryptError {
  readonly body: Record<string, unknown> | undefined;

  constructor(message: string, body?: Record<string, unknown>, details?: ErrorDetails) {
    super(message, details);
    this.body = body;
  }

  static {
    brand(this, 'MongoCryptAzureKMSRequestError');
  }
}

/** @public */
export class MongoCryptKMSRequestNetworkTimeoutError extends MongoCryptError {
  static {
    brand(this, 'MongoCryptKMSRequestNetworkTimeoutError');
  }
}
