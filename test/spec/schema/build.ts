/** Words for JSON Schema, draft-07, so that the schema of the format reads like its text. */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const integer: Schema = { type: 'integer' };
export const document: Schema = { type: 'object' };
export const anything: Schema = {};

/** A document with these fields and no others. */
export function fields(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  more: Schema = {},
): Schema {
  return { type: 'object', properties, required, additionalProperties: false, ...more };
}

/** A document with exactly one of these fields. */
export function oneFieldOf(properties: Readonly<Record<string, Schema>>): Schema {
  return fields(properties, [], { minProperties: 1, maxProperties: 1 });
}

export function list(items: Schema, least = 0): Schema {
  return { type: 'array', items, minItems: least };
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}

export function matching(pattern: string): Schema {
  return { type: 'string', pattern };
}

export function either(...schemas: readonly Schema[]): Schema {
  return { oneOf: schemas };
}

/** A named part of the schema. */
export function ref(name: string): Schema {
  return { $ref: `#/definitions/${name}` };
}
