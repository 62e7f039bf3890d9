import { calculateObjectSize, type Document, Int32 } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { HostEnvironment, HostSystem } from '../runtime/host.js';
import { ownOptions } from '../runtime/own_options.js';
import type { DriverInfo } from '../uri/option_types.js';

export interface ClientMetadataInput {
  readonly appName?: string | undefined;
  /** In the order in which they were added; see {@link appendMetadata}. */
  readonly driverInfo?: readonly DriverInfo[];
  readonly environment: HostEnvironment;
}

/** The version in package.json; a test compares the two. */
export const DRIVER_VERSION = '0.1.0';
const DRIVER_NAME = 'mongotempo';

/** MongoDB Handshake, "Limitations": servers refuse a larger document. */
const LARGEST_METADATA = 512;
const LONGEST_APP_NAME = 128;
const DELIMITER = '|';
const INFO_FIELDS = ['name', 'version', 'platform'] as const;
const LARGEST_INT32 = 2 ** 31 - 1;

/**
 * The metadata that a client sends in the first message of each connection.
 *
 * Source: MongoDB Handshake, "Handshake" and "Limitations".
 *
 * @throws MongoInvalidArgumentError if the application's name is longer than 128 bytes, or the names and versions of wrapping
 * libraries leave no room
 */
export function clientMetadata({ appName = '', driverInfo: given = [], environment }: ClientMetadataInput): Document {
  const driverInfo = given.map(ownOptions);
  checkAppName(appName);
  for (const info of driverInfo) checkDriverInfo(info);
  const parts: MetadataParts = {
    application: appName === '' ? undefined : { name: appName },
    driver: { name: joined(DRIVER_NAME, 'name', driverInfo), version: joined(DRIVER_VERSION, 'version', driverInfo) },
    os: { ...environment.os },
    platform: joined(environment.platform, 'platform', driverInfo),
    env: environmentOf(environment),
  };
  return fitted(parts);
}

/**
 * The list with one more library at its end, or the same list if it is already there.
 *
 * Source: MongoDB Handshake, "Metadata updates after MongoClient initialization".
 *
 * @throws MongoInvalidArgumentError if a value is no string, or holds the delimiter "|"
 */
export function appendMetadata(known: readonly DriverInfo[], given: DriverInfo): readonly DriverInfo[] {
  const info = ownOptions(given);
  checkDriverInfo(info);
  // An empty string is the same as none.
  if (known.some(other => INFO_FIELDS.every(field => (other[field] ?? '') === (info[field] ?? '')))) return known;
  return [...known, { ...info }];
}

interface MetadataParts {
  application: { name: string } | undefined;
  driver: { name: string; version: string };
  os: Partial<HostSystem>;
  platform: string;
  env: Document | undefined;
}

function checkAppName(appName: string): void {
  const size = Buffer.byteLength(appName);
  if (size <= LONGEST_APP_NAME) return;
  throw new MongoInvalidArgumentError(
    `appName is ${size} bytes of UTF-8, and servers take at most ${LONGEST_APP_NAME}. Choose a shorter one.`,
  );
}

function checkDriverInfo(info: DriverInfo): void {
  for (const field of INFO_FIELDS) {
    const value: unknown = info[field];
    if (value === undefined) continue;
    if (typeof value !== 'string') {
      throw new MongoInvalidArgumentError(
        `driverInfo.${field} must be a string, not ${value === null ? 'null' : typeof value}`,
      );
    }
    if (value.includes(DELIMITER)) {
      throw new MongoInvalidArgumentError(
        `driverInfo.${field} is '${value}', and may not hold "${DELIMITER}", which separates the values of several libraries`,
      );
    }
  }
}

function joined(own: string, field: keyof DriverInfo, infos: readonly DriverInfo[]): string {
  const others = infos.map(info => info[field] ?? '').filter(value => value !== '');
  return [own, ...others].join(DELIMITER);
}

