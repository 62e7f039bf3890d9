import type { ServerDescription } from '../description/server_description.js';
import type { TopologyDescription } from '../description/topology_description.js';
import { MongoError } from '../errors/base.js';
import { isNetworkError } from '../errors/classify.js';
import { ServerErrorCode } from '../errors/codes.js';
import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { ConnectionProgress } from '../errors/pool_counts.js';
import { MongoServerError } from '../errors/server.js';
import type { TopologyFacts } from '../errors/topology_facts.js';
import type { SelectionFailure, UnsuitableServer } from './errors.js';
import { hintFor } from './selection_hint.js';
import { SetNameMismatchError } from './transitions.js';

/** The knowledge of a topology besides its description. */
export interface SelectionContext {
  /** The step that each running check waits for, by address. */
  readonly checks: ReadonlyMap<string, ConnectionProgress>;
  /** Servers that a check has removed from the topology, each with the reason as its error. */
  readonly leftOut: readonly ServerDescription[];
}

/** Servers that a message lists; the fields of the error have all of them. */
const MOST_LISTED = 10;

const NO_CONTEXT: SelectionContext = { checks: new Map(), leftOut: [] };

/**
 * The reason for which no server suited.
 *
 * @param wanted - `primary`, `secondary`, …
 * @param now - monotonic milliseconds
 */
export function selectionFailure(
  topology: TopologyDescription,
  wanted: string,
  now: number,
  { checks, leftOut }: SelectionContext = NO_CONTEXT,
): SelectionFailure {
  const descriptions = [...topology.servers.values(), ...leftOut];
  const servers = descriptions.map(server => unsuitable(server, now, checks.get(server.address)));
  return { wanted, servers, hint: hintFor(topology, servers), cause: lastError(descriptions) };
}

/** The same as plain values, for timeout errors. */
export function topologyFacts({ type }: TopologyDescription, { wanted, servers }: SelectionFailure): TopologyFacts {
  return {
    type,
    wanted,
    servers: servers.map(({ address, type, error, errorAgeMS, roundTripTimeMS }) => ({
      address,
      type,
      roundTripTimeMS: roundTripTimeMS ?? undefined,
      error: error?.message,
      errorAgeMS: errorAgeMS ?? undefined,
    })),
  };
}

/**
 * The message of a selection error. It begins with the message of the network or server error, as in the official driver. Our details
 * follow.
 *
 * @param how - the end of the selection: `timed out after 500 ms`
 * @param what - the operation: `insert shop.orders`
 */
export function textOfSelectionError(
  topology: TopologyDescription,
  failure: SelectionFailure,
  how: string,
  what: string,
): string {
  const lead = leadOf(failure.cause);
  const start = lead === '' ? '' : /[.!?]$/.test(lead) ? `${lead} ` : `${lead}. `;
  return `${start}Server selection ${how}: ${textOfFailure(topology, failure, what, lead)}`;
}

/**
 * The details on one line.
 *
 * @param what - the operation: `insert shop.orders`
 * @param said - the text before, which is not repeated
 */
export function textOfFailure(
  { type }: TopologyDescription,
  { wanted, servers, hint }: SelectionFailure,
  what: string,
  said = '',
): string {
  const listed = servers.slice(0, MOST_LISTED).map(server => textOfServer(server, said));
  if (servers.length > MOST_LISTED) listed.push(`and ${servers.length - MOST_LISTED} more`);
  const advice = hint === undefined || said.includes(hint) ? '' : `. ${hint}`;
  return `${what} wanted ${wanted}, topology ${type} [${listed.join('; ')}]${advice}`;
}

function textOfServer({ address, type, error, errorAgeMS, check }: UnsuitableServer, said: string): string {
  const parts = [`${address} ${type}`];
  if (error !== null) {
    const age = errorAgeMS === null ? '' : ` (${Math.round(errorAgeMS)} ms ago)`;
    parts.push(`${textWithout(said, oneLine(error.message))}${age}`);
  } else if (check !== undefined) {
    parts.push(`its check has waited ${Math.round(check.elapsedMS)} ms for ${AWAITED[check.phase]}`);
  }
  return parts.join(', ');
}

/** The words for each step of a check. */
const AWAITED: Readonly<Record<ConnectionProgress['phase'], string>> = {
  proxy: 'the proxy',
  resolve: 'the resolution of its name',
  connect: 'the connection',
  tls: 'the answer to the TLS handshake',
  hello: 'the reply to hello',
  auth: 'the answer to the authentication',
};

function leadOf(cause: MongoError | undefined): string {
  if (cause === undefined) return '';
  const isSaid =
    isNetworkError(cause) || cause instanceof MongoServerError || cause instanceof MongoUnexpectedServerResponseError;
  // The failed step follows in brackets.
  return isSaid ? oneLine(cause.message).replace(/:? \([^()]* failed after [0-9.]+ ms\)$/, '') : '';
}

function textWithout(said: string, text: string): string {
  if (said === '' || !text.startsWith(said)) return text;
  const rest = text.slice(said.length).replace(/^:/, '').trim();
  return rest === '' ? 'as said' : rest.replace(/^\((.*)\)$/, '$1');
}

/** Messages of OpenSSL end with a line break. */
function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

/** Whether no waiting makes a server available: the configuration of the program or of the deployment must change. */
export function isAwayForGood({ error }: ServerDescription): boolean {
  return error instanceof SetNameMismatchError || refusesCredentials(error);
}

function refusesCredentials(error: MongoError | null): boolean {
  let cause: unknown = error;
  while (cause instanceof MongoError) {
    if (cause.code === ServerErrorCode.AuthenticationFailed) return true;
    ({ cause } = cause);
  }
  return false;
}

function unsuitable(
  { address, type, error, lastUpdateTime, roundTripTime }: ServerDescription,
  now: number,
  check: ConnectionProgress | undefined,
): UnsuitableServer {
  const isDated = error !== null && lastUpdateTime > 0;
  const errorAgeMS = isDated ? Math.max(0, now - lastUpdateTime) : null;
  const roundTripTimeMS = roundTripTime < 0 ? null : roundTripTime;
  return { address, type, error, errorAgeMS, roundTripTimeMS, ...(check !== undefined && { check }) };
}

function lastError(servers: readonly ServerDescription[]): MongoError | undefined {
  const failed = servers.filter(({ error }) => error !== null).sort((a, b) => b.lastUpdateTime - a.lastUpdateTime);
  const ofNetwork = failed.find(({ error }) => error !== null && isNetworkError(error));
  return (ofNetwork ?? failed[0])?.error ?? undefined;
}
