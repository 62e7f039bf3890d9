import { type Doc, show } from './bson_values.js';
import { match } from './matching.js';
import { readDocument, readFields, readFlag, readList, readOneOf, readText } from './shapes.js';

/** Unified test format, "runOnRequirement". */

const TOPOLOGIES = ['single', 'replicaset', 'sharded', 'load-balanced', 'sharded-replicaset'] as const;
export type TopologyName = (typeof TOPOLOGIES)[number];

const SERVERLESS = ['require', 'forbid', 'allow'] as const;

export interface RunOnRequirement {
  readonly minServerVersion?: string;
  readonly maxServerVersion?: string;
  readonly topologies?: readonly TopologyName[];
  readonly serverParameters?: Doc;
  readonly auth?: boolean;
  readonly authMechanism?: string;
  readonly csfle?: boolean | { readonly minLibmongocryptVersion: string };
  readonly serverless?: (typeof SERVERLESS)[number];
}

/** What a test would run on. */
export interface Deployment {
  /** As buildInfo gives it. */
  readonly version: string;
  readonly topology: TopologyName;
  /** What getParameter gives; a parameter that the server does not know is absent. */
  readonly serverParameters: Doc;
  readonly auth: boolean;
  readonly authMechanisms: readonly string[];
  /** The version of libmongocrypt when the driver has client-side encryption. */
  readonly libmongocryptVersion?: string;
  readonly serverless: boolean;
}

export type RunDecision = { readonly run: true } | { readonly run: false; readonly reason: string };

/** Any one of the requirements is enough; without any, a test runs everywhere. */
export function decideRun(requirements: readonly RunOnRequirement[] | undefined, deployment: Deployment): RunDecision {
  if (requirements === undefined || requirements.length === 0) return { run: true };
  const reasons: string[] = [];
  for (const requirement of requirements) {
    const reason = unmet(requirement, deployment);
    if (reason === undefined) return { run: true };
    if (!reasons.includes(reason)) reasons.push(reason);
  }
  return { run: false, reason: reasons.join('; or ') };
}

/** The first condition of a requirement that a deployment does not meet. */
function unmet(requirement: RunOnRequirement, deployment: Deployment): string | undefined {
  const { minServerVersion, maxServerVersion, topologies, auth, authMechanism } = requirement;
  const { version, topology } = deployment;
  if (minServerVersion !== undefined && compareVersions(version, minServerVersion) < 0) {
    return `needs a server of at least ${minServerVersion}, this is ${version}`;
  }
  if (maxServerVersion !== undefined && compareVersions(version, maxServerVersion) > 0) {
    return `needs a server of at most ${maxServerVersion}, this is ${version}`;
  }
  if (topologies !== undefined && !topologies.some(name => sameTopology(name, topology))) {
    return `needs topology ${topologies.join(' or ')}, this is ${topology}`;
  }
  if (auth !== undefined && auth !== deployment.auth) {
    return `needs a server ${auth ? 'with' : 'without'} authentication`;
  }
  if (authMechanism !== undefined && !deployment.authMechanisms.includes(authMechanism)) {
    return `needs the authentication mechanism ${authMechanism}`;
  }
  return (
    unmetServerless(requirement.serverless, deployment) ??
    unmetEncryption(requirement.csfle, deployment.libmongocryptVersion) ??
    unmetParameters(requirement.serverParameters, deployment.serverParameters)
  );
}

function unmetServerless(wanted: RunOnRequirement['serverless'], deployment: Deployment): string | undefined {
  if (wanted === 'require' && !deployment.serverless) return 'needs a serverless deployment';
  if (wanted === 'forbid' && deployment.serverless) return 'cannot run on a serverless deployment';
  return undefined;
}

function unmetEncryption(wanted: RunOnRequirement['csfle'], libmongocrypt: string | undefined): string | undefined {
  if (wanted === undefined) return undefined;
  if (wanted === false)
    return libmongocrypt === undefined ? undefined : 'needs a driver without client-side encryption';
  if (libmongocrypt === undefined) return 'needs client-side encryption';
  if (wanted === true || compareVersions(libmongocrypt, wanted.minLibmongocryptVersion) >= 0) return undefined;
  return `needs libmongocrypt of at least ${wanted.minLibmongocryptVersion}, this is ${libmongocrypt}`;
}

function unmetParameters(wanted: Doc | undefined, actual: Doc): string | undefined {
  const context = { entities: new Map<string, unknown>(), lsidOf: () => undefined };
  for (const [name, value] of Object.entries(wanted ?? {})) {
    const parameter = Object.hasOwn(actual, name) ? actual[name] : undefined;
    if (parameter === undefined) return `needs the server parameter ${name}, which this server does not have`;
    if (match(value, parameter, context, 'nested') !== null) {
      return `needs the server parameter ${name}=${show(value)}, this server has ${show(parameter)}`;
    }
  }
  return undefined;
}

/** Every shard has been a replica set since MongoDB 3.6, so that the two names mean one thing. */
function sameTopology(a: TopologyName, b: TopologyName): boolean {
  const named = (name: TopologyName) => (name === 'sharded-replicaset' ? 'sharded' : name);
  return named(a) === named(b);
}

/** By major, minor and patch; what a version does not name is 0, and what follows (`-rc1`, `-alpha`) does not count. */
function compareVersions(a: string, b: string): number {
  const left = components(a);
  const right = components(b);
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function components(version: string): readonly number[] {
  const found = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version);
  if (found === null) throw new Error(`${JSON.stringify(version)} is not a version, such as 8.0.4`);
  return found.slice(1, 4).map(part => Number((part as string | undefined) ?? 0));
}

/** The requirements of a file or of a test. */
export function readRequirements(value: unknown, path: string): readonly RunOnRequirement[] {
  return readList(value, path, readRequirement);
}

function readRequirement(value: unknown, path: string): RunOnRequirement {
  return readFields<RunOnRequirement>(
    value,
    path,
    {
      minServerVersion: readText,
      maxServerVersion: readText,
      topologies: (list, at) => readList(list, at, (name, where) => readOneOf(name, where, TOPOLOGIES)),
      serverParameters: readDocument,
      auth: readFlag,
      authMechanism: readText,
      csfle: (csfle, at) => (typeof csfle === 'boolean' ? csfle : readLibmongocrypt(csfle, at)),
      serverless: (name, at) => readOneOf(name, at, SERVERLESS),
    },
    [],
  );
}

function readLibmongocrypt(value: unknown, path: string): { readonly minLibmongocryptVersion: string } {
  const readers = { minLibmongocryptVersion: readText };
  return readFields<{ minLibmongocryptVersion: string }>(value, path, readers, ['minLibmongocryptVersion']);
}
