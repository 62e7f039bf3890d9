import type { ServerDescription } from './server_description.js';
import { ServerType } from './types.js';

/** Number of servers of a leaf, and of children of an inner node. Small, because a change copies one node of each level. */
const WIDTH_BITS = 4;
const WIDTH = 1 << WIDTH_BITS;
const MASK = WIDTH - 1;
/** Places of removed servers are dropped when there are more than this, and more than servers. */
const MOST_EMPTY_PLACES = 64;

const TYPES: readonly ServerType[] = Object.values(ServerType);
const BIT_OF_TYPE = Object.fromEntries(TYPES.map((type, index) => [type, 1 << index])) as Record<ServerType, number>;

/** A set of server types. */
export type TypeSet = number;

export function typeSet(...types: readonly ServerType[]): TypeSet {
  return types.reduce((set, type) => set | BIT_OF_TYPE[type], 0);
}

export function isOfTypes({ type }: ServerDescription, types: TypeSet): boolean {
  return (BIT_OF_TYPE[type] & types) !== 0;
}

/** Types of servers that have answered a check. A load balancer is never checked. */
const CHECKED = typeSet(
  ...TYPES.filter(
    type => type !== ServerType.Unknown && type !== ServerType.PossiblePrimary && type !== ServerType.LoadBalancer,
  ),
);

/** A part of the servers, with a summary of them. */
interface Node {
  readonly servers: readonly (ServerDescription | undefined)[] | null;
  readonly children: readonly (Node | undefined)[] | null;
  readonly size: number;
  readonly types: TypeSet;
  /** Least `logicalSessionTimeoutMinutes` of the data-bearing servers: Infinity without one, -1 if one of them has none. */
  readonly sessionTimeout: number;
  /** Least and greatest wire versions of the checked servers: Infinity and -Infinity without one. */
  readonly leastMaxWireVersion: number;
  readonly greatestMinWireVersion: number;
  readonly hasError: boolean;
}

const EMPTY: Node = Object.freeze({
  servers: [],
  children: null,
  size: 0,
  types: 0,
  sessionTimeout: Infinity,
  leastMaxWireVersion: Infinity,
  greatestMinWireVersion: -Infinity,
  hasError: false,
});

/** Places of addresses. It only grows, so that a table and those derived from it share it. The tree decides which servers a table has. */
class Places {
  readonly #places = new Map<string, number>();

  get count(): number {
    return this.#places.size;
  }

  of(address: string): number | undefined {
    return this.#places.get(address);
  }

  take(address: string): number {
    const place = this.#places.get(address) ?? this.#places.size;
    this.#places.set(address, place);
    return place;
  }
}

/** The differences of two tables. */
export interface TableDiff {
  readonly added: readonly ServerDescription[];
  readonly removed: readonly ServerDescription[];
  /** Pairs of descriptions that are not the same object. */
  readonly replaced: readonly (readonly [before: ServerDescription, after: ServerDescription])[];
}

/**
 * The servers of a deployment by their addresses, in the order in which they were found. Never changes: a change makes a new table, which
 * shares all but a few nodes with the old one.
 *
 * The cost of a change, of a difference and of a summary does not depend on the number of servers: the table is a tree that is 16 wide, with
 * three levels for 4096 servers. Otherwise a hello that names thousands of hosts would cost the square of their number.
 */
export class ServerTable {
  readonly #places: Places;
  readonly #root: Node;
  readonly #height: number;

  private constructor(places: Places, root: Node, height: number) {
    this.#places = places;
    this.#root = root;
    this.#height = height;
    Object.freeze(this);
  }

  static of(servers: Iterable<ServerDescription>): ServerTable {
    let table = new ServerTable(new Places(), EMPTY, 0);
    for (const server of servers) table = table.with(server);
    return table;
  }

  get size(): number {
    return this.#root.size;
  }

  /** Number of remembered addresses, those of removed servers included. */
  get places(): number {
    return this.#places.count;
  }

  /** Types that at least one server has. */
  get types(): TypeSet {
    return this.#root.types;
  }

