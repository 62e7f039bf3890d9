import type { Document } from '../../bson/index.js';
import { budgetAt } from '../../call/budget.js';
import type { OperationContext } from '../../commands/context.js';
import { type CursorReply, documentAsBatch } from '../../commands/cursor_reply.js';
import {
  checkExplainTimes,
  type ExplainCommandOptions,
  type ExplainOptions,
  type ExplainVerbosityLike,
  explained,
} from '../../commands/explain.js';
import type { OperationOptions } from '../../commands/options.js';
import type { Operation } from '../../executor/operation.js';
import { ownOptions } from '../../runtime/own_options.js';
import type { ClientPort } from '../client_port.js';
import { run } from '../door.js';
import type { Inherited } from '../inherit.js';
import { AbstractCursor } from './abstract_cursor.js';
import type { CursorOptions } from './cursor_options.js';

/**
 * What limits an explain. Default: the options of the cursor.
 *
 * @public
 */
export type ExplainTimeout = Pick<OperationOptions, 'timeoutMS' | 'signal' | 'deadline'>;

/**
 * A cursor whose command the server can explain instead of running it.
 *
 * @public
 */
export abstract class ExplainableCursor<TSchema = Document> extends AbstractCursor<TSchema> {
  /** @internal */
  declare protected readonly cursorOptions: CursorOptions & ExplainOptions;

  /** @internal */
  protected constructor(
    owner: ClientPort,
    context: Inherited,
    options: CursorOptions & ExplainOptions,
    methodName: string,
  ) {
    super(owner, context, options, methodName);
    this.#checkExplain(this.cursorOptions.explain, this.cursorOptions.timeoutMS);
  }

  #checkExplain(explain: unknown, timeoutMS: number | undefined): void {
    const { session, budget } = this.context;
    const own = session?.sharedDeadline?.budget ?? budgetAt('explain', timeoutMS, budget);
    checkExplainTimes(explain, this.cursorOptions.maxTimeMS, own);
  }

  /** The command that would open the cursor, if nothing is to be explained. @internal */
  protected abstract plainOperation(context: OperationContext): Operation<CursorReply>;

  /** With the option `explain` the one document that is read is the plan. @internal */
  protected override openOperation(context: OperationContext): Operation<CursorReply> {
    const operation = this.plainOperation(context);
    const { explain } = this.cursorOptions;
    if (explain === undefined) return operation;
    this.#checkExplain(explain, this.cursorOptions.timeoutMS);
    return { ...explained(operation, context, explain), result: documentAsBatch, unacknowledgedResult: undefined };
  }

  /**
   * How the server would do it. Nothing is read, and the cursor can be used as before.
   *
   * @param verbosity - how much the server tells; default: `allPlansExecution`
   */
  explain(): Promise<Document>;
  explain(verbosity: ExplainVerbosityLike | ExplainCommandOptions): Promise<Document>;
  explain(options: ExplainTimeout): Promise<Document>;
  explain(verbosity: ExplainVerbosityLike | ExplainCommandOptions, options: ExplainTimeout): Promise<Document>;
  explain(
    verbosity?: ExplainVerbosityLike | ExplainCommandOptions | ExplainTimeout,
    options?: ExplainTimeout,
  ): Promise<Document>;
  async explain(
    verbosity?: ExplainVerbosityLike | ExplainCommandOptions | ExplainTimeout,
    options?: ExplainTimeout,
  ): Promise<Document> {
    const { explain, timeout } = this.resolveExplainTimeoutOptions(verbosity, options);
    const { cursorOptions } = this;
    const given = ownOptions(timeout);
    const timeoutMS = given.timeoutMS ?? cursorOptions.timeoutMS;
    const signal = given.signal ?? this.signal;
    const deadline = given.deadline ?? cursorOptions.deadline;
    this.#checkExplain(explain ?? true, timeoutMS);
    const { session } = cursorOptions;
    // In a transaction with a time, the explain is part of it as well.
    const own = {
      ...(session !== undefined && { session }),
      ...(timeoutMS !== undefined && { timeoutMS }),
      ...(signal !== undefined && { signal }),
      ...(deadline !== undefined && { deadline }),
    };
    return await run(this.place, 'explain', own, context =>
      explained(this.plainOperation(context), context, explain ?? true),
    );
  }

  /** Tells which of the two arguments of {@link ExplainableCursor.explain} is which. */
  protected resolveExplainTimeoutOptions(
    verbosity?: ExplainVerbosityLike | ExplainCommandOptions | ExplainTimeout,
    options?: ExplainTimeout,
  ): { timeout?: ExplainTimeout; explain?: ExplainVerbosityLike | ExplainCommandOptions } {
    // One object may hold both.
    const given = typeof verbosity === 'object' ? ownOptions(verbosity as ExplainTimeout) : null;
    const timeout = options ?? given ?? undefined;
    const isOnlyTimeout = options === undefined && given !== null && !('verbosity' in given);
    const explain = isOnlyTimeout ? undefined : (verbosity as ExplainVerbosityLike | ExplainCommandOptions | undefined);
    return { ...(explain !== undefined && { explain }), ...(timeout !== undefined && { timeout }) };
  }
}