/** "Limitations": the fields to leave out, step by step, until the document is small enough. */
function fitted(parts: MetadataParts): Document {
  const { env, os } = parts;
  const envName: unknown = env?.['name'];
  const steps: readonly MetadataParts[] = [
    parts,
    { ...parts, env: envName === undefined ? undefined : { name: envName } },
    { ...parts, env: envName === undefined ? undefined : { name: envName }, os: { type: os.type ?? '' } },
    { ...parts, env: undefined, os: { type: os.type ?? '' } },
  ];
  let smallest: Document = {};
  for (const step of steps) {
    smallest = documentOf(step);
    if (calculateObjectSize(smallest) <= LARGEST_METADATA) return smallest;
  }
  const excess = calculateObjectSize(smallest) - LARGEST_METADATA;
  const room = Buffer.byteLength(parts.platform) - excess;
  if (room < 0) {
    throw new MongoInvalidArgumentError(
      `The names and versions in driverInfo are ${-room} bytes too long: client metadata have ${LARGEST_METADATA} bytes in all. Shorten them.`,
    );
  }
  smallest['platform'] = truncatedTo(room, parts.platform);
  return smallest;
}

function documentOf({ application, driver, os, platform, env }: MetadataParts): Document {
  return {
    ...(application !== undefined && { application }),
    driver,
    os,
    platform,
    ...(env !== undefined && { env }),
  };
}

/** The longest start of a text that fits into a number of bytes, without cutting a character. */
function truncatedTo(size: number, text: string): string {
  const bytes = Buffer.from(text);
  let end = Math.min(size, bytes.length);
  // 10xxxxxx is the middle of a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/** "client.env": undefined when there is nothing to say. */
function environmentOf({ env, hasDockerEnv }: HostEnvironment): Document | undefined {
  const container = {
    ...(hasDockerEnv && { runtime: 'docker' }),
    ...(isSet(env['KUBERNETES_SERVICE_HOST']) && { orchestrator: 'kubernetes' }),
  };
  const document = { ...functionServiceOf(env), ...(Object.keys(container).length > 0 && { container }) };
  return Object.keys(document).length === 0 ? undefined : document;
}

/** Whether this process runs functions as a service. */
export function isFunctionService(env: HostEnvironment['env']): boolean {
  return functionServiceOf(env)['name'] !== undefined;
}

/** "FaaS": one row of the table, or nothing if several match; Vercel runs on AWS and goes before it. */
function functionServiceOf(env: HostEnvironment['env']): Document {
  const isVercel = isSet(env['VERCEL']);
  const isAWS =
    !isVercel && ((env['AWS_EXECUTION_ENV'] ?? '').startsWith('AWS_Lambda_') || isSet(env['AWS_LAMBDA_RUNTIME_API']));
  const isAzure = isSet(env['FUNCTIONS_WORKER_RUNTIME']);
  const isGCP = isSet(env['K_SERVICE']) || isSet(env['FUNCTION_NAME']);
  if ([isVercel, isAWS, isAzure, isGCP].filter(Boolean).length !== 1) return {};
  if (isVercel) return { name: 'vercel', ...text('region', env['VERCEL_REGION']) };
  if (isAzure) return { name: 'azure.func' };
  if (isAWS) {
    return {
      name: 'aws.lambda',
      ...text('region', env['AWS_REGION']),
      ...integer('memory_mb', env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']),
    };
  }
  return {
    name: 'gcp.func',
    ...integer('memory_mb', env['FUNCTION_MEMORY_MB']),
    ...integer('timeout_sec', env['FUNCTION_TIMEOUT_SEC']),
    ...text('region', env['FUNCTION_REGION']),
  };
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function text(field: string, value: string | undefined): Document {
  return isSet(value) ? { [field]: value } : {};
}

/** A value that is no 32-bit integer is left out. */
function integer(field: string, value: string | undefined): Document {
  if (value === undefined || !/^\d+$/.test(value) || Number(value) > LARGEST_INT32) return {};
  return { [field]: new Int32(Number(value)) };
}
