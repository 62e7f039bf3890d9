/* eslint-disable @typescript-eslint/no-unsafe-declaration-merging -- the constructor throws: there is no instance that lacks what the interface declares */
/* eslint-disable @typescript-eslint/no-explicit-any -- what is decrypted may be of any type */
import type { Binary, Document, UUID } from '../bson/index.js';
import type { BulkWriteResult } from '../bulk/result.js';
import type { DeleteResult } from '../commands/delete.js';
import type { Filter } from '../types/filter.js';
import type { WithId } from '../types/schema.js';
import type {
  AWSEncryptionKeyOptions,
  AzureEncryptionKeyOptions,
  ClientEncryptionCreateDataKeyProviderOptions,
  ClientEncryptionDataKeyProvider,
  ClientEncryptionEncryptOptions,
  ClientEncryptionRewrapManyDataKeyProviderOptions,
  CredentialProviders,
  CSFLEKMSTlsOptions,
  DataKey,
  GCPEncryptionKeyOptions,
  KMSConnectCallback,
  KMSProviders,
} from '../uri/encryption_options.js';
import type { ProxyOptions } from '../uri/option_types.js';
import type { Collection } from './collection.js';
import type { FindCursor } from './cursors/find_cursor.js';
import type { CreateCollectionOptions, Db } from './db.js';
import type { MongoClient } from './mongo_client.js';
import { notYet } from './unsupported.js';

declare module '../uri/encryption_options.js' {
  interface AutoEncryptionOptions {
    /** The client that reads the keys. Default: the client that has these options. */
    keyVaultClient?: MongoClient;
  }
}

/** @public */
export interface ClientEncryptionOptions {
  /** `database.collection` of the keys. */
  keyVaultNamespace: string;
  /** The client that reads the keys. Default: the client that is given beside these options. */
  keyVaultClient?: MongoClient | undefined;
  kmsProviders?: KMSProviders;
  credentialProviders?: CredentialProviders;
  proxyOptions?: ProxyOptions;
  tlsOptions?: CSFLEKMSTlsOptions;
  /** Not together with `proxyOptions`. */
  kmsConnectCallback?: KMSConnectCallback;
  /** Milliseconds for which a data key is cached. 0 is no limit. Default 60000. */
  keyExpirationMS?: number;
  /** @deprecated Without effect. */
  timeoutMS?: number;
}

/** @public */
export interface ClientEncryptionRewrapManyDataKeyResult {
  /** Absent if no key matched. */
  bulkWriteResult?: BulkWriteResult;
}

/** The methods of the official driver, for programs that name them. @public */
export interface ClientEncryption {
  createDataKey(
    provider: ClientEncryptionDataKeyProvider,
    options?: ClientEncryptionCreateDataKeyProviderOptions,
  ): Promise<UUID>;
  rewrapManyDataKey(
    filter: Filter<DataKey>,
    options?: ClientEncryptionRewrapManyDataKeyProviderOptions,
  ): Promise<ClientEncryptionRewrapManyDataKeyResult>;
  deleteKey(_id: Binary): Promise<DeleteResult>;
  getKeys(): FindCursor<DataKey>;
  getKey(_id: Binary): Promise<DataKey | null>;
  getKeyByAltName(keyAltName: string): Promise<WithId<DataKey> | null>;
  addKeyAltName(_id: Binary, keyAltName: string): Promise<WithId<DataKey> | null>;
  removeKeyAltName(_id: Binary, keyAltName: string): Promise<WithId<DataKey> | null>;
  createEncryptedCollection<TSchema extends Document = Document>(
    db: Db,
    name: string,
    options: {
      provider: ClientEncryptionDataKeyProvider;
      createCollectionOptions: Omit<CreateCollectionOptions, 'encryptedFields'> & { encryptedFields: Document };
      masterKey?: AWSEncryptionKeyOptions | AzureEncryptionKeyOptions | GCPEncryptionKeyOptions;
    },
  ): Promise<{ collection: Collection<TSchema>; encryptedFields: Document }>;
  encrypt(value: unknown, options: ClientEncryptionEncryptOptions): Promise<Binary>;
  encryptExpression(expression: Document, options: ClientEncryptionEncryptOptions): Promise<Binary>;
  decrypt<T = any>(value: Binary): Promise<T>;
}

/**
 * Keys and explicit encryption of client-side encryption. Not supported yet: only its types are here.
 *
 * @public
 */
export class ClientEncryption {
  /** @throws MongoCompatibilityError always */
  constructor(_client: MongoClient, _options: ClientEncryptionOptions) {
    notYet('client-side encryption (ClientEncryption)');
  }

  /** @throws MongoCompatibilityError always */
  static get libmongocryptVersion(): string {
    return notYet('client-side encryption (ClientEncryption)');
  }
}
