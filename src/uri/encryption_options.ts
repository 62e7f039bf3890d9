/* eslint-disable @typescript-eslint/no-explicit-any -- a bound of a range may be of several BSON types */
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { AWSCredentialProvider } from '../auth/credentials.js';
import type { Binary, Document, Int32, Long, UUID } from '../bson/index.js';
import type { ProxyOptions, SupportedSocketOptions } from './option_types.js';

// The options of in-use encryption, which this version does not support: a client with `autoEncryption` is refused, and so is a ClientEncryption.
// The types are here so that programs which name them compile.

/** The severities of the encryption library's messages. @public */
export const AutoEncryptionLoggerLevel = Object.freeze({
  FatalError: 0,
  Error: 1,
  Warning: 2,
  Info: 3,
  Trace: 4,
} as const);

/** @public */
export type AutoEncryptionLoggerLevel = (typeof AutoEncryptionLoggerLevel)[keyof typeof AutoEncryptionLoggerLevel];

/** Credentials of AWS KMS. @public */
export interface AWSKMSProviderConfiguration {
  accessKeyId: string;
  secretAccessKey: string;
  /** The token of temporary credentials. */
  sessionToken?: string;
}

/** A master key that is at hand: 96 bytes, or their base64. @public */
export interface LocalKMSProviderConfiguration {
  key: Binary | Uint8Array | string;
}

/** A server that speaks KMIP. @public */
export interface KMIPKMSProviderConfiguration {
  /** `host:port`. */
  endpoint?: string;
}

/** Credentials of Azure Key Vault: those of an application, or an access token. @public */
export type AzureKMSProviderConfiguration =
  | {
      tenantId: string;
      clientId: string;
      clientSecret: string;
      /** `host` or `host:port`. Default `login.microsoftonline.com`. */
      identityPlatformEndpoint?: string | undefined;
    }
  | { accessToken: string };

/** Credentials of Google Cloud KMS: those of a service account, or an access token. @public */
export type GCPKMSProviderConfiguration =
  | {
      email: string;
      /** A PKCS#8 key: its bytes, or their base64. */
      privateKey: string | Buffer;
      /** `host` or `host:port`. Default `oauth2.googleapis.com`. */
      endpoint?: string | undefined;
    }
  | { accessToken: string };

/** Key management systems and their credentials. A name may follow the kind, as in `aws:second`. An empty object is filled on demand. @public */
export interface KMSProviders {
  aws?: AWSKMSProviderConfiguration | Record<string, never>;
  [key: `aws:${string}`]: AWSKMSProviderConfiguration;
  local?: LocalKMSProviderConfiguration;
  [key: `local:${string}`]: LocalKMSProviderConfiguration;
  kmip?: KMIPKMSProviderConfiguration;
  [key: `kmip:${string}`]: KMIPKMSProviderConfiguration;
  azure?: AzureKMSProviderConfiguration | Record<string, never>;
  [key: `azure:${string}`]: AzureKMSProviderConfiguration;
  gcp?: GCPKMSProviderConfiguration | Record<string, never>;
  [key: `gcp:${string}`]: GCPKMSProviderConfiguration;
}

/** Functions that obtain credentials of key management systems. @public */
export interface CredentialProviders {
  aws?: AWSCredentialProvider;
}

/** Options of TLS for the connection to a key management system. @public */
export interface ClientEncryptionTlsOptions {
  /** The file of the trusted certificates, PEM. */
  tlsCAFile?: string;
  /** The file of the client's certificate and key, PEM. */
  tlsCertificateKeyFile?: string;
  tlsCertificateKeyFilePassword?: string;
  secureContext?: SecureContext;
}

/** @public */
export type CSFLEKMSTlsOptions = {
  aws?: ClientEncryptionTlsOptions;
  gcp?: ClientEncryptionTlsOptions;
  kmip?: ClientEncryptionTlsOptions;
  local?: ClientEncryptionTlsOptions;
  azure?: ClientEncryptionTlsOptions;
  [key: string]: ClientEncryptionTlsOptions | undefined;
};

/** @public */
export type ClientEncryptionSocketOptions = Pick<
  SupportedSocketOptions,
  'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout'
>;

/** Opens the connection to a key management system, through a proxy for example. @public */
export type KMSConnectCallback = (options: {
  host: string;
  port: number;
  /** @deprecated Without effect. */
  timeoutMS?: number;
  /** Aborted when the connection is no longer wanted. */
  signal: AbortSignal;
}) => Promise<Duplex>;

