import { EJSON } from 'bson';
import {
  bsonTypes,
  bytesOf,
  type Doc,
  fieldsOf,
  isBsonType,
  numericValue,
  sameNumber,
  sameScalar,
  show,
} from './bson_values.js';

/** Unified test format, "Evaluating Matches". */

export interface MatchContext {
  /** The values of the test's entities, which `$$matchesEntity` names. */
  readonly entities: ReadonlyMap<string, unknown>;
  /** The lsid of a session entity, ended or not; undefined when there is no such session. */
  lsidOf(session: string): unknown;
}

/**
 * A root document may have fields that are not expected, a nested one may not. The documents of a root array, such as
 * the result of a find, are root documents too. Results that are plain values (`distinct`) and outcomes are 'nested'.
 */
export type Level = 'root' | 'nested';

/** Where a comparison is: the path for the message, and what the documents there may have. */
interface Place {
  readonly path: string;
  readonly level: Level;
  readonly context: MatchContext;
}

type Operator = (argument: unknown, actual: unknown, place: Place) => string | null;

/** null when the actual value matches, otherwise a message that names the first difference. */
export function match(expected: unknown, actual: unknown, context: MatchContext, level: Level = 'root'): string | null {
  const place: Place = { path: '', level, context };
  if (level === 'nested' || !Array.isArray(expected)) return matchValue(expected, actual, place);
  return matchArray(expected, actual, place, 'root');
}

function matchValue(expected: unknown, actual: unknown, place: Place): string | null {
  const fields = fieldsOf(expected);
  if (fields !== undefined) {
    const operator = operatorOf(fields);
    if (operator === undefined) return matchDocument(fields, expected, actual, place);
    return operator.apply(operator.argument, actual, place);
  }
  if (Array.isArray(expected)) return matchArray(expected, actual, place, 'nested');
  const number = numericValue(expected);
  if (number !== undefined) {
    const other = numericValue(actual);
    return other !== undefined && sameNumber(number, other) ? null : differs(place, show(expected), actual);
  }
  return sameScalar(expected, actual) ? null : differs(place, show(expected), actual);
}

function matchDocument(
  expected: ReadonlyMap<string, unknown>,
  whole: unknown,
  actual: unknown,
  place: Place,
): string | null {
  const fields = fieldsOf(actual);
  if (fields === undefined) return differs(place, show(whole), actual);
  for (const [key, value] of expected) {
    const path = place.path === '' ? key : `${place.path}.${key}`;
    const mismatch = matchValue(value, fields.get(key), { path, level: 'nested', context: place.context });
    if (mismatch !== null) return mismatch;
  }
  if (place.level === 'root') return null;
  const extra = [...fields.keys()].filter(key => !expected.has(key));
  if (extra.length === 0) return null;
  return differs(place, `${show(whole)} without more fields`, actual, `unexpected: ${extra.join(', ')}`);
}

