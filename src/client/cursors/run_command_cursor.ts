import type { Document } from '../../bson/index.js';
import { type OperationContext, withOverrides } from '../../commands/context.js';
import type { CursorReply } from '../../commands/cursor_reply.js';
import { runCursorCommand } from '../../commands/run_command.js';
import type { ReadConcernLike } from '../../concern/read_concern.js';
import { MongoAPIError } from '../../errors/driver.js';
import type { Operation } from '../../executor/operation.js';
import type { Place } from '../door.js';
import { AbstractCursor } from './abstract_cursor.js';
import type { AbstractCursorOptions } from './cursor_options.js';

/** @public */
export type RunCursorCommandOptions = Omit<AbstractCursorOptions, 'readConcern' | 'maxTimeMS' | 'noCursorTimeout'>;

/**
 * The results of a command of the user's own that opens a cursor. What the command itself says is the user's business; the methods here
 * are about the getMores that follow.
 *
 * @public
 */
export class RunCommandCursor extends AbstractCursor {
  readonly command: Readonly<Document>;
  readonly getMoreOptions: { comment?: unknown; maxAwaitTimeMS?: number; batchSize?: number } = {};

  /** @internal */
  constructor(db: Place, command: Document, options: RunCursorCommandOptions = {}) {
    super(db.client, withOverrides(db.context, options), options, 'runCursorCommand');
    this.command = Object.freeze({ ...command });
    const { comment, maxAwaitTimeMS, batchSize } = options;
    if (comment !== undefined) this.getMoreOptions.comment = comment;
    if (maxAwaitTimeMS !== undefined) this.getMoreOptions.maxAwaitTimeMS = maxAwaitTimeMS;
    if (batchSize !== undefined) this.getMoreOptions.batchSize = batchSize;
    // Refused now rather than when the first document is asked for.
    runCursorCommand(this.context, command, this.cursorOptions);
  }

  /** @internal */
  protected override openOperation(context: OperationContext): Operation<CursorReply> {
    return runCursorCommand(context, this.command, this.cursorOptions);
  }

  /** @internal */
  protected override get getMoreFields(): Pick<AbstractCursorOptions, 'batchSize' | 'comment' | 'maxAwaitTimeMS'> {
    return this.getMoreOptions;
  }

  /** Shown with each getMore in the server's logs, its profiler and `currentOp`. */
  setComment(comment: unknown): this {
    this.assertNotStarted();
    this.getMoreOptions.comment = comment;
    return this;
  }

  /** Milliseconds that the server may take for each getMore. */
  setMaxTimeMS(maxTimeMS: number): this {
    this.assertNotStarted();
    this.getMoreOptions.maxAwaitTimeMS = maxTimeMS;
    return this;
  }

  /** Documents that each getMore asks for. */
  setBatchSize(batchSize: number): this {
    this.assertNotStarted();
    this.getMoreOptions.batchSize = batchSize;
    return this;
  }

  /** @throws MongoAPIError always: what the command does is not known here */
  override clone(): never {
    throw new MongoAPIError('Clone not supported, create a new cursor with db.runCursorCommand');
  }

  /** @throws MongoAPIError always */
  override withReadConcern(_: ReadConcernLike): never {
    throw new MongoAPIError(
      'RunCommandCursor does not support readConcern it must be attached to the command being run',
    );
  }

  /** @throws MongoAPIError always */
  override addCursorFlag(_: string, __: boolean): never {
    throw new MongoAPIError(
      'RunCommandCursor does not support cursor flags, they must be attached to the command being run',
    );
  }

  /** @throws MongoAPIError always */
  override maxTimeMS(_: number): never {
    throw new MongoAPIError(
      'maxTimeMS must be configured on the command document directly, to configure getMore.maxTimeMS use cursor.setMaxTimeMS()',
    );
  }

  /** @throws MongoAPIError always */
  override batchSize(_: number): never {
    throw new MongoAPIError(
      'batchSize must be configured on the command document directly, to configure getMore.batchSize use cursor.setBatchSize()',
    );
  }
}
