import type { Budget } from '../call/budget.js';
import type { Call } from '../call/call.js';
import type { Scope } from '../call/scope.js';
import type { ClientPort } from '../client/client_port.js';
import type { OperationContext } from '../commands/context.js';
import type { CursorReply } from '../commands/cursor_reply.js';
import { CursorCore } from '../cursor/cursor_core.js';
import { CursorTimeoutMode } from '../cursor/cursor_settings.js';
import type { Operation } from '../executor/operation.js';

/** The call or the stream that a cursor is read for: the cursor has its name, its number and its time. */
export interface CursorOwner {
  readonly name: string;
  readonly operationId: number;
  readonly budget: Budget;
  readonly scope: Scope | null;
}

/** The size of batches, and the number of documents in all; 0 is no limit. */
interface CursorSize {
  readonly batchSize: number | undefined;
  readonly limit: number;
}

const UNLIMITED: CursorSize = Object.freeze({ batchSize: undefined, limit: 0 });

/** A cursor that GridFS reads by itself. Its signal is that of the calls on it. */
export function internalCursor(
  client: ClientPort,
  { name, operationId, budget, scope }: CursorOwner,
  context: OperationContext,
  open: () => Operation<CursorReply>,
  { batchSize, limit }: CursorSize = UNLIMITED,
): CursorCore {
  return new CursorCore(client, {
    ...{ name, operationId, context, open, budget, scope, batchSize, limit },
    kind: 'nonTailable',
    timeoutMode: CursorTimeoutMode.LIFETIME,
    signal: undefined,
    comment: undefined,
    maxAwaitTimeMS: undefined,
    prefetch: false,
  });
}

/** A call as the owner of a cursor. */
export function ownerOf({ name, operationId, deadline }: Call): CursorOwner {
  return { name, operationId, budget: deadline.budget, scope: deadline.scope };
}
