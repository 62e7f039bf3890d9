import type { Document } from '../../bson/index.js';
import { type AggregateCommandOptions, aggregate, writesOutput } from '../../commands/aggregate.js';
import type { OperationContext } from '../../commands/context.js';
import type { CursorReply } from '../../commands/cursor_reply.js';
import { CursorTimeoutMode } from '../../cursor/cursor_settings.js';
import { MongoInvalidArgumentError } from '../../errors/driver.js';
import type { Operation } from '../../executor/operation.js';
import { isGiven, ownOptions } from '../../runtime/own_options.js';
import type { Sort } from '../../types/sort.js';
import type { ClientPort } from '../client_port.js';
import type { Inherited } from '../inherit.js';
import type { AbstractCursorOptions } from './cursor_options.js';
import { ExplainableCursor } from './explainable_cursor.js';

/** @public */
export interface AggregateOptions extends AggregateCommandOptions, AbstractCursorOptions {
  /** How the server returns results; its `batchSize` counts where the option of that name is not given. */
  cursor?: Document;
  /** A collection to write the results to: a `$out` at the end of the pipeline. */
  out?: string;
}
/** @public */
export type AggregationCursorOptions = AggregateOptions;

/**
 * The results of an aggregation.
 *
 * @public
 */
export class AggregationCursor<TSchema = Document> extends ExplainableCursor<TSchema> {
  readonly pipeline: Document[];
  /** @internal */
  declare protected readonly cursorOptions: AggregateOptions;

  /** @internal */
  constructor(
    owner: ClientPort,
    context: Inherited,
    pipeline: Document[],
    given: AggregateOptions,
    methodName = 'aggregate',
  ) {
    const options = ownOptions(given);
    super(owner, context, withCursorField(options), methodName);
    this.pipeline = [...pipeline];
    if (typeof options.out === 'string') this.pipeline.push({ $out: options.out });
    this.#checkOutput(this.pipeline);
  }

  /** Called as soon as a stage that writes is known: nothing must be sent that could not be read to its end. */
  #checkOutput(stages: readonly Document[]): void {
    if (this.cursorOptions.timeoutMode === CursorTimeoutMode.ITERATION && writesOutput(stages)) {
      throw new MongoInvalidArgumentError('timeoutMode "iteration" cannot be used with $out or $merge');
    }
  }

  /** @internal */
  protected override plainOperation(context: OperationContext): Operation<CursorReply> {
    // The pipeline is public: the caller may have added to it.
    this.#checkOutput(this.pipeline);
    const cursor: unknown = this.cursorOptions.cursor;
    if (isGiven(cursor) && typeof cursor !== 'object') {
      throw new MongoInvalidArgumentError('Cursor options must be an object');
    }
    return aggregate(context, this.pipeline, this.cursorOptions);
  }

  protected override get alwaysAwaits(): boolean {
    return true;
  }

  override clone(): AggregationCursor<TSchema> {
    const { out: _, ...options } = this.cursorOptions;
    return new AggregationCursor(this.owner, this.context, this.pipeline, options);
  }

  override map<T>(transform: (document: TSchema) => T): AggregationCursor<T> {
    return retyped(super.map(transform));
  }

  /** Adds a stage at the end of the pipeline. */
  addStage(stage: Document): this;
  addStage<T = Document>(stage: Document): AggregationCursor<T>;
  addStage<T = Document>(stage: Document): AggregationCursor<T> {
    this.assertNotStarted();
    this.#checkOutput([stage]);
    this.pipeline.push(stage);
    return retyped(this);
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

  sort($sort: Sort): this {
    return this.addStage({ $sort });
  }

  unwind($unwind: Document | string): this {
    return this.addStage({ $unwind });
  }

  geoNear($geoNear: Document): this {
    return this.addStage({ $geoNear });
  }
}

/** Options in which the `batchSize` of `cursor` counts where there is no other. */
export function withCursorField<O extends AggregateOptions>(options: O): O {
  const cursor: unknown = options.cursor;
  const batchSize: unknown =
    typeof cursor === 'object' ? ownOptions(cursor as Document | null)['batchSize'] : undefined;
  return typeof batchSize === 'number' ? ownOptions({ batchSize, ...options }) : options;
}

/** The same cursor, whose documents have another type from a new stage on. */
function retyped<T>(cursor: unknown): AggregationCursor<T> {
  return cursor as AggregationCursor<T>;
}