/** The official driver's options of automatic encryption; `keyVaultClient` is added by the file of the client. @public */
export interface AutoEncryptionOptions {
  /** `database.collection` of the keys. */
  keyVaultNamespace?: string;
  kmsProviders?: KMSProviders;
  credentialProviders?: CredentialProviders;
  /** JSON schemas by namespace. One that is given here cannot be replaced by that of a server. */
  schemaMap?: Document;
  /** Encrypted fields by namespace. */
  encryptedFieldsMap?: Document;
  /** Decrypts, and encrypts nothing. */
  bypassAutoEncryption?: boolean;
  /** Leaves out the analysis of queries. */
  bypassQueryAnalysis?: boolean;
  /** Milliseconds for which a data key is cached. 0 is no limit. Default 60000. */
  keyExpirationMS?: number;
  options?: {
    /** Is told of the encryption library's messages. */
    logger?: (level: AutoEncryptionLoggerLevel, message: string) => void;
  };
  extraOptions?: {
    mongocryptdURI?: string;
    mongocryptdBypassSpawn?: boolean;
    mongocryptdSpawnPath?: `${string}mongocryptd${'.exe' | ''}`;
    mongocryptdSpawnArgs?: string[];
    /** The file of the shared library that analyses queries. */
    cryptSharedLibPath?: `${string}mongo_crypt_v${number}.${'so' | 'dll' | 'dylib'}`;
    /** Fails when that library cannot be loaded. */
    cryptSharedLibRequired?: boolean;
  };
  proxyOptions?: ProxyOptions;
  tlsOptions?: CSFLEKMSTlsOptions;
  /** Not together with `proxyOptions`. */
  kmsConnectCallback?: KMSConnectCallback;
}

/** @public */
export type AutoEncryptionExtraOptions = NonNullable<AutoEncryptionOptions['extraOptions']>;

/** A master key in AWS KMS. @public */
export interface AWSEncryptionKeyOptions {
  region: string;
  /** The key's Amazon Resource Name. */
  key: string;
  /** `host` or `host:port` to use instead of the default. */
  endpoint?: string | undefined;
}

/** A master key in Azure Key Vault. @public */
export interface AzureEncryptionKeyOptions {
  keyName: string;
  keyVaultEndpoint: string;
  keyVersion?: string | undefined;
}

/** A master key in Google Cloud KMS. @public */
export interface GCPEncryptionKeyOptions {
  projectId: string;
  location: string;
  keyRing: string;
  keyName: string;
  keyVersion?: string | undefined;
  /** `host` or `host:port` to use instead of the default. */
  endpoint?: string | undefined;
}

/** A master key on a server that speaks KMIP. @public */
export interface KMIPEncryptionKeyOptions {
  /** The id of a secret of 96 bytes. Default: a new one. */
  keyId?: string;
  /** `host:port`. */
  endpoint?: string;
  /** Whether the server decrypts with the key, which then does not leave it. */
  delegated?: boolean;
}

/** A data key as the key vault holds it. @public */
export interface DataKey {
  _id: UUID;
  version?: number;
  keyAltNames?: string[];
  keyMaterial: Binary;
  creationDate: Date;
  updateDate: Date;
  status: number;
  masterKey: Document;
}

/** @public */
export type ClientEncryptionDataKeyProvider = keyof KMSProviders;

/** @public */
export interface ClientEncryptionCreateDataKeyProviderOptions {
  masterKey?:
    | AWSEncryptionKeyOptions
    | AzureEncryptionKeyOptions
    | GCPEncryptionKeyOptions
    | KMIPEncryptionKeyOptions
    | undefined;
  /** Names under which the key may be asked for instead of its id. */
  keyAltNames?: string[] | undefined;
  /** 96 bytes for the key. Default: random ones. */
  keyMaterial?: Buffer | Binary;
}

/** @public */
export interface ClientEncryptionRewrapManyDataKeyProviderOptions {
  provider: ClientEncryptionDataKeyProvider;
  masterKey?:
    | AWSEncryptionKeyOptions
    | AzureEncryptionKeyOptions
    | GCPEncryptionKeyOptions
    | KMIPEncryptionKeyOptions
    | undefined;
}

/** The index of a field that is queried by range. @public */
export interface RangeOptions {
  /** Needed with `precision`. */
  min?: any;
  /** Needed with `precision`. */
  max?: any;
  sparsity?: Long | bigint;
  trimFactor?: Int32 | number;
  precision?: number;
}

/** The index of a field that is queried by parts of its text. @public */
export interface StringQueryOptions {
  caseSensitive: boolean;
  diacriticSensitive: boolean;
  prefix?: { strMaxQueryLength: Int32 | number; strMinQueryLength: Int32 | number };
  suffix?: { strMaxQueryLength: Int32 | number; strMinQueryLength: Int32 | number };
  substring?: { strMaxLength: Int32 | number; strMaxQueryLength: Int32 | number; strMinQueryLength: Int32 | number };
}

/** @public */
export type TextQueryOptions = StringQueryOptions;

/** @public */
export interface ClientEncryptionEncryptOptions {
  /** `TextPreview` is the old name of `String`. */
  algorithm:
    | 'AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic'
    | 'AEAD_AES_256_CBC_HMAC_SHA_512-Random'
    | 'Indexed'
    | 'Unindexed'
    | 'Range'
    | 'String'
    | 'TextPreview';
  /** The data key by its id. Exactly one of `keyId` and `keyAltName` is given. */
  keyId?: Binary;
  keyAltName?: string;
  contentionFactor?: bigint | number;
  /** The names that end in `Preview` are old ones. */
  queryType?:
    | 'equality'
    | 'range'
    | 'prefix'
    | 'suffix'
    | 'substring'
    | 'prefixPreview'
    | 'suffixPreview'
    | 'substringPreview';
  rangeOptions?: RangeOptions;
  /** With the algorithm `String` only. */
  stringOptions?: StringQueryOptions;
  /** @deprecated Use `stringOptions`. */
  textOptions?: StringQueryOptions;
}