function matchArray(expected: readonly unknown[], actual: unknown, place: Place, level: Level): string | null {
  if (!Array.isArray(actual)) return differs(place, show(expected), actual);
  for (const [index, value] of expected.slice(0, actual.length).entries()) {
    const path = `${place.path}[${index}]`;
    const mismatch = matchValue(value, actual[index], { path, level, context: place.context });
    if (mismatch !== null) return mismatch;
  }
  if (expected.length === actual.length) return null;
  return differs(place, show(expected), actual, `${expected.length} elements expected, ${actual.length} found`);
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  $$exists: (argument, actual, place) => {
    if (typeof argument !== 'boolean') throw malformed('$$exists', 'a boolean', argument);
    // null exists.
    if ((actual !== undefined) === argument) return null;
    return differs(place, argument ? 'any value' : 'nothing', actual);
  },

  $$type: (argument, actual, place) => {
    const aliases: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
    const types = bsonTypes(actual);
    if (aliases.flatMap(typesOf).some(type => types.includes(type))) return null;
    return differs(place, `a value of type ${aliases.join(' or ')}`, actual);
  },

  $$matchesEntity: (argument, actual, place) => {
    const name = nameIn('$$matchesEntity', argument);
    if (!place.context.entities.has(name)) return differs(place, `the entity ${name}, which does not exist`, actual);
    return matchValue(place.context.entities.get(name), actual, place);
  },

  $$matchesHexBytes: (argument, actual, place) => {
    if (typeof argument !== 'string' || !/^(?:[\da-f]{2})*$/i.test(argument)) {
      throw malformed('$$matchesHexBytes', 'an even number of hexadecimal digits', argument);
    }
    const bytes = bytesOf(actual);
    if (bytes?.toString('hex') === argument.toLowerCase()) return null;
    return differs(place, `the bytes ${show(argument)}`, bytes?.toString('hex') ?? actual);
  },

  // "Root" is kept: the operator may wrap a whole result.
  $$unsetOrMatches: (argument, actual, place) => {
    if (actual === undefined) return null;
    if (place.path === '' && place.level === 'root' && Array.isArray(argument)) {
      return matchArray(argument, actual, place, 'root');
    }
    return matchValue(argument, actual, place);
  },

  $$sessionLsid: (argument, actual, place) => {
    const name = nameIn('$$sessionLsid', argument);
    const lsid = place.context.lsidOf(name);
    if (lsid === undefined) return differs(place, `the lsid of session ${name}, which does not exist`, actual);
    // The attribute of a span is the UUID as text (OpenTelemetry, "db.mongodb.lsid").
    const expected = typeof actual === 'string' ? uuidIn(lsid) : lsid;
    const mismatch = matchValue(expected, actual, { ...place, level: 'nested' });
    return mismatch === null ? null : differs(place, `the lsid of session ${name}, ${show(lsid)}`, actual);
  },

  $$lte: (argument, actual, place) => {
    const most = numericValue(argument);
    if (most === undefined) throw malformed('$$lte', 'a number', argument);
    const number = numericValue(actual);
    return number !== undefined && number <= most ? null : differs(place, `at most ${show(argument)}`, actual);
  },

  $$matchAsDocument: (argument, actual, place) => {
    if (typeof actual !== 'string') return differs(place, 'the EJSON of a document', actual);
    const parsed = parseEjson(actual);
    if (fieldsOf(parsed) === undefined) return differs(place, 'the EJSON of a document', actual);
    return matchValue(argument, parsed, { ...place, level: 'nested' });
  },

  $$matchAsRoot: (argument, actual, place) => {
    if (fieldsOf(argument) === undefined) throw malformed('$$matchAsRoot', 'a document', argument);
    if (fieldsOf(actual) === undefined) return differs(place, 'a document', actual);
    return matchValue(argument, actual, { ...place, level: 'root' });
  },

  // Stands for a secret of the environment, so that nothing but its presence can be expected.
  $$placeholder: (_argument, actual, place) => (actual === undefined ? differs(place, 'any value', actual) : null),
};

/** Whether matching knows a special operator, `$$` included. */
export function isMatchingOperator(name: string): boolean {
  return Object.hasOwn(OPERATORS, name);
}

/** "Special Operators for Matching Assertions": a document whose only key begins with `$$`. */
function operatorOf(fields: ReadonlyMap<string, unknown>): { apply: Operator; argument: unknown } | undefined {
  const [first] = fields;
  if (first === undefined || fields.size > 1 || !first[0].startsWith('$$')) return undefined;
  const [name, argument] = first;
  const apply = isMatchingOperator(name) ? OPERATORS[name] : undefined;
  if (apply === undefined) throw new Error(`Unknown special operator ${name}: this runner cannot match it`);
  return { apply, argument };
}

function typesOf(alias: unknown) {
  if (alias === 'number') return ['int', 'long', 'double', 'decimal'] as const;
  if (typeof alias === 'string' && isBsonType(alias)) return [alias];
  throw malformed('$$type', 'an alias of a BSON type', alias);
}

function nameIn(operator: string, argument: unknown): string {
  if (typeof argument === 'string') return argument;
  throw malformed(operator, 'the name of an entity', argument);
}

function parseEjson(text: string): unknown {
  try {
    return EJSON.parse(text, { relaxed: false }) as Doc;
  } catch {
    return undefined;
  }
}

function malformed(operator: string, wanted: string, argument: unknown): Error {
  return new Error(`${operator} takes ${wanted}, not ${show(argument)}`);
}

function differs(place: Place, expected: string, actual: unknown, note?: string): string {
  const where = place.path === '' ? 'at the root' : `at ${place.path}`;
  return `${where}: expected ${expected}, actual ${show(actual)}${note === undefined ? '' : ` (${note})`}`;
}

function uuidIn(lsid: unknown): string | undefined {
  const { id } = lsid as { readonly id?: unknown };
  const hex = Buffer.from(bytesOf(id) ?? []).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
