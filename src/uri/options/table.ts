import { authOptions } from './auth.js';
import { bsonOptions, eventAndLogOptions } from './bson_and_logs.js';
import { connectionOptions } from './connection.js';
import type { Option } from './option.js';
import { readAndWriteOptions } from './reads_and_writes.js';
import { socketConnectOptions, socketOptions, tlsConnectOptions, tlsOptions } from './tls_and_socket.js';

/** Every option that a client has, by its canonical name. */
const OPTIONS = {
  ...connectionOptions,
  ...authOptions,
  ...tlsOptions,
  ...tlsConnectOptions,
  ...socketOptions,
  ...socketConnectOptions,
  ...readAndWriteOptions,
  ...bsonOptions,
  ...eventAndLogOptions,
};

export type OptionName = keyof typeof OPTIONS;

type ValueOf<O> = O extends Option<infer T, infer D> ? T | D : never;
type GivenValueOf<O> = O extends Option<infer T, unknown> ? T : never;

/** A value for each option: the one given, or its default. */
export type OptionValues = { readonly [Name in OptionName]: ValueOf<(typeof OPTIONS)[Name]> };

/** Values from one place: only what was given there. */
export type GivenValues = { [Name in OptionName]?: GivenValueOf<(typeof OPTIONS)[Name]> };

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/** The row of an option, without its type of value. */
export function optionNamed(name: OptionName): Option<unknown, unknown> {
  return OPTIONS[name];
}

const BY_SPELLING = new Map<string, OptionName>(
  OPTION_NAMES.flatMap(name =>
    [name, ...(optionNamed(name).spellings ?? [])].map(spelling => [spelling, name] as const),
  ),
);

const BY_LOWER_CASE = new Map([...BY_SPELLING].map(([spelling, name]) => [spelling.toLowerCase(), name]));

/** Names of a program's options are compared without case too, as in the official driver. */
export function optionOfProgram(spelling: string): OptionName | undefined {
  return BY_SPELLING.get(spelling) ?? BY_LOWER_CASE.get(spelling.toLowerCase());
}

/** Names in a connection string are compared without case. */
export function optionOfUri(key: string): OptionName | undefined {
  return BY_LOWER_CASE.get(key.toLowerCase());
}
