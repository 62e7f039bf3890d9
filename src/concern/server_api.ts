import { MongoParseError } from '../errors/driver.js';
import { ownOptions } from '../runtime/own_options.js';

/** @public */
export const ServerApiVersion = Object.freeze({ v1: '1' } as const);

/** @public */
export type ServerApiVersion = (typeof ServerApiVersion)[keyof typeof ServerApiVersion];

/**
 * The version of the Stable API that every command of a client declares.
 *
 * @public
 */
export interface ServerApi {
  version: ServerApiVersion;
  /** Commands and features outside this version fail. */
  strict?: boolean;
  /** Commands and features that are deprecated in this version fail. */
  deprecationErrors?: boolean;
}

/** The fields that the Stable API adds to a command. */
export interface ServerApiFields {
  apiVersion: ServerApiVersion;
  apiStrict?: boolean;
  apiDeprecationErrors?: boolean;
}

/** Reads the client option `serverApi`: a version, or an object with one. */
export function parseServerApi(given: unknown): Readonly<ServerApi> {
  const { version, strict, deprecationErrors } = ownOptions<{ [K in keyof ServerApi]?: unknown }>(
    typeof given === 'string' ? { version: given } : (given as object | null | undefined),
  );
  const allowed = `"${Object.values(ServerApiVersion).join('", "')}"`;
  if (version === undefined || version === null || version === '') {
    throw new MongoParseError(`Invalid \`serverApi\` property; must specify a version from the following: ${allowed}`);
  }
  if (!isVersion(version)) {
    const shown = typeof version === 'string' || typeof version === 'number' ? String(version) : typeof version;
    throw new MongoParseError(`Invalid server API version=${shown}; must be one of the following: ${allowed}`);
  }
  return Object.freeze({
    version,
    ...flag('strict', strict),
    ...flag('deprecationErrors', deprecationErrors),
  });
}

function isVersion(version: unknown): version is ServerApiVersion {
  return Object.values<unknown>(ServerApiVersion).includes(version);
}

function flag<Name extends string>(name: Name, value: unknown): Partial<Record<Name, boolean>> {
  if (value === undefined || value === null) return {};
  if (typeof value === 'boolean') return { [name]: value } as Partial<Record<Name, boolean>>;
  throw new MongoParseError(`\`serverApi.${name}\` must be true or false, got ${typeof value}`);
}

/** Stable API, "Sending Declared API Version": what the user did not set is not sent. */
export function serverApiFields(serverApi: Readonly<ServerApi>): ServerApiFields {
  const { version, strict, deprecationErrors } = ownOptions(serverApi);
  const fields: ServerApiFields = { apiVersion: version };
  if (strict !== undefined) fields.apiStrict = strict;
  if (deprecationErrors !== undefined) fields.apiDeprecationErrors = deprecationErrors;
  return fields;
}
