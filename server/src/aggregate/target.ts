import { type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type ParsedStage } from './parse.js';

const whenMatched = ['replace', 'keepExisting', 'merge', 'fail'] as const;
const whenNotMatched = ['insert', 'discard', 'fail'] as const;

export interface Merge {
  /** What becomes of a document that is there already; a pipeline changes it. */
  readonly whenMatched: (typeof whenMatched)[number] | readonly unknown[];
  readonly whenNotMatched: (typeof whenNotMatched)[number];
  readonly on: readonly string[];
  readonly let: Document | undefined;
}

/** Where a pipeline writes its result. Without `merge` it replaces the whole collection. */
export interface Target {
  readonly stage: '$out' | '$merge';
  /** undefined: that of the command. */
  readonly database: string | undefined;
  readonly collection: string;
  readonly merge: Merge | undefined;
}

export function parseTarget(last: ParsedStage | undefined): Target | undefined {
  if (last?.name === '$out') return { stage: '$out', ...placeOf('$out', last.operand), merge: undefined };
  if (last?.name !== '$merge') return undefined;
  const { operand } = last;
  if (!isDocument(operand)) return { stage: '$merge', ...placeOf('$merge', operand), merge: mergeOf({}) };
  return { stage: '$merge', ...placeOf('$merge', operand['into']), merge: mergeOf(operand) };
}

function placeOf(stage: string, operand: unknown): { database: string | undefined; collection: string } {
  if (typeof operand === 'string') return { database: undefined, collection: operand };
  if (isDocument(operand) && typeof operand['coll'] === 'string') {
    const { db } = operand;
    if (db === undefined || typeof db === 'string') return { database: db, collection: operand['coll'] };
  }
  throw stage === '$out'
    ? new CommandError(16990, `$out only supports a string or object argument, but found ${typeOf(operand)}`)
    : new CommandError(51178, `$merge only supports a string or object argument, but found ${typeOf(operand)}`);
}

function mergeOf({ on = '_id', ...options }: Document): Merge {
  const matched = options['whenMatched'] ?? 'merge';
  const fields = Array.isArray(on) ? (on as unknown[]) : [on];
  if (fields.length === 0 || !fields.every(field => typeof field === 'string')) {
    throw new CommandError(51186, "$merge 'on' field must be either a string or an array of strings");
  }
  return {
    whenMatched: Array.isArray(matched) ? (matched as unknown[]) : modeOf('whenMatched', matched, whenMatched),
    whenNotMatched: modeOf('whenNotMatched', options['whenNotMatched'] ?? 'insert', whenNotMatched),
    on: fields,
    let: isDocument(options['let']) ? options['let'] : undefined,
  };
}

function modeOf<Mode extends string>(field: string, value: unknown, modes: readonly Mode[]): Mode {
  const mode = modes.find(known => known === value);
  if (mode !== undefined) return mode;
  throw new CommandError(
    ErrorCode.BadValue,
    `Enumeration value '${String(value)}' for field '$merge.${field}' is not a valid value.`,
  );
}
