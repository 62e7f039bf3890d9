import { type ObjectId } from 'bson';
import { cloneValue, type Document, fieldOf, isDocument } from '../bson/types.js';
import { isOperatorDocument } from '../query/match.js';
import { type CompiledUpdate } from './compile.js';
import { resolveSlots } from './paths.js';
import { type UpdateContext } from './types.js';

/** The document that an upsert inserts: the equalities of the filter, then the update, then an _id, which comes first. */
export function buildUpsert(
  filter: Document,
  update: CompiledUpdate,
  context: UpdateContext,
  newId: () => ObjectId,
): Document {
  const seed: Document = {};
  const equalities = update.kind === 'replacement' ? idOnly(filter) : filter;
  seedEqualities(seed, equalities, { ...context, isInsert: true });
  const built = update.apply(seed, { ...context, isInsert: true });
  const { _id: id = newId(), ...rest } = built;
  return { _id: id, ...rest };
}

function idOnly(filter: Document): Document {
  const id = fieldOf(filter, '_id');
  return id === undefined ? {} : { _id: id };
}

function seedEqualities(seed: Document, filter: Document, context: UpdateContext): void {
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$and' && Array.isArray(condition)) {
      for (const part of condition) if (isDocument(part)) seedEqualities(seed, part, context);
    }
    if (name === '$or' && Array.isArray(condition) && condition.length === 1 && isDocument(condition[0])) {
      seedEqualities(seed, condition[0], context);
    }
    if (name.startsWith('$')) continue;
    const value = isOperatorDocument(condition) ? equalityOf(condition) : condition;
    if (value === undefined) continue;
    const [slot] = resolveSlots(seed, name, context, true);
    slot?.set(cloneValue(value));
  }
}

function equalityOf(condition: Document): unknown {
  if ('$eq' in condition) return condition['$eq'];
  const list = condition['$in'] ?? condition['$all'];
  return Array.isArray(list) && list.length === 1 ? list[0] : undefined;
}
