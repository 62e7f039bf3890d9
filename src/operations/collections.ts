import type { Document } from '../bson/index.js';
import { ServerErrorCode } from '../errors/codes.js';
import { addMaxTimeMS, addWriteConcern, type OperationContext } from './context.js';
import { type CursorReply, cursorReplyOf } from './cursor_reply.js';
import type { CommandTarget, Operation, OperationReply } from './operation.js';
import { onPrimary } from './operation_defaults.js';
import { type CommandOperationOptions, copyOptions } from './options.js';

/** @public */
export interface ListCollectionsOptions extends Omit<CommandOperationOptions, 'writeConcern'> {
  /** Returns names and types only, which needs fewer locks and rights. */
  nameOnly?: boolean;
  authorizedCollections?: boolean;
  batchSize?: number;
}

/** @public */
export type DropCollectionOptions = CommandOperationOptions;
/** @public */
export type DropDatabaseOptions = CommandOperationOptions;

/** Opens a cursor over the collections of a database. */
export function listCollections(
  context: OperationContext,
  filter: Document,
  options: ListCollectionsOptions,
): Operation<CursorReply> {
  return onPrimary(context, {
    access: 'read',
    name: 'listCollections',
    retryable: true,
    command(target) {
      const command: Document = {
        listCollections: 1,
        filter,
        cursor: options.batchSize === undefined ? {} : { batchSize: options.batchSize },
        nameOnly: options.nameOnly ?? false,
        authorizedCollections: options.authorizedCollections ?? false,
      };
      copyOptions(command, options, ['comment']);
      addMaxTimeMS(command, options.maxTimeMS, target);
      return command;
    },
    result: reply => cursorReplyOf(reply, 'firstBatch'),
  });
}

function drop(
  name: 'drop' | 'dropDatabase',
  value: string | number,
  context: OperationContext,
  options: CommandOperationOptions,
): Operation<boolean> {
  return onPrimary(context, {
    access: 'write',
    name,
    retryable: false,
    command(target: CommandTarget) {
      const command: Document = { [name]: value };
      addWriteConcern(command, context, target);
      copyOptions(command, options, ['comment']);
      addMaxTimeMS(command, options.maxTimeMS, target);
      return command;
    },
    result(reply: OperationReply) {
      const error = reply.reply.writeConcernError({ host: reply.address, namespace: context.namespace });
      if (error !== null) throw error;
      return true;
    },
  });
}

/** Drops a collection. */
export function dropCollection(context: OperationContext, options: DropCollectionOptions): Operation<boolean> {
  return drop('drop', context.collection, context, options);
}

/** Drops a database. */
export function dropDatabase(context: OperationContext, options: DropDatabaseOptions): Operation<boolean> {
  return drop('dropDatabase', 1, context, options);
}

/** Before MongoDB 7.0 a server answers the drop of a missing collection with an error; nothing is wrong with it. */
export function isMissingNamespace(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === ServerErrorCode.NamespaceNotFound;
}
