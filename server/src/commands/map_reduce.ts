import { runInNewContext } from 'node:vm';
import { type Code } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { canonicalKey } from '../query/compare.js';
import { type CommandContext } from './context.js';
import { fieldsOf, requireNamespace } from './fields.js';
import { sourceOf } from './view.js';

const timeoutMS = 1000;

/** Deprecated since 5.0; here with inline results only. */
export function mapReduce(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  const { map, reduce, finalize, out } = context.body;
  if (!isDocument(out) || out['inline'] === undefined) {
    throw new CommandError(ErrorCode.NotImplemented, 'This test server has mapReduce with {inline: 1} only');
  }
  const documents = selectDocuments(sourceOf(context.deployment, namespace), {
    filter: fieldsOf(context).optionalDocument('query') ?? {},
  });
  const groups = new Map<string, { key: unknown; values: unknown[] }>();
  const emit = (key: unknown, value: unknown): void => {
    const text = canonicalKey(key);
    const group = groups.get(text) ?? { key, values: [] };
    group.values.push(value);
    groups.set(text, group);
  };
  for (const { value } of documents) run(map, { emit, current: value }, 'f.call(current)');
  const results = [...groups.values()].map(({ key, values }) => {
    const reduced = values.length === 1 ? values[0] : run(reduce, { key, values }, 'f(key, values)');
    return { _id: key, value: finalize === undefined ? reduced : run(finalize, { key, reduced }, 'f(key, reduced)') };
  });
  return { results: results.map(result => BsonDocument.fromValue(result)) };
}

/** Calls a function that came as text, away from everything that is the server's. */
function run(code: unknown, scope: object, call: string): unknown {
  const text = typeOf(code).startsWith('javascript') ? (code as Code).code : code;
  if (typeof text !== 'string') throw new CommandError(ErrorCode.TypeMismatch, 'a function must be a string or code');
  try {
    return runInNewContext(`(() => { const f = (${text}); return ${call}; })()`, { ...scope }, { timeout: timeoutMS });
  } catch (error) {
    throw new CommandError(ErrorCode.JSInterpreterFailure, String(error));
  }
}
