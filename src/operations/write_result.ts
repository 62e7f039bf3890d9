import type { Document } from '../bson/index.js';
import { MongoServerError } from '../errors/server.js';
import type { OperationContext } from './context.js';
import type { OperationReply } from './operation.js';

/** Throws the error that a reply to a write of one document holds although it is `ok: 1`. */
export function throwWriteErrors({ reply, address }: OperationReply, { namespace }: OperationContext): void {
  const { body } = reply;
  const details = { host: address, namespace };
  if (body.has('writeErrors')) {
    const [first] = reply.document['writeErrors'] as Document[];
    if (first !== undefined) {
      const labels: unknown = reply.document['errorLabels'];
      throw new MongoServerError(first, { ...details, ...(Array.isArray(labels) && { labels: labels as string[] }) });
    }
  }
  const error = reply.writeConcernError(details);
  if (error !== null) throw error;
}

/** Throws the write concern error that the reply to any other command holds although it is `ok: 1`. */
export function throwWriteConcernError({ reply, address }: OperationReply, { namespace }: OperationContext): void {
  const error = reply.writeConcernError({ host: address, namespace });
  if (error !== null) throw error;
}
