import type { BSONSerializeOptions } from '../bson/index.js';
import type { CompressorName } from '../wire/compressor.js';
import { frozenWithSecrets } from './frozen.js';
import type { SupportedSocketOptions, SupportedTLSOptions } from './option_types.js';
import { type NameIn, OPTION_NAMES, type OptionName, optionNamed, optionsIn } from './options/table.js';
import type { ResolvedOptions } from './resolved_options.js';

/**
 * The configuration of a client, in the shape that the official driver gives it: `tls` is a boolean, and the options for BSON, `tls.connect` and
 * `net.connect` are fields of their own. An option that was not given and has no default is undefined or absent.
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

/** Flags that only change how `tls.connect` is called. The official driver does not keep them either. */
const FLAGS_OF_TLS_CONNECT = [
  'tlsAllowInvalidCertificates',
  'tlsAllowInvalidHostnames',
  'tlsDisableCertificateRevocationCheck',
  'tlsDisableOCSPEndpointCheck',
] as const satisfies readonly OptionName[];

/** A row of the table in one of these groups fails to compile here until `MongoOptions` declares the option. */
type ShownName = Exclude<NameIn<'tls' | 'socket' | 'proxy'>, (typeof FLAGS_OF_TLS_CONNECT)[number]>;

/** The options of these groups under their own names, if they have a value. */
function shownByName({ tls, socket, proxy }: ResolvedOptions): Pick<MongoOptions, ShownName> {
  const shown: Partial<Record<OptionName, unknown>> = {};
  for (const [group, fields] of Object.entries({ tls, socket, proxy: proxy ?? {} })) {
    for (const { name, field } of optionsIn(group)) {
      const value = (fields as Record<string, unknown>)[field];
      const isFlag = (FLAGS_OF_TLS_CONNECT as readonly OptionName[]).includes(name);
      if (value !== undefined && !isFlag) shown[name] = value;
    }
  }
  return shown as Pick<MongoOptions, ShownName>;
}

/** The options of in-use encryption hold keys. */
const SECRETS: readonly string[] = [...OPTION_NAMES.filter(name => optionNamed(name).secret), 'autoEncryption'];

/** What the users of a client see of its options. Secrets are shown neither by console.log nor in JSON. */
export function mongoOptions(resolved: ResolvedOptions): MongoOptions {
  const { tls, socket, proxy: _proxy, compressors, monitorCommands, lookup, ...others } = resolved;
  const options: MongoOptions = {
    ...others,
    ...others.bsonOptions,
    ...shownByName(resolved),
    tls: tls.enabled,
    ...(lookup !== undefined && { lookup }),
    ...tls.connection,
    ...socket.connection,
    compressors: Object.freeze(compressors.length === 0 ? ['none' as const] : compressors),
    monitorCommands: monitorCommands === true,
  };
  return frozenWithSecrets(options, SECRETS);
}
