import { type Document, isDocument } from '../bson/types.js';
import { type Collection, sameKeyPattern } from '../engine/collection.js';
import { Validator } from '../engine/validator.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { cappedOptions } from './create_options.js';
import { fieldsOf, requireNamespace } from './fields.js';

const changeable = [
  ...['validator', 'validationLevel', 'validationAction', 'viewOn', 'pipeline', 'changeStreamPreAndPostImages'],
  ...['expireAfterSeconds', 'timeseries', 'cappedSize', 'cappedMax'],
] as const;

/** Changes options of a collection, or of one of its indexes. */
export function collMod(context: CommandContext): Document {
  const { body, deployment } = context;
  const namespace = requireNamespace(context);
  const collection = deployment.storage.require(namespace);
  const changed = Object.fromEntries(
    changeable.filter(name => body[name] !== undefined).map(name => [name, body[name]]),
  );
  const { cappedSize, cappedMax, ...others } = changed;
  const { capped, size, max } = collection.options;
  const bounds = cappedOptions({ capped, size: cappedSize ?? size, max: cappedMax ?? max });
  const options = { ...collection.options, ...others, ...bounds };
  Validator.of(options);
  const index = fieldsOf(context).optionalDocument('index');
  const reply = changeIndex(collection, index);
  collection.setOptions(options);
  collection.evict();
  const description = { ...changed, ...(index === undefined ? {} : { index }) };
  deployment.storage.journal?.({ kind: 'modify', namespace, uuid: collection.uuid, description });
  return reply;
}

/** Tells the old and the new value of what was changed. */
function changeIndex(collection: Collection, change: Document | undefined): Document {
  if (change === undefined) return {};
  const { name, keyPattern, ...settings } = change;
  const existing = collection
    .indexes()
    .find(index => (isDocument(keyPattern) ? sameKeyPattern(index.key, keyPattern) : index.name === name));
  if (existing === undefined) {
    throw new CommandError(ErrorCode.IndexNotFound, `cannot find index ${String(name)} for ns ${collection.namespace}`);
  }
  const reply: Document = {};
  for (const [setting, value] of Object.entries(settings)) {
    const before = existing.options[setting];
    if (before !== undefined || setting === 'hidden') reply[`${setting}_old`] = before ?? false;
    reply[`${setting}_new`] = value;
  }
  collection.changeIndex(existing.name, settings);
  return reply;
}
