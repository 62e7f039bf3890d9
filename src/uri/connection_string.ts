import { HostAddress } from '../description/host_address.js';
import { MongoParseError } from '../errors/driver.js';

/** All occurrences of one option in a connection string. */
export interface UriOption {
  /** The name, as its first occurrence spells it. */
  readonly key: string;
  readonly values: readonly string[];
}

/** A connection string taken apart and percent-decoded. Its options are not interpreted. */
export interface ParsedUri {
  readonly srv: boolean;
  readonly hosts: readonly HostAddress[];
  /** Undefined without userinfo. There is no password then either. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  /** Options by their name in lower case, since names are compared without case. */
  readonly options: ReadonlyMap<string, UriOption>;
  /** False if names and values of options could be parts of a password. Messages must not show them then. */
  readonly isShowable: boolean;
  readonly warnings: readonly string[];
}

const SCHEME = /^mongodb(\+srv)?:\/\//;

/** Connection String, "Database": characters that no server accepts in a name. */
const NOT_IN_A_DATABASE_NAME = /[/\\ "$\0]/;

/** The text between the delimiters, still encoded. */
interface Parts {
  readonly userinfo: string | undefined;
  readonly hosts: string;
  readonly database: string;
  readonly query: string;
}

/**
 * Takes a connection string apart.
 *
 * ```
 * mongodb[+srv]://[username[:password]@]host[:port][,host[:port]…][/[database]][?key=value[&key=value…]]
 * ```
 *
 * Source: Connection String specification. No error shows a part of the string that could belong to a password, even if a delimiter in the
 * password is not percent-encoded and the parts are not where they should be.
 */
export function parseConnectionString(given: string): ParsedUri {
  const uri = withoutWhiteSpace(given);
  const scheme = SCHEME.exec(uri);
  if (scheme === null) {
    throw new MongoParseError(
      'Invalid scheme, expected connection string to start with "mongodb://" or "mongodb+srv://"',
    );
  }
  const srv = scheme[1] !== undefined;
  const warnings: string[] = [];
  const parts = split(withoutFragment(uri.slice(scheme[0].length), warnings));
  // An "@" in the query may be the end of userinfo with a "?" that is not percent-encoded.
  const isShowable = !parts.query.includes('@');
  return {
    srv,
    ...parseUserinfo(parts.userinfo),
    hosts: parseHosts(parts.hosts, srv),
    database: parseDatabase(parts.database),
    options: parseQuery(parts.query, isShowable, warnings),
    isShowable,
    warnings,
  };
}

/** Files and secrets that hold a connection string often end with a line break. Line breaks and tabs inside are no part of a URL either (WHATWG URL). */
function withoutWhiteSpace(uri: string): string {
  return uri.trim().replace(/[\t\n\r]/g, '');
}

/** A fragment means nothing to a client of a database. The official driver drops it too. */
function withoutFragment(rest: string, warnings: string[]): string {
  const endOfUserinfo = rest.slice(0, indexOrEnd(rest, /[/?]/)).lastIndexOf('@');
  const hash = rest.indexOf('#', endOfUserinfo + 1);
  if (hash === -1) return rest;
  if (rest.includes('@', hash)) {
    throw new MongoParseError(
      'The connection string contains a "#" before an "@": in the user name or the password, a "#" must be written as %23, a "/" as %2F, a "?" as %3F',
    );
  }
  warnings.push(
    'What follows the "#" in the connection string is ignored; in a name or a value, a "#" must be written as %23',
  );
  return rest.slice(0, hash);
}

function split(rest: string): Parts {
  const endOfAuthority = indexOrEnd(rest, /[/?]/);
  const authority = rest.slice(0, endOfAuthority);
  const at = authority.lastIndexOf('@');
  const path = rest[endOfAuthority] === '/' ? rest.slice(endOfAuthority + 1) : rest.slice(endOfAuthority);
  const question = indexOrEnd(path, /\?/);
  return {
    userinfo: at === -1 ? undefined : authority.slice(0, at),
    hosts: authority.slice(at + 1),
    database: path.slice(0, question),
    query: path.slice(question + 1),
  };
}

function indexOrEnd(text: string, delimiter: RegExp): number {
  const index = text.search(delimiter);
  return index === -1 ? text.length : index;
}

function parseUserinfo(userinfo: string | undefined): Pick<ParsedUri, 'username' | 'password'> {
  if (userinfo === undefined) return { username: undefined, password: undefined };
  const parts = userinfo.split(':');
  if (userinfo.includes('@') || parts.length > 2) {
    throw new MongoParseError(
      'The user name and the password in the connection string must be percent-encoded: a "@" is %40, a ":" is %3A',
    );
  }
  const [username = '', password] = parts;
  // Authentication, "Connection String Options": the delimiter "@" asks for authentication, even with nothing before it.
  if (username === '') throw new MongoParseError('The connection string contains an "@" and no user name before it');
  return {
    username: decode(username, 'user name'),
    password: password === undefined ? undefined : decode(password, 'password'),
  };
}

function parseHosts(text: string, srv: boolean): readonly HostAddress[] {
  if (text === '') throw new MongoParseError('The connection string names no host');
  const names = text.split(',');
  if (!srv) return names.map(name => new HostAddress(name));
  if (names.length > 1) throw new MongoParseError('A mongodb+srv connection string must name exactly one host');
  if (text.includes(':')) throw new MongoParseError('A mongodb+srv connection string cannot contain a port');
  const address = new HostAddress(text);
  if (address.socketPath !== undefined) {
    throw new MongoParseError('A mongodb+srv connection string must name a host, not a Unix socket');
  }
  return [address];
}

function parseDatabase(text: string): string | undefined {
  if (text === '') return undefined;
  if (text.includes('@')) {
    throw new MongoParseError(
      'The connection string contains a "/" before an "@": a "/" in the user name or the password must be written as %2F',
    );
  }
  const database = decode(text, 'database');
  if (NOT_IN_A_DATABASE_NAME.test(database)) {
    throw new MongoParseError(
      'The database in the connection string contains one of the characters that no database name may have: / \\ " $ and space',
    );
  }
  return database;
}

export function parseQuery(query: string, isShowable: boolean, warnings: string[]): ReadonlyMap<string, UriOption> {
  const options = new Map<string, { key: string; values: string[] }>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals === -1) throw new MongoParseError('An option of the connection string has no value: it lacks a "="');
    if (equals === 0) throw new MongoParseError('An option of the connection string has a value and no name');
    const key = decodeLeniently(pair.slice(0, equals)) ?? pair.slice(0, equals);
    const value = decodeLeniently(pair.slice(equals + 1));
    if (value === undefined) {
      warnings.push(
        `The value of ${printableKey(key, isShowable)} in the connection string contains a percent sign that starts no escape; it is taken as it stands`,
      );
    }
    const known = options.get(key.toLowerCase());
    if (known === undefined) options.set(key.toLowerCase(), { key, values: [value ?? pair.slice(equals + 1)] });
    else known.values.push(value ?? pair.slice(equals + 1));
  }
  return options;
}

/** The name of an option for a message. */
export function printableKey(key: string, isShowable: boolean): string {
  return isShowable && /^[\w.-]{1,64}$/.test(key) ? `the option ${key}` : 'an option with an unreadable name';
}

function decode(text: string, what: string): string {
  const decoded = decodeLeniently(text);
  if (decoded !== undefined) return decoded;
  throw new MongoParseError(
    `The ${what} in the connection string contains a percent sign that starts no valid escape; a "%" is %25`,
  );
}

function decodeLeniently(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
