import { matchesTagSet, type ReadPreference, type TagSet } from '../concern/read_preference.js';
import type { ServerDescription } from '../description/server_description.js';
import { isOfTypes, type TypeSet, typeSet } from '../description/server_table.js';
import {
  type CustomServerSelector,
  isKnown,
  isReplicaSet,
  type TopologyDescription,
} from '../description/topology_description.js';
import { ServerType } from '../description/types.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { Random } from '../runtime/random.js';
import { checkMaxStaleness, secondariesWithin } from './max_staleness.js';

/** Selects the candidates that suit an operation. Pure; throws when no server can ever suit. */
export interface ServerSelector {
  (topology: TopologyDescription, candidates: readonly ServerDescription[]): readonly ServerDescription[];
  /** Whether the operation belongs to one server, so that there is no choice. */
  readonly isFixed?: boolean;
  /**
   * The same with all servers as candidates. It looks only at suitable servers: a waiting operation would otherwise look at every server for
   * each change of one.
   */
  readonly ofAll?: (topology: TopologyDescription) => readonly ServerDescription[];
}

/** The part of a read preference that selection depends on. */
export type SelectionPreference = Pick<ReadPreference, 'mode' | 'tags' | 'maxStalenessSeconds'>;

const NO_SERVERS: readonly ServerDescription[] = Object.freeze([]);

/** From this wire version on, secondaries can run `$out` and `$merge`. */
export const FIRST_WIRE_VERSION_WITH_SECONDARY_OUTPUT = 13;

/** Selects servers for writes: the primary, every mongos, or the only server. */
export const writableSelector: ServerSelector = Object.assign(
  (topology: TopologyDescription, candidates: readonly ServerDescription[]) => {
    // Usually all servers are candidates; then the description has the answer.
    if (candidates === topology.candidates) return topology.writableServers;
    return candidates.filter(server => topology.acceptsWrites(server));
  },
  { ofAll: (topology: TopologyDescription) => topology.writableServers },
);

/** Selects servers for reads with a read preference (Server Selection, "Topology type table"). */
export function readPreferenceSelector(readPreference: SelectionPreference): ServerSelector {
  if (readPreference.mode === 'primary') return writableSelector;
  let selector = selectors.get(readPreference);
  if (selector === undefined) selectors.set(readPreference, (selector = selectorFor(readPreference)));
  return selector;
}

/** One selector for each read preference, so that waiting operations with the same one share an answer. */
const selectors = new WeakMap<SelectionPreference, ServerSelector>();

function selectorFor(readPreference: SelectionPreference): ServerSelector {
  return selectorOf((topology, candidates) => {
    if (!isReplicaSet(topology.type)) return writableAmong(topology, candidates);
    if (readPreference.maxStalenessSeconds !== undefined) {
      checkMaxStaleness(topology, readPreference.maxStalenessSeconds);
    }
    const members = (types: TypeSet) =>
      candidates === null ? topology.table.ofTypes(types) : candidates.filter(server => isOfTypes(server, types));
    return selectMembers(topology, members, readPreference);
  });
}

/** A selector from a choice among candidates, or among all servers where these are null. */
function selectorOf(
  choose: (
    topology: TopologyDescription,
    candidates: readonly ServerDescription[] | null,
  ) => readonly ServerDescription[],
): ServerSelector {
  return Object.assign(
    (topology: TopologyDescription, candidates: readonly ServerDescription[]) => choose(topology, candidates),
    { ofAll: (topology: TopologyDescription) => choose(topology, null) },
  );
}

function writableAmong(
  topology: TopologyDescription,
  candidates: readonly ServerDescription[] | null,
): readonly ServerDescription[] {
  return candidates === null ? topology.writableServers : writableSelector(topology, candidates);
}

/**
 * Selects servers for an aggregate that writes by `$out` or `$merge`. The read preference holds only when every server can write on a
 * secondary; otherwise the primary is selected (CRUD, "Read preferences and server selection").
 */
export function outputSelector(readPreference: SelectionPreference): ServerSelector {
  const byPreference = readPreferenceSelector(readPreference);
  return selectorOf((topology, candidates) => {
    const { commonWireVersion } = topology;
    const isOld = commonWireVersion > 0 && commonWireVersion < FIRST_WIRE_VERSION_WITH_SECONDARY_OUTPUT;
    const selector = isOld ? writableSelector : byPreference;
    return candidates === null ? servers(topology, selector) : selector(topology, candidates);
  });
}

/** Selects the server of a cursor or a transaction. */
export function sameServerSelector(address: string): ServerSelector {
  const selector = selectorOf((topology, candidates) => {
    const server = topology.table.get(address);
    const suits = server !== undefined && isKnown(server) && (candidates?.includes(server) ?? true);
    return suits ? [server] : NO_SERVERS;
  });
  return Object.assign(selector, { isFixed: true });
}

function servers(topology: TopologyDescription, selector: ServerSelector): readonly ServerDescription[] {
  return selector.ofAll?.(topology) ?? selector(topology, topology.candidates);
}

/**
 * The servers that suit an operation. Deprioritized servers count only when there is no other (Server Selection, "Deprioritized servers").
 */
export function suitableServers(
  topology: TopologyDescription,
  selector: ServerSelector,
  deprioritized: ReadonlySet<string>,
): readonly ServerDescription[] {
  if (deprioritized.size > 0) {
    const preferred = topology.candidates.filter(server => !deprioritized.has(server.address));
    const suitable = selector(topology, preferred);
    if (suitable.length > 0) return suitable;
  }
  return servers(topology, selector);
}

