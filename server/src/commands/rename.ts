import { type Document } from '../bson/types.js';
import { checkWritableNamespace, namespaceText } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { parseNamespace } from './bulk_write.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

/** renameCollection, of a namespace to another one, also of another database. */
export function renameCollection(context: CommandContext): Document {
  const { storage, members } = context.deployment;
  const fields = fieldsOf(context);
  const from = parseNamespace({ ns: fields.string('renameCollection') });
  const to = parseNamespace({ ns: fields.string('to') });
  checkWritableNamespace(to);
  if (storage.find(from) === undefined) {
    throw new CommandError(ErrorCode.NamespaceNotFound, `Source collection ${namespaceText(from)} does not exist`);
  }
  if (namespaceText(from) === namespaceText(to)) {
    throw new CommandError(ErrorCode.IllegalOperation, "Can't rename a collection to itself");
  }
  if (storage.find(to) !== undefined && !fields.boolean('dropTarget', false)) {
    throw new CommandError(ErrorCode.NamespaceExists, 'target namespace exists');
  }
  storage.rename(from, to);
  for (const member of members) member.cursors.killNamespace(ns => ns === namespaceText(from));
  return {};
}
