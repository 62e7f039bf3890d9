/* eslint-disable @typescript-eslint/no-deprecated -- old spellings are still accepted */
// How values of options are read: kinds that many options share first, then the kinds of single options.
import { domainToASCII } from 'node:url';
import { AuthMechanism, type AuthMechanismProperties } from '../../auth/credentials.js';
import { ReadConcern, type ReadConcernLevel, type ReadConcernLike } from '../../concern/read_concern.js';
import {
  ReadPreference,
  ReadPreferenceMode,
  type ReadPreferenceSettings,
  type TagSet,
} from '../../concern/read_preference.js';
import { parseServerApi, type ServerApi, type ServerApiVersion } from '../../concern/server_api.js';
import { type W, WriteConcern, type WriteConcernSettings } from '../../concern/write_concern.js';
import { MongoAPIError } from '../../errors/driver.js';
import { isGiven, ownOptions } from '../../runtime/own_options.js';
import {
  type LogComponentSeveritiesClientOptions,
  type MongoDBLogWritable,
  MongoLoggableComponent,
  SeverityLevel,
} from '../../sinks/log_options.js';
import type { MetricsOptions } from '../../sinks/metrics_options.js';
import { MONITOR_MEMBERS, type Monitors, memberOf } from '../../sinks/monitors.js';
import type { TracingOptions } from '../../sinks/tracing_options.js';
import type { CompressorName } from '../../wire/compressor.js';
import type { Auth, PkFactory, SupportedSocketOptions, SupportedTLSOptions } from '../option_types.js';

/** Says that a value is not one that the option may have. */
export const REFUSED = Symbol('refused');

/**
 * Reads the value of one option, as text from a connection string or as a program gave it.
 *
 * Some options are lists of which a part can be wrong. The parser leaves such a part out and describes it to `leaveOut`: in a connection
 * string that is a warning, in a program an error.
 *
 * `T` is the type of what is read. `Public` is the type that the option has in `MongoClientOptions`.
 */
export interface Parser<T, Public = T> {
  /** What is accepted, to be read after "allowed is". */
  readonly allowed: string;
  readonly parse: (given: unknown, leaveOut: (part: string) => void) => T | typeof REFUSED;
  /** For the compiler only, which compares it with `MongoClientOptions`. Never set. */
  readonly publicType?: (given: Public) => Public;
}

export const boolean: Parser<boolean> = {
  allowed: 'true or false',
  parse(given) {
    if (given === true || given === 'true') return true;
    if (given === false || given === 'false') return false;
    return REFUSED;
  },
};

/** Text that plainly stands for true or false, also in words that the specification does not know. */
export const TRUE_OR_FALSE = /^\s*(?:true|false|t|f|yes|no|y|n|on|off|0|1|enabled?|disabled?)\s*$/i;

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** An integer, also as text. */
export function integer<Public = number>({
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
}: Range = {}): Parser<number, Public> {
  return {
    allowed: allowedIntegers(min, max),
    parse(given) {
      const value = typeof given === 'string' && /^-?\d+$/.test(given) ? Number(given) : given;
      return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
        ? (value as number)
        : REFUSED;
    },
  };
}

function allowedIntegers(min: number, max: number): string {
  if (max !== Number.MAX_SAFE_INTEGER) return `an integer from ${min} to ${max}`;
  return min === Number.MIN_SAFE_INTEGER ? 'an integer' : `an integer of at least ${min}`;
}

export const text: Parser<string> = {
  allowed: 'a non-empty string',
  parse: given => (typeof given === 'string' && given !== '' ? given : REFUSED),
};

/** Text that may be empty. */
export const anyText: Parser<string> = {
  allowed: 'a string',
  parse: given => (typeof given === 'string' ? given : REFUSED),
};

export function oneOf<const T extends string>(...values: readonly T[]): Parser<T> {
  return {
    allowed: `one of ${values.join(', ')}`,
    parse: given => values.find(value => value === given) ?? REFUSED,
  };
}

/** A plain object. Its consumer checks its fields. */
export function record<T extends object>(): Parser<T> {
  return {
    allowed: 'an object',
    parse: given => (isRecord(given) ? (given as T) : REFUSED),
  };
}