/** The servers within `localThresholdMS` of the fastest (Server Selection, "Selecting servers within the latency window"). */
export function latencyWindow(
  servers: readonly ServerDescription[],
  localThresholdMS: number,
): readonly ServerDescription[] {
  if (servers.length < 2) return servers;
  const limit = fastest(servers) + localThresholdMS;
  return servers.filter(server => server.roundTripTime <= limit);
}

/** The servers that may be taken for an operation now: the suitable ones, then the program's choice, then the latency window. */
export function eligibleServers(
  topology: TopologyDescription,
  selector: ServerSelector,
  deprioritized: ReadonlySet<string>,
  custom?: CustomServerSelector,
): readonly ServerDescription[] {
  let suitable = suitableServers(topology, selector, deprioritized);
  if (custom !== undefined && selector.isFixed !== true && suitable.length > 0) {
    suitable = chosenBy(custom, topology, suitable);
  }
  return latencyWindow(suitable, topology.localThresholdMS);
}

/**
 * Draws one of the eligible servers; null when there is none.
 *
 * Two are drawn at random, and the one with fewer operations is taken (Server Selection, "operationCount-based selection within the latency window").
 * One server is the usual case and costs nothing.
 *
 * @param operationCount - the number of operations that run on a server now
 */
export function drawServer(
  eligible: readonly ServerDescription[],
  operationCount: (address: string) => number,
  random: Random,
): ServerDescription | null {
  const first = drawOne(eligible, random);
  if (first === null || eligible.length < 2) return first;
  const second = drawOther(eligible, first, random);
  return operationCount(second.address) < operationCount(first.address) ? second : first;
}

/** Applies the program's selector. Servers that it returns and that do not suit are ignored. */
function chosenBy(
  custom: CustomServerSelector,
  topology: TopologyDescription,
  suitable: readonly ServerDescription[],
): readonly ServerDescription[] {
  const chosen: unknown = custom(topology, [...suitable]);
  if (!Array.isArray(chosen)) {
    throw new MongoInvalidArgumentError('serverSelector must return an array of the servers that it was given');
  }
  const isChosen = new Set<unknown>(chosen);
  return suitable.filter(server => isChosen.has(server));
}

function fastest(servers: readonly ServerDescription[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { roundTripTime } of servers) least = Math.min(least, roundTripTime);
  return least;
}

function drawOne(servers: readonly ServerDescription[], random: Random): ServerDescription | null {
  if (servers.length === 0) return null;
  const index = servers.length === 1 ? 0 : Math.floor(random.next() * servers.length);
  return servers[index] ?? null;
}

/** Draws among all but `first`: an index at its place or behind it moves on by one. */
function drawOther(servers: readonly ServerDescription[], first: ServerDescription, random: Random): ServerDescription {
  const drawn = Math.floor(random.next() * (servers.length - 1));
  const index = drawn < servers.indexOf(first) ? drawn : drawn + 1;
  return servers[index] ?? first;
}

const PRIMARY = typeSet(ServerType.RSPrimary);
const SECONDARY = typeSet(ServerType.RSSecondary);

/** The candidates that have one of these types. */
type Members = (types: TypeSet) => readonly ServerDescription[];

function selectMembers(
  topology: TopologyDescription,
  members: Members,
  readPreference: SelectionPreference,
): readonly ServerDescription[] {
  switch (readPreference.mode) {
    case 'primary':
      return members(PRIMARY);
    case 'primaryPreferred': {
      const primary = members(PRIMARY);
      return primary.length > 0 ? primary : eligibleSecondaries(topology, members, readPreference);
    }
    case 'secondary':
      return eligibleSecondaries(topology, members, readPreference);
    case 'secondaryPreferred': {
      const secondaries = eligibleSecondaries(topology, members, readPreference);
      return secondaries.length > 0 ? secondaries : members(PRIMARY);
    }
    case 'nearest': {
      const fresh = [...members(PRIMARY), ...freshSecondaries(topology, members, readPreference)];
      return matchingTags(fresh, readPreference.tags);
    }
    default:
      return NO_SERVERS;
  }
}

function eligibleSecondaries(
  topology: TopologyDescription,
  members: Members,
  readPreference: SelectionPreference,
): readonly ServerDescription[] {
  return matchingTags(freshSecondaries(topology, members, readPreference), readPreference.tags);
}

function freshSecondaries(
  topology: TopologyDescription,
  members: Members,
  { maxStalenessSeconds }: SelectionPreference,
): readonly ServerDescription[] {
  const secondaries = members(SECONDARY);
  return maxStalenessSeconds === undefined
    ? secondaries
    : secondariesWithin(topology, secondaries, maxStalenessSeconds);
}

/** Server Selection, "tag_sets": the first set that at least one server has decides. Without sets every server suits. */
function matchingTags(
  servers: readonly ServerDescription[],
  tagSets: readonly TagSet[] | undefined,
): readonly ServerDescription[] {
  if (tagSets === undefined || tagSets.length === 0) return servers;
  for (const wanted of tagSets) {
    const matching = servers.filter(server => matchesTagSet(server.tags, wanted));
    if (matching.length > 0) return matching;
  }
  return NO_SERVERS;
}
