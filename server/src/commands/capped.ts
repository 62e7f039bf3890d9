import { Int32 } from 'bson';
import { type Document } from '../bson/types.js';
import { namespaceText } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { cappedOptions } from './create_options.js';
import { fieldsOf, requireNamespace } from './fields.js';
import { checkNoView } from './view.js';

/** Makes a collection capped: the oldest documents that do not fit go, and all indexes but that of _id. */
export function convertToCapped(context: CommandContext): Document {
  const { storage, members } = context.deployment;
  const namespace = requireNamespace(context);
  checkNoView(context.deployment, namespace);
  const size = fieldsOf(context).count('size');
  if (size === undefined || size === 0) {
    throw new CommandError(ErrorCode.InvalidOptions, 'Capped collection size must be greater than zero');
  }
  const collection = storage.require(namespace);
  collection.dropAllIndexes();
  collection.setOptions({ ...collection.options, ...cappedOptions({ capped: true, size: new Int32(size) }) });
  collection.evict();
  for (const { cursors } of members) cursors.killNamespace(other => other === namespaceText(namespace));
  return {};
}