export function func<T>(): Parser<T> {
  return { allowed: 'a function', parse: given => (typeof given === 'function' ? (given as T) : REFUSED) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `name:value,name:value` as pairs; a value may contain colons. A part without a colon is left out. */
function pairs(given: string, leaveOut: (part: string) => void): [string, string][] {
  const result: [string, string][] = [];
  for (const part of given.split(',')) {
    const colon = part.indexOf(':');
    if (colon > 0) result.push([part.slice(0, colon), part.slice(colon + 1)]);
    else leaveOut('a part that is not a name and a value with a colon between them');
  }
  return result;
}

// ---- Deployment and network

/** Connection String, "Database": the same rule for a name that a program gives. */
export const databaseName: Parser<string> = {
  allowed: 'a non-empty string without any of / \\ " $ and space',
  parse: given => (typeof given === 'string' && /^[^/\\ "$\0]+$/.test(given) ? given : REFUSED),
};

/** Handshake, "client.application.name": the server refuses a connection with a longer name. */
const LONGEST_APP_NAME_BYTES = 128;

export const appName: Parser<string> = {
  allowed: `a string of at most ${LONGEST_APP_NAME_BYTES} bytes of UTF-8`,
  parse: given =>
    typeof given === 'string' && given !== '' && Buffer.byteLength(given) <= LONGEST_APP_NAME_BYTES ? given : REFUSED,
};

export const serverApi: Parser<Readonly<ServerApi>, ServerApi | ServerApiVersion> = {
  allowed: 'a version, or an object with a version',
  parse: parseServerApi,
};

/** Names for private or special use, which may be a suffix alone (RFC 6761, RFC 6762, ICANN, and custom). */
const SINGLE_LABELS: readonly string[] = [
  'test',
  'localhost',
  'invalid',
  'example',
  'local',
  'internal',
  'corp',
  'home',
  'mail',
];

export const srvAllowedHostsSuffix: Parser<string> = {
  allowed: `a domain name of at least two labels, or one of ${SINGLE_LABELS.join(', ')}`,
  parse(given) {
    if (typeof given !== 'string') return REFUSED;
    const suffix = domainToASCII(given.replace(/^\.+|\.+$/g, ''));
    return suffix.includes('.') || SINGLE_LABELS.includes(suffix) ? `.${suffix}` : REFUSED;
  },
};

export const srvHostValidator: Parser<(host: string) => boolean> = {
  allowed: 'a function',
  parse: given => (typeof given === 'function' ? checkedValidator(given as (host: string) => unknown) : REFUSED),
};

/** An asynchronous validator returns a promise, which would accept every host. */
function checkedValidator(validator: (host: string) => unknown): (host: string) => boolean {
  return host => {
    let verdict: unknown;
    try {
      verdict = validator(host);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new MongoAPIError(`srvHostValidator threw an error for ${host}: ${why}`, { cause });
    }
    if (typeof verdict === 'boolean') return verdict;
    // If the promise is rejected later, it must not end the process.
    if (verdict instanceof Promise) verdict.catch(() => undefined);
    throw new MongoAPIError(`srvHostValidator must return a boolean, received ${typeof verdict} for ${host}`);
  };
}

type UsedCompressor = Exclude<CompressorName, 'none'>;

const COMPRESSORS = Object.keys({ none: true, snappy: true, zlib: true, zstd: true } satisfies Record<
  CompressorName,
  true
>);

export const compressors: Parser<readonly UsedCompressor[], CompressorName[] | string> = {
  allowed: `a list of ${COMPRESSORS.join(', ')}`,
  parse(given, leaveOut) {
    const names: unknown = typeof given === 'string' ? given.split(',') : given;
    if (!Array.isArray(names)) return REFUSED;
    const known = new Set<UsedCompressor>();
    for (const name of names as unknown[]) {
      if (typeof name !== 'string' || !COMPRESSORS.includes(name)) {
        leaveOut(`${typeof name === 'string' ? JSON.stringify(name) : typeof name}, which is not a compressor`);
      } else if (name !== 'none') known.add(name as UsedCompressor);
    }
    return [...known];
  },
};

/** Version of IP. */
export const family: Parser<number> = {
  allowed: '4, 6, or 0 for both',
  parse: given => [0, 4, 6].find(value => value === given || String(value) === given) ?? REFUSED,
};

// The declarations of the table name these interfaces. With type aliases they would name the types of Node.js instead.
/* eslint-disable @typescript-eslint/no-empty-object-type */
export interface LookupParser extends Parser<NonNullable<SupportedSocketOptions['lookup']>> {}
export interface TLSParser<Name extends keyof SupportedTLSOptions>
  extends Parser<NonNullable<SupportedTLSOptions[Name]>> {}

/* eslint-enable @typescript-eslint/no-empty-object-type */

export const lookup: LookupParser = func();

/** An option that `tls.connect` checks itself. */
export function forTLS<Name extends keyof SupportedTLSOptions>(): TLSParser<Name> {
  return { allowed: 'what Node.js accepts', parse: given => given as NonNullable<SupportedTLSOptions[Name]> };
}

export const checkServerIdentity: TLSParser<'checkServerIdentity'> = func();

export const secureContext: TLSParser<'secureContext'> = {
  allowed: 'what tls.createSecureContext returns',
  parse: given =>
    isRecord(given) && isRecord(given['context'])
      ? (given as unknown as NonNullable<SupportedTLSOptions['secureContext']>)
      : REFUSED,
};

// ---- Authentication

export const auth: Parser<Auth> = {
  allowed: "an object with 'username' and 'password', both strings",
  parse(given) {
    if (!isRecord(given)) return REFUSED;
    const { username, password, ...others } = ownOptions(given);
    if (!isOptionalText(username) || !isOptionalText(password) || Object.values(others).some(isGiven)) return REFUSED;
    return { username, password } as Auth;
  },
};

function isOptionalText(value: unknown): value is string | null | undefined {
  return !isGiven(value) || typeof value === 'string';
}

/** As in the official driver, names of mechanisms are compared without case. */
export const authMechanism: Parser<AuthMechanism> = {
  ...oneOf(...Object.values(AuthMechanism)),
  parse: given =>
    typeof given === 'string'
      ? (Object.values(AuthMechanism).find(name => name === given.toUpperCase()) ?? REFUSED)
      : REFUSED,
};

export const authMechanismProperties: Parser<AuthMechanismProperties> = {
  allowed: 'an object, or in a connection string NAME:value,NAME:value',
  parse(given, leaveOut) {
    if (isRecord(given)) return canonicalNames(Object.entries(given));
    if (typeof given !== 'string') return REFUSED;
    return canonicalNames(pairs(given, leaveOut).map(([name, value]) => [name, truth(value)]));
  },
};

/** Authentication, "authMechanismProperties": names are compared without case. */
function canonicalNames(entries: [string, unknown][]): AuthMechanismProperties {
  return Object.fromEntries(
    entries.filter(([, value]) => isGiven(value)).map(([name, value]) => [name.toUpperCase(), value]),
  );
}

/** CANONICALIZE_HOST_NAME was a boolean once. */
function truth(value: string): string | boolean {
  if (value === 'true') return true;
  return value === 'false' ? false : value;
}

// ---- Reads and writes

const MODES: readonly unknown[] = Object.values(ReadPreferenceMode);

export const readPreference: Parser<ReadPreferenceSettings, ReadPreferenceMode | ReadPreference> = {
  allowed: `one of ${MODES.join(', ')}, or a ReadPreference`,
  parse(given) {
    if (given instanceof ReadPreference) return given;
    const settings = isRecord(given)
      ? ownOptions(given as ReadPreferenceSettings)
      : { mode: given as ReadPreferenceMode };
    return MODES.includes(settings.mode ?? settings.preference) ? settings : REFUSED;
  },
};

export const readPreferenceTags: Parser<readonly TagSet[], TagSet[]> = {
  allowed: 'a list of tag sets; in a connection string each is name:value,name:value',
  parse(given, leaveOut) {
    const list: unknown = typeof given === 'string' ? [given] : given;
    if (!Array.isArray(list)) return REFUSED;
    const tags: TagSet[] = [];
    for (const item of list as unknown[]) {
      const tag = typeof item === 'string' ? parseTagSet(item) : item;
      if (isRecord(tag) && Object.values(tag).every(value => typeof value === 'string')) tags.push(tag as TagSet);
      // A tag set is left out as a whole: with some of its tags it would match more servers than it should.
      else leaveOut('a tag set that is not a list of names and values with a colon between them');
    }
    return tags;
  },
};

/** The empty text is the empty set, which matches every server. */
function parseTagSet(given: string): TagSet | undefined {
  if (given === '') return {};
  const wrong: string[] = [];
  const tags = pairs(given, part => wrong.push(part));
  return wrong.length === 0 ? Object.fromEntries(tags) : undefined;
}

const NO_STALENESS = -1;
/** Max Staleness, "maxStalenessSeconds": a smaller value cannot be measured. */
const LEAST_STALENESS_SECONDS = 90;

export const maxStalenessSeconds: Parser<number> = {
  allowed: `${NO_STALENESS} (no limit) or an integer of at least ${LEAST_STALENESS_SECONDS}`,
  parse(given, leaveOut) {
    const value = integer({ min: NO_STALENESS }).parse(given, leaveOut);
    return value === NO_STALENESS || (value !== REFUSED && value >= LEAST_STALENESS_SECONDS) ? value : REFUSED;
  },
};

export const readConcern: Parser<ReadConcern | undefined, ReadConcernLike> = {
  allowed: 'a ReadConcern, or an object with a level',
  parse(given) {
    if (given instanceof ReadConcern || (typeof given === 'string' && given !== '')) {
      return ReadConcern.fromOptions({ readConcern: given as ReadConcern });
    }
    if (!isRecord(given)) return REFUSED;
    const { level } = ownOptions(given);
    return level === undefined || (typeof level === 'string' && level !== '')
      ? ReadConcern.fromOptions({ readConcern: given as unknown as ReadConcern })
      : REFUSED;
  },
};

/** Newer servers may have levels that this version does not know. */
export const readConcernLevel = text as Parser<ReadConcernLevel>;

export const w: Parser<number | string, W> = {
  allowed: 'an integer of at least 0, "majority", or the name of a custom mode',
  parse(given, leaveOut) {
    const count = integer().parse(given, leaveOut);
    if (count !== REFUSED) return count;
    return typeof given === 'string' && given !== '' && !/^-?\d+$/.test(given) ? given : REFUSED;
  },
};

export const writeConcern: Parser<WriteConcernSettings, WriteConcern | WriteConcernSettings> = {
  allowed: 'a WriteConcern, an object with w, wtimeoutMS and journal, "majority", or a number',
  parse(given, leaveOut) {
    if (given instanceof WriteConcern || isRecord(given)) return ownOptions(given as WriteConcernSettings);
    const only = w.parse(given, leaveOut);
    return only === REFUSED ? REFUSED : ({ w: only } as WriteConcernSettings);
  },
};

export const pkFactory: Parser<PkFactory> = {
  allowed: 'an object with a function createPk',
  parse: given =>
    typeof given === 'object' && given !== null && typeof (given as PkFactory).createPk === 'function'
      ? (given as PkFactory)
      : REFUSED,
};

// ---- Monitors and logs

/** A monitor: an object whose members of these names are functions, or absent. */
export function monitor<M extends keyof Monitors>(option: M): Parser<NonNullable<Monitors[M]>> {
  const names = Object.keys(MONITOR_MEMBERS[option]);
  return {
    allowed: `an object whose members are functions: ${names.join(', ')}, each of them optional`,
    parse(given, leaveOut) {
      if (!isRecord(given)) return REFUSED;
      for (const name of names) {
        const member = memberOf(given, name);
        if (isGiven(member) && typeof member !== 'function') leaveOut(`${name}, which is of type ${typeof member}`);
      }
      // An object of a class has members of its own; a plain one has misspelt names.
      for (const name of isPlain(given) ? Object.keys(given) : []) {
        if (!names.includes(name)) leaveOut(`${name}, which is not told of anything`);
      }
      return given;
    },
  };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const COMPONENTS: readonly string[] = [...Object.values(MongoLoggableComponent), 'default'];
const SEVERITIES: readonly unknown[] = Object.values(SeverityLevel);

export const logSeverities: Parser<LogComponentSeveritiesClientOptions> = {
  allowed: `an object with a severity (${SEVERITIES.join(', ')}) for some of ${COMPONENTS.join(', ')}`,
  parse: given =>
    isRecord(given) &&
    Object.entries(given).every(
      ([name, severity]) => COMPONENTS.includes(name) && (!isGiven(severity) || SEVERITIES.includes(severity)),
    )
      ? given
      : REFUSED,
};

export const tracing: Parser<TracingOptions> = {
  allowed:
    'an object with enabled (a boolean), queryTextMaxLength (an integer of at least 0) and tracerProvider, each of them optional',
  parse(given) {
    if (!isRecord(given)) return REFUSED;
    const { enabled, queryTextMaxLength, tracerProvider, ...others } = ownOptions(given as TracingOptions);
    const isRight =
      (!isGiven(enabled) || typeof enabled === 'boolean') &&
      (!isGiven(queryTextMaxLength) || (Number.isSafeInteger(queryTextMaxLength) && queryTextMaxLength >= 0)) &&
      (!isGiven(tracerProvider) || typeof tracerProvider.getTracer === 'function') &&
      Object.keys(others).length === 0;
    return isRight ? given : REFUSED;
  },
};

export const metrics: Parser<MetricsOptions> = {
  allowed: 'an object with enabled (a boolean) and meterProvider, each of them optional',
  parse(given) {
    if (!isRecord(given)) return REFUSED;
    const { enabled, meterProvider, ...others } = ownOptions(given as MetricsOptions);
    const isRight =
      (!isGiven(enabled) || typeof enabled === 'boolean') &&
      (!isGiven(meterProvider) || typeof meterProvider.getMeter === 'function') &&
      Object.keys(others).length === 0;
    return isRight ? given : REFUSED;
  },
};

export const logPath: Parser<'stderr' | 'stdout' | MongoDBLogWritable> = {
  allowed: 'stderr, stdout, or an object with a function write',
  parse(given) {
    if (given === 'stderr' || given === 'stdout') return given;
    const isWritable =
      typeof given === 'object' && given !== null && 'write' in given && typeof given.write === 'function';
    return isWritable ? (given as MongoDBLogWritable) : REFUSED;
  },
};
