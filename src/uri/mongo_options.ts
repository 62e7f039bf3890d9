import type { BSONSerializeOptions } from '../bson/index.js';
import type { CompressorName } from '../wire/compressor.js';
import type { SupportedSocketOptions, SupportedTLSOptions } from './client_options.js';
import { frozenWithSecrets } from './frozen.js';
import type { ResolvedOptions } from './resolved_options.js';

/**
 * All that a client works with, in the shape that the official driver gives it: `tls` is a boolean, and the options for BSON, `tls.connect` and
 * `net.connect` are fields of their own. What was not given and has no default is undefined or absent.
 *
 * @public
 */
export interface MongoOptions
  extends Omit<ResolvedOptions, 'tls' | 'socket' | 'proxy' | 'compressors' | 'monitorCommands' | 'lookup'>,
    Readonly<BSONSerializeOptions>,
    Readonly<SupportedSocketOptions>,
    Readonly<Omit<SupportedTLSOptions, 'session'>> {
  readonly tls: boolean;
  readonly tlsCAFile?: string | undefined;
  readonly tlsCRLFile?: string | undefined;
  readonly tlsCertificateKeyFile?: string | undefined;
  readonly tlsCertificateKeyFilePassword?: string | undefined;
  readonly tlsInsecure?: boolean | undefined;
  readonly noDelay: boolean;
  readonly keepAliveInitialDelay: number;
  readonly proxyHost?: string | undefined;
  readonly proxyPort?: number | undefined;
  readonly proxyUsername?: string | undefined;
  readonly proxyPassword?: string | undefined;
  /** In order of preference; `['none']` when messages are not compressed. */
  readonly compressors: readonly CompressorName[];
  /** Whether `monitorCommands: true` was given. When it was not given, command events are published when there is a listener. */
  readonly monitorCommands: boolean;
}

const SECRETS = [
  'tlsCertificateKeyFilePassword',
  'passphrase',
  'key',
  'pfx',
  'session',
  'proxyPassword',
  'autoEncryption',
] as const;

/** What the users of a client see of its options. Secrets are shown neither by console.log nor in JSON. */
export function mongoOptions(resolved: ResolvedOptions): MongoOptions {
  const { tls, socket, proxy, compressors, monitorCommands, bsonOptions, lookup, ...others } = resolved;
  const options = {
    ...others,
    ...bsonOptions,
    bsonOptions,
    tls: tls.enabled,
    ...given({
      tlsCAFile: tls.caFile,
      tlsCRLFile: tls.crlFile,
      tlsCertificateKeyFile: tls.certificateKeyFile,
      tlsCertificateKeyFilePassword: tls.certificateKeyFilePassword,
      tlsInsecure: tls.insecure,
      proxyHost: proxy?.host,
      proxyPort: proxy?.port,
      proxyUsername: proxy?.username,
      proxyPassword: proxy?.password,
      lookup,
    }),
    ...tls.connection,
    noDelay: socket.noDelay,
    keepAliveInitialDelay: socket.keepAliveInitialDelay,
    ...socket.connection,
    compressors: Object.freeze(compressors.length === 0 ? ['none' as const] : compressors),
    monitorCommands: monitorCommands === true,
  } as MongoOptions;
  return frozenWithSecrets(options as MongoOptions & Record<(typeof SECRETS)[number], unknown>, SECRETS);
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
