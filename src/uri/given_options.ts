import { MongoInvalidArgumentError, MongoParseError } from '../errors/driver.js';
import { type ParsedUri, printableKey } from './connection_string.js';
import { REFUSED } from './options/parsers.js';
import {
  type GivenValues,
  OPTION_NAMES,
  type OptionName,
  optionNamed,
  optionOfProgram,
  optionOfUri,
} from './options/table.js';
import { suggestName } from './suggest.js';

/** Longer values are cut off in messages. */
const LONGEST_SHOWN = 60;

/**
 * Reads the options of a connection string. What is unknown or wrong is left out, with a warning (Connection String, "Connection
 * Options").
 */
export function readUriOptions(
  { options, isShowable }: Pick<ParsedUri, 'options' | 'isShowable'>,
  warnings: string[],
): GivenValues {
  const given: Partial<Record<OptionName, unknown>> = {};
  for (const { key, values } of options.values()) {
    const name = optionOfUri(key);
    if (name === undefined) {
      warnings.push(
        `The connection string contains ${printableKey(key, isShowable)}, which does not exist; it is ignored`,
      );
      continue;
    }
    const value = readUriOption(name, values, isShowable, warnings);
    if (value !== REFUSED) given[name] = value;
  }
  return given as GivenValues;
}

function readUriOption(name: OptionName, values: readonly string[], isShowable: boolean, warnings: string[]): unknown {
  const { parser, where = 'both', ...traits } = optionNamed(name);
  const warn = (problem: string) => void warnings.push(`Option ${name} of the connection string ${problem}`);
  if (where === 'client') {
    warn('is ignored: it can only be given to the client');
    return REFUSED;
  }
  if (traits.deprecated !== undefined) warn(`is deprecated: ${traits.deprecated}`);
  if (values.length > 1 && traits.repeatable !== true) warn('is given more than once; the last value counts');
  const value = traits.repeatable === true ? values : values.at(-1);
  if (value === '' && traits.mayBeEmpty !== true) {
    warn('is ignored: it has no value');
    return REFUSED;
  }
  const parsed = parser.parse(value, part =>
    warn(isShowable ? `contains ${part}; that part is left out` : 'contains a part that is left out'),
  );
  if (parsed !== REFUSED) return parsed;
  const problem = `cannot be ${isShowable ? shown(value, traits.secret) : 'what was given'}; allowed is ${parser.allowed}`;
  if (traits.strict === true) throw new MongoParseError(`Option ${name} of the connection string ${problem}`);
  warn(`is ignored: it ${problem}`);
  return REFUSED;
}

/** Reads the options that a program gave. What is unknown or wrong is an error. */
export function readProgramOptions(options: unknown): GivenValues {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object') {
    throw new MongoInvalidArgumentError(`The options of a client must be an object, got ${typeof options}`);
  }
  const given: Partial<Record<OptionName, unknown>> = {};
  const unknown: string[] = [];
  for (const [spelling, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined || value === null) continue;
    const name = optionOfProgram(spelling);
    if (name === undefined || optionNamed(name).where === 'uri') unknown.push(spelling);
    else given[name] = readProgramOption(name, spelling, value);
  }
  if (unknown.length > 0) throw unsupported(unknown);
  return given as GivenValues;
}

function readProgramOption(name: OptionName, spelling: string, value: unknown): unknown {
  const { parser, default: fallback, secret, isArgument } = optionNamed(name);
  const ErrorClass = isArgument === true ? MongoInvalidArgumentError : MongoParseError;
  const parsed = parser.parse(value, part => {
    throw new ErrorClass(`Option ${spelling} contains ${part}; allowed is ${parser.allowed}`);
  });
  if (parsed !== REFUSED) return parsed;
  const isScalar = typeof fallback === 'number' || typeof fallback === 'boolean' || typeof fallback === 'string';
  const byDefault = isScalar ? ` (default ${String(fallback)})` : '';
  throw new ErrorClass(
    `Option ${spelling} cannot be ${shown(value, secret)}; allowed is ${parser.allowed}${byDefault}`,
  );
}

function unsupported(names: readonly string[]): MongoParseError {
  const known = OPTION_NAMES.filter(name => optionNamed(name).where !== 'uri');
  const hints = names.flatMap(name => suggestName(name, known) ?? []);
  const subject = names.length === 1 ? `option ${names.join()} is` : `options ${names.join(', ')} are`;
  const hint = hints.length === 0 ? '' : `; did you mean ${hints.join(', ')}?`;
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
