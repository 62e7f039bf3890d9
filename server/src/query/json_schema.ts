import { isNumber, toNumber } from '../bson/numbers.js';
import { asDocument, type Document, fieldOf, isDocument } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { canonicalKey, valuesEqual } from './compare.js';
import { compileType } from './value_tests.js';

type SchemaTest = (value: unknown) => boolean;

/** The keywords of $jsonSchema that say something of a value; the others are descriptions. */
const keywords: Readonly<Record<string, (operand: unknown, schema: Document) => SchemaTest>> = {
  bsonType: operand => compileType(operand),
  type: compileJsonType,
  enum: operand => {
    const values = list('enum', operand);
    return value => values.some(one => valuesEqual(one, value));
  },
  required: operand => {
    const names = list('required', operand).map(String);
    return ofDocuments(value => names.every(name => fieldOf(value, name) !== undefined));
  },
  properties: operand => {
    const tests = schemas('properties', operand);
    return ofDocuments(value => tests.every(([name, test]) => passes(fieldOf(value, name), test)));
  },
  patternProperties: operand => {
    const tests = schemas('patternProperties', operand).map(
      ([pattern, test]) => [new RegExp(pattern, 'u'), test] as const,
    );
    return ofDocuments(value =>
      Object.entries(value).every(([name, field]) =>
        tests.every(([pattern, test]) => !pattern.test(name) || test(field)),
      ),
    );
  },
  additionalProperties: (operand, schema) => {
    const known = new Set(Object.keys(isDocument(schema['properties']) ? schema['properties'] : {}));
    const patterns = Object.keys(isDocument(schema['patternProperties']) ? schema['patternProperties'] : {}).map(
      pattern => new RegExp(pattern, 'u'),
    );
    const test: SchemaTest = typeof operand === 'boolean' ? () => operand : compileSchema(operand);
    return ofDocuments(value =>
      Object.entries(value)
        .filter(([name]) => !known.has(name) && !patterns.some(pattern => pattern.test(name)))
        .every(([, field]) => test(field)),
    );
  },
  minProperties: operand => {
    const least = number('minProperties', operand);
    return ofDocuments(value => Object.keys(value).length >= least);
  },
  maxProperties: operand => {
    const most = number('maxProperties', operand);
    return ofDocuments(value => Object.keys(value).length <= most);
  },
  minimum: (operand, schema) => {
    const least = number('minimum', operand);
    return ofNumbers(value => (schema['exclusiveMinimum'] === true ? value > least : value >= least));
  },
  maximum: (operand, schema) => {
    const most = number('maximum', operand);
    return ofNumbers(value => (schema['exclusiveMaximum'] === true ? value < most : value <= most));
  },
  multipleOf: operand => {
    const divisor = number('multipleOf', operand);
    return ofNumbers(value => value % divisor === 0);
  },
  minLength: operand => {
    const least = number('minLength', operand);
    return ofStrings(value => Array.from(value).length >= least);
  },
  maxLength: operand => {
    const most = number('maxLength', operand);
    return ofStrings(value => Array.from(value).length <= most);
  },
  pattern: operand => {
    const pattern = new RegExp(String(operand), 'u');
    return ofStrings(value => pattern.test(value));
  },
  minItems: operand => {
    const least = number('minItems', operand);
    return ofArrays(value => value.length >= least);
  },
  maxItems: operand => {
    const most = number('maxItems', operand);
    return ofArrays(value => value.length <= most);
  },
  uniqueItems: operand => ofArrays(value => operand !== true || new Set(value.map(canonicalKey)).size === value.length),
  items: operand => {
    if (!Array.isArray(operand)) {
      const test = compileSchema(operand);
      return ofArrays(value => value.every(test));
    }
    const tests = operand.map(compileSchema);
    return ofArrays(value => tests.every((test, index) => index >= value.length || test(value[index])));
  },
  allOf: operand => {
    const tests = list('allOf', operand).map(compileSchema);
    return value => tests.every(test => test(value));
  },
  anyOf: operand => {
    const tests = list('anyOf', operand).map(compileSchema);
    return value => tests.some(test => test(value));
  },
  oneOf: operand => {
    const tests = list('oneOf', operand).map(compileSchema);
    return value => tests.filter(test => test(value)).length === 1;
  },
  not: operand => {
    const test = compileSchema(operand);
    return value => !test(value);
  },
};

const silent: ReadonlySet<string> = new Set([
  'title',
  'description',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'dependencies',
  'additionalItems',
]);

/** @throws CommandError for a keyword that there is not. */
export function compileSchema(schema: unknown): SchemaTest {
  if (!isDocument(schema)) throw new CommandError(ErrorCode.TypeMismatch, '$jsonSchema must be an object');
  const tests = Object.entries(schema)
    .filter(([keyword]) => !silent.has(keyword))
    .map(([keyword, operand]) => {
      const compile = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
      if (compile === undefined) {
        throw new CommandError(ErrorCode.FailedToParse, `Unknown $jsonSchema keyword: ${keyword}`);
      }
      return compile(operand, schema);
    });
  return value => tests.every(test => test(value));
}

/** A keyword of a field says nothing when the field is not there. */
function passes(value: unknown, test: SchemaTest): boolean {
  return value === undefined || test(value);
}

/** The types of JSON, by which of BSON's they are. */
const jsonTypes: Readonly<Record<string, string>> = {
  object: 'object',
  array: 'array',
  number: 'number',
  boolean: 'bool',
  string: 'string',
  null: 'null',
};

function compileJsonType(operand: unknown): SchemaTest {
  const names = (Array.isArray(operand) ? operand : [operand]).map(String);
  const unknown = names.find(name => !Object.hasOwn(jsonTypes, name));
  if (unknown !== undefined) throw new CommandError(ErrorCode.BadValue, `Unknown type name alias: ${unknown}`);
  return compileType(names.map(name => jsonTypes[name]));
}

function ofDocuments(test: (value: Document) => boolean): SchemaTest {
  return value => {
    const document = asDocument(value);
    return document === undefined || test(document);
  };
}

function ofNumbers(test: (value: number) => boolean): SchemaTest {
  return value => !isNumber(value) || test(toNumber(value));
}

function ofStrings(test: (value: string) => boolean): SchemaTest {
  return value => typeof value !== 'string' || test(value);
}

function ofArrays(test: (value: readonly unknown[]) => boolean): SchemaTest {
  return value => !Array.isArray(value) || test(value);
}

function schemas(keyword: string, operand: unknown): (readonly [string, SchemaTest])[] {
  if (!isDocument(operand))
    throw new CommandError(ErrorCode.TypeMismatch, `$jsonSchema keyword '${keyword}' must be an object`);
  return Object.entries(operand).map(([name, schema]) => [name, compileSchema(schema)] as const);
}

function list(keyword: string, operand: unknown): readonly unknown[] {
  if (Array.isArray(operand)) return operand as unknown[];
  throw new CommandError(ErrorCode.TypeMismatch, `$jsonSchema keyword '${keyword}' must be an array`);
}

function number(keyword: string, operand: unknown): number {
  if (isNumber(operand)) return toNumber(operand);
  throw new CommandError(ErrorCode.TypeMismatch, `$jsonSchema keyword '${keyword}' must be a number`);
}
