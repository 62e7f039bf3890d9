import { MongoInvalidArgumentError, MongoParseError } from '../errors/driver.js';
import { type ParsedUri, printableKey } from './connection_string.js';
import { REFUSED, TRUE_OR_FALSE } from './options/parsers.js';
import {
  type GivenValues,
  OPTION_NAMES,
  type OptionName,
  optionNamed,
  optionOfProgram,
  optionOfUri,
} from './options/table.js';
import { suggestName } from './suggest.js';

/** Messages cut off longer values. */
const LONGEST_SHOWN = 60;

/** The number of unknown options that a message names, so that thousands of them give one readable warning or error. */
const MOST_NAMED = 10;

/**
 * Reads the options of a connection string. An unknown option or a wrong value is left out, with a warning (Connection String, "Connection
 * Options"), unless the option guards something (`guards` in its row).
 *
 * @throws MongoParseError for an unreadable value of an option that guards something
 */
export function readUriOptions(
  { options, isShowable }: Pick<ParsedUri, 'options' | 'isShowable'>,
  warnings: string[],
): GivenValues {
  const given = noValues();
  const unknown: string[] = [];
  for (const { key, values } of options.values()) {
    const name = optionOfUri(key);
    if (name === undefined) {
      unknown.push(key);
      continue;
    }
    const value = readUriOption(name, values, isShowable, warnings);
    if (value !== REFUSED) given[name] = value;
  }
  if (unknown.length > 0) warnings.push(unknownInUri(unknown, isShowable));
  return given as GivenValues;
}

/** An object for values. They are looked up by name, so it inherits nothing. */
export function noValues(): Partial<Record<OptionName, unknown>> {
  return { __proto__: null } as Partial<Record<OptionName, unknown>>;
}

function readUriOption(name: OptionName, values: readonly string[], isShowable: boolean, warnings: string[]): unknown {
  const { parser, where = 'both', ...traits } = optionNamed(name);
  const warn = (problem: string) => void warnings.push(`Option ${name} of the connection string ${problem}`);
  const fail = (problem: string) => new MongoParseError(`Option ${name} of the connection string ${problem}`);
  if (where === 'client') {
    warn('is ignored: it can only be given to the client');
    return REFUSED;
  }
  if (traits.deprecated !== undefined) warn(`is deprecated: ${traits.deprecated}`);
  if (values.length > 1 && traits.repeatable !== true) {
    if (traits.guards !== undefined && new Set(values).size > 1) {
      throw fail('is given more than once, with different values. Keep one of them');
    }
    warn('is given more than once; the last value counts');
  }
  const value = traits.repeatable === true ? values : values.at(-1);
  const tolerates = traits.guards === undefined || (traits.toleratesNonsense === true && !isTrueOrFalse(value));
  if (value === '' && traits.mayBeEmpty !== true) {
    if (!tolerates) throw fail(`has no value; allowed is ${parser.allowed}. Remove the option if it is not meant`);
    warn('is ignored: it has no value');
    return REFUSED;
  }
  const parsed = parser.parse(value, part =>
    warn(isShowable ? `contains ${part}; that part is left out` : 'contains a part that is left out'),
  );
  if (parsed !== REFUSED) return parsed;
  const problem = `cannot be ${isShowable ? shown(value, traits.secret) : 'what was given'}; allowed is ${parser.allowed}`;
  if (!tolerates) throw fail(problem);
  warn(`is ignored: it ${problem}`);
  return REFUSED;
}

function isTrueOrFalse(value: unknown): boolean {
  return typeof value === 'string' && TRUE_OR_FALSE.test(value);
}

/** One warning for all unknown options. */
function unknownInUri(keys: readonly string[], isShowable: boolean): string {
  const names = keys.slice(0, MOST_NAMED).map(key => {
    const hint = isShowable ? suggestName(key.slice(0, LONGEST_SHOWN), OPTION_NAMES) : undefined;
    return printableKey(key, isShowable) + (hint === undefined ? '' : ` (did you mean ${hint}?)`);
  });
  const [first = ''] = names;
  if (keys.length === 1) return `The connection string contains ${first}, which does not exist; it is ignored`;
  const rest = keys.length > MOST_NAMED ? ` and ${keys.length - MOST_NAMED} more` : '';
  return `The connection string contains ${keys.length} options that do not exist; they are ignored: ${names.join(', ')}${rest}`;
}

/** Reads the options that a program gave. Their names are compared without case. An unknown option or a wrong value is an error. */
export function readProgramOptions(options: unknown): GivenValues {
  if (options === undefined || options === null) return noValues() as GivenValues;
  if (typeof options !== 'object') {
    throw new MongoInvalidArgumentError(`The options of a client must be an object, got ${typeof options}`);
  }
  const given = noValues();
  const spellings = new Map<OptionName, string>();
  const unknown: string[] = [];
  for (const [spelling, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined || value === null) continue;
    const name = optionOfProgram(spelling);
    if (name === undefined || optionNamed(name).where === 'uri') {
      unknown.push(spelling);
      continue;
    }
    if (value === '' && optionNamed(name).emptyIsUnset === true) continue;
    const read = readProgramOption(name, spelling, value);
    const other = spellings.get(name);
    if (other !== undefined && optionNamed(name).guards !== undefined && read !== given[name]) {
      throw new MongoParseError(
        `Options ${other} and ${spelling} are the same option, with different values. Keep one`,
      );
    }
    given[name] = read;
    spellings.set(name, spelling);
  }
  if (unknown.length > 0) throw unsupported(unknown);
  return given as GivenValues;
}

function readProgramOption(name: OptionName, spelling: string, value: unknown): unknown {
  const { parser, default: fallback, secret, isArgument, booleanOnly } = optionNamed(name);
  const ErrorClass = isArgument === true ? MongoInvalidArgumentError : MongoParseError;
  const parsed = parser.parse(value, part => {
    throw new ErrorClass(`Option ${spelling} contains ${part}; allowed is ${parser.allowed}`);
  });
  const isText = booleanOnly === true && typeof value === 'string';
  if (parsed !== REFUSED && !isText) return parsed;
  const isScalar = typeof fallback === 'number' || typeof fallback === 'boolean' || typeof fallback === 'string';
  const byDefault = isScalar ? ` (default ${String(fallback)})` : '';
  const asText = isText ? ', and not text' : '';
  throw new ErrorClass(
    `Option ${spelling} cannot be ${shown(value, secret)}; allowed is ${parser.allowed}${asText}${byDefault}`,
  );
}

function unsupported(names: readonly string[]): MongoParseError {
  const known = OPTION_NAMES.filter(name => optionNamed(name).where !== 'uri');
  const named = names.slice(0, MOST_NAMED);
  const hints = named.flatMap(name => suggestName(name.slice(0, LONGEST_SHOWN), known) ?? []);
  const rest = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const list = named.map(cutOff).join(', ') + rest;
  const subject = names.length === 1 ? `option ${list} is` : `options ${list} are`;
  const hint = hints.length === 0 ? '' : `; did you mean ${[...new Set(hints)].join(', ')}?`;
  return new MongoParseError(`${subject} not supported${hint}`);
}

/** A value for a message. */
function shown(value: unknown, secret: true | undefined): string {
  if (secret === true) return 'what was given (not shown, since it is a secret)';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(cutOff(value));
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'function':
      return 'a function';
    default:
      return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
  }
}

function cutOff(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
