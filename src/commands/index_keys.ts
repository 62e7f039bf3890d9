import { MongoInvalidArgumentError } from '../errors/driver.js';

/** 1 ascending, -1 descending, or a kind of index. @public */
export type IndexDirection = '2d' | '2dsphere' | 'text' | 'geoHaystack' | 'hashed' | number;

/** @public */
export type OneOrMore<T> = T | ReadonlyArray<T>;

/** The keys of an index in any of the forms that `createIndex` takes. @public */
export type IndexSpecification = OneOrMore<
  | string
  | [string, IndexDirection]
  | { [key: string]: IndexDirection }
  | [string, IndexDirection][]
  | { [key: string]: IndexDirection }[]
  | Map<string, IndexDirection>
>;

/** Fields of an index and their directions, in order. */
export type IndexKeys = Map<string, IndexDirection>;

const KINDS: ReadonlySet<unknown> = new Set(['2d', '2dsphere', 'text', 'geoHaystack', 'hashed']);

/**
 * The keys of an index: `'a'`, `['a', 'b']`, `['a', -1]`, `{a: 1}`, a Map, or a list of these.
 *
 * @throws MongoInvalidArgumentError if it is none of them
 */
export function indexKeys(specification: IndexSpecification): IndexKeys {
  const keys: IndexKeys = new Map();
  if (isPair(specification)) return keys.set(specification[0], specification[1]);
  for (const part of Array.isArray(specification) ? (specification as readonly unknown[]) : [specification]) {
    for (const [name, direction] of pairsOf(part)) keys.set(name, direction);
  }
  return keys;
}

function pairsOf(part: unknown): Iterable<[string, IndexDirection]> {
  if (typeof part === 'string') return [[part, 1]];
  if (Array.isArray(part)) {
    return isPair(part) ? [[part[0], part[1]]] : part.flatMap(inner => [...pairsOf(inner)]);
  }
  if (part instanceof Map) return part as ReadonlyMap<string, IndexDirection>;
  if (typeof part === 'object' && part !== null) return Object.entries(part) as [string, IndexDirection][];
  throw new MongoInvalidArgumentError(
    'The keys of an index must be a name, an object or a Map of names and directions, or a list of these',
  );
}

function isPair(value: unknown): value is [string, IndexDirection] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [name, direction] = value as unknown[];
  return typeof name === 'string' && (typeof direction === 'number' || KINDS.has(direction));
}

/** `a_1_b_-1`: the name that an index has if it is given none (Index Management, "Index Name Generation"). */
export function indexName(keys: IndexKeys): string {
  return [...keys].map(([name, direction]) => `${name}_${direction}`).join('_');
}