  /** Least `logicalSessionTimeoutMinutes` of the data-bearing servers; null without one, or if one of them has none. */
  get sessionTimeoutMinutes(): number | null {
    const { sessionTimeout } = this.#root;
    return sessionTimeout === Infinity || sessionTimeout < 0 ? null : sessionTimeout;
  }

  /** Least `maxWireVersion` of the servers that were checked; Infinity without one. */
  get leastMaxWireVersion(): number {
    return this.#root.leastMaxWireVersion;
  }

  /** Greatest `minWireVersion` of the servers that were checked; -Infinity without one. */
  get greatestMinWireVersion(): number {
    return this.#root.greatestMinWireVersion;
  }

  get(address: string): ServerDescription | undefined {
    const place = this.#places.of(address);
    return place === undefined ? undefined : serverAt(this.#root, this.#height, place);
  }

  has(address: string): boolean {
    return this.get(address) !== undefined;
  }

  /** All servers, in their order. */
  all(): ServerDescription[] {
    const found: ServerDescription[] = [];
    collect(this.#root, ~0, found);
    return found;
  }

  /** The servers of some types, in their order. Skips the parts of the tree without one. */
  ofTypes(types: TypeSet): ServerDescription[] {
    const found: ServerDescription[] = [];
    collect(this.#root, types, found);
    return found;
  }

  /** The first server that has an error. */
  firstWithError(): ServerDescription | undefined {
    return first(
      this.#root,
      node => node.hasError,
      server => server.error !== null,
    );
  }

  /** The first checked server that speaks no wire version from `least` to `greatest`. */
  firstOutside(least: number, greatest: number): ServerDescription | undefined {
    return first(
      this.#root,
      node => node.leastMaxWireVersion < least || node.greatestMinWireVersion > greatest,
      server =>
        (BIT_OF_TYPE[server.type] & CHECKED) !== 0 &&
        (server.maxWireVersion < least || server.minWireVersion > greatest),
    );
  }

  /** The table with this server under its address. */
  with(server: ServerDescription): ServerTable {
    const place = this.#places.take(server.address);
    let root = this.#root;
    let height = this.#height;
    while (place >= WIDTH ** (height + 1)) {
      root = innerNode([root]);
      height++;
    }
    return new ServerTable(this.#places, changed(root, height, place, server), height);
  }

  /** The table without the server of an address. */
  without(address: string): ServerTable {
    const place = this.#places.of(address);
    if (place === undefined || serverAt(this.#root, this.#height, place) === undefined) return this;
    const root = changed(this.#root, this.#height, place, undefined);
    const table = new ServerTable(this.#places, root, this.#height);
    const emptyPlaces = this.#places.count - root.size;
    // Hosts that come and go under ever new names must not be remembered without end.
    return emptyPlaces > MOST_EMPTY_PLACES && emptyPlaces > root.size ? ServerTable.of(table.all()) : table;
  }

  /** The differences to another table. Skips the parts that both share. */
  since(before: ServerTable): TableDiff {
    const diff = { added: [], removed: [], replaced: [] };
    if (before.#places === this.#places) {
      const height = Math.max(before.#height, this.#height);
      compare(raised(before.#root, before.#height, height), raised(this.#root, this.#height, height), diff);
    } else {
      compareAll(before, this, diff);
    }
    return diff;
  }
}

function serverAt(root: Node, height: number, place: number): ServerDescription | undefined {
  // A place that was added for a later table may lie beyond this one.
  if (place >= WIDTH ** (height + 1)) return undefined;
  let node: Node | undefined = root;
  for (let level = height; level > 0; level--) node = node?.children?.[(place >>> (level * WIDTH_BITS)) & MASK];
  return node?.servers?.[place & MASK];
}

function changed(node: Node | undefined, height: number, place: number, server: ServerDescription | undefined): Node {
  const index = (place >>> (height * WIDTH_BITS)) & MASK;
  if (height === 0) {
    const servers = [...(node?.servers ?? [])];
    while (servers.length < index) servers.push(undefined);
    servers[index] = server;
    return leafNode(servers);
  }
  const children = [...(node?.children ?? [])];
  while (children.length < index) children.push(undefined);
  children[index] = changed(children[index], height - 1, place, server);
  return innerNode(children);
}

function leafNode(servers: readonly (ServerDescription | undefined)[]): Node {
  let { size, types, sessionTimeout, leastMaxWireVersion, greatestMinWireVersion, hasError } = EMPTY;
  for (const server of servers) {
    if (server === undefined) continue;
    const type = BIT_OF_TYPE[server.type];
    size++;
    types |= type;
    hasError ||= server.error !== null;
    if (server.isDataBearing) {
      sessionTimeout = Math.min(sessionTimeout, server.logicalSessionTimeoutMinutes ?? -1);
    }
    if ((type & CHECKED) !== 0) {
      leastMaxWireVersion = Math.min(leastMaxWireVersion, server.maxWireVersion);
      greatestMinWireVersion = Math.max(greatestMinWireVersion, server.minWireVersion);
    }
  }
  return {
    servers,
    children: null,
    size,
    types,
    sessionTimeout,
    leastMaxWireVersion,
    greatestMinWireVersion,
    hasError,
  };
}

function innerNode(children: readonly (Node | undefined)[]): Node {
  let { size, types, sessionTimeout, leastMaxWireVersion, greatestMinWireVersion, hasError } = EMPTY;
  for (const child of children) {
    if (child === undefined) continue;
    size += child.size;
    types |= child.types;
    hasError ||= child.hasError;
    sessionTimeout = Math.min(sessionTimeout, child.sessionTimeout);
    leastMaxWireVersion = Math.min(leastMaxWireVersion, child.leastMaxWireVersion);
    greatestMinWireVersion = Math.max(greatestMinWireVersion, child.greatestMinWireVersion);
  }
  return {
    servers: null,
    children,
    size,
    types,
    sessionTimeout,
    leastMaxWireVersion,
    greatestMinWireVersion,
    hasError,
  };
}

function collect(node: Node | undefined, types: TypeSet, found: ServerDescription[]): void {
  if (node === undefined || (node.types & types) === 0) return;
  for (const child of node.children ?? []) collect(child, types, found);
  for (const server of node.servers ?? []) {
    if (server !== undefined && (BIT_OF_TYPE[server.type] & types) !== 0) found.push(server);
  }
}

/** The first server of a kind; `hasOne` tells whether a node has one. */
function first(
  node: Node | undefined,
  hasOne: (node: Node) => boolean,
  isOne: (server: ServerDescription) => boolean,
): ServerDescription | undefined {
  if (node === undefined || !hasOne(node)) return undefined;
  for (const child of node.children ?? []) {
    const found = first(child, hasOne, isOne);
    if (found !== undefined) return found;
  }
  return node.servers?.find(server => server !== undefined && isOne(server));
}

interface GrowingDiff {
  readonly added: ServerDescription[];
  readonly removed: ServerDescription[];
  readonly replaced: (readonly [ServerDescription, ServerDescription])[];
}

function raised(root: Node, from: number, to: number): Node {
  let node = root;
  for (let height = from; height < to; height++) node = innerNode([node]);
  return node;
}

/** Two nodes of the same places. */
function compare(before: Node | undefined, after: Node | undefined, diff: GrowingDiff): void {
  if (before === after) return;
  const children = Math.max(before?.children?.length ?? 0, after?.children?.length ?? 0);
  for (let index = 0; index < children; index++) compare(before?.children?.[index], after?.children?.[index], diff);
  const servers = Math.max(before?.servers?.length ?? 0, after?.servers?.length ?? 0);
  for (let index = 0; index < servers; index++) note(before?.servers?.[index], after?.servers?.[index], diff);
}

function compareAll(before: ServerTable, after: ServerTable, diff: GrowingDiff): void {
  for (const server of after.all()) note(before.get(server.address), server, diff);
  for (const server of before.all()) {
    if (!after.has(server.address)) diff.removed.push(server);
  }
}

function note(
  before: ServerDescription | undefined,
  after: ServerDescription | undefined,
  { added, removed, replaced }: GrowingDiff,
): void {
  if (before === after) return;
  if (before === undefined) added.push(after as ServerDescription);
  else if (after === undefined) removed.push(before);
  else replaced.push([before, after]);
}
