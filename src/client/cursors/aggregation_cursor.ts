import type { Document } from '../../bson/index.js';
import { MongoInvalidArgumentError } from '../../errors/driver.js';
import { type AggregateCommandOptions, aggregate, writesOutput } from '../../operations/aggregate.js';
import type { OperationContext } from '../../operations/context.js';
import type { CursorReply } from '../../operations/cursor_reply.js';
import type { Operation } from '../../operations/operation.js';
import type { ClientPort } from '../client_port.js';
import type { Inherited } from '../inherit.js';
import { AbstractCursor, type AbstractCursorOptions } from './abstract_cursor.js';

/** @public */
export interface AggregateOptions extends AggregateCommandOptions, AbstractCursorOptions {}

/**
 * The results of an aggregation.
 *
 * @public
 */
export class AggregationCursor<TSchema = Document> extends AbstractCursor<TSchema> {
  readonly pipeline: Document[];

  /** @internal */
  constructor(owner: ClientPort, context: Inherited, pipeline: Document[], options: AggregateOptions) {
    super(owner, context, options);
    this.pipeline = [...pipeline];
    if (options.timeoutMode === 'iteration' && writesOutput(pipeline)) {
      throw new MongoInvalidArgumentError('timeoutMode "iteration" cannot be used with $out or $merge');
    }
  }

  protected override openOperation(context: OperationContext): Operation<CursorReply> {
    return aggregate(context, this.pipeline, this.cursorOptions);
  }

  override clone(): AggregationCursor<TSchema> {
    return new AggregationCursor(this.owner, this.context, this.pipeline, { ...this.cursorOptions });
  }

  override map<T>(transform: (document: TSchema) => T): AggregationCursor<T> {
    return retyped(super.map(transform));
  }

  addStage(stage: Document): this {
    this.assertNotStarted();
    this.pipeline.push(stage);
    return this;
  }

  group<T = TSchema>($group: Document): AggregationCursor<T> {
    return retyped(this.addStage({ $group }));
  }

  limit($limit: number): this {
    return this.addStage({ $limit });
  }

  match($match: Document): this {
    return this.addStage({ $match });
  }

  out($out: { db: string; coll: string } | string): this {
    return this.addStage({ $out });
  }

  project<T extends Document = Document>($project: Document): AggregationCursor<T> {
    return retyped(this.addStage({ $project }));
  }

  lookup($lookup: Document): this {
    return this.addStage({ $lookup });
  }

  redact($redact: Document): this {
    return this.addStage({ $redact });
  }

  skip($skip: number): this {
    return this.addStage({ $skip });
  }

  sort($sort: Document): this {
    return this.addStage({ $sort });
  }

  unwind($unwind: Document | string): this {
    return this.addStage({ $unwind });
  }

  geoNear($geoNear: Document): this {
    return this.addStage({ $geoNear });
  }
}

/** The same cursor, whose documents have another type from a new stage on. */
function retyped<T>(cursor: unknown): AggregationCursor<T> {
  return cursor as AggregationCursor<T>;
}
