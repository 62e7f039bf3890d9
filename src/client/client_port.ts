import type { EngineSource } from '../executor/engine.js';
import type { MongoOptions } from '../uri/mongo_options.js';
import type { Inherited } from './inherit.js';

/**
 * What databases, collections and cursors need of their client. They know it by this, so that no file of theirs imports MongoClient,
 * which imports them.
 */
export interface ClientPort extends EngineSource {
  readonly options: Pick<MongoOptions, 'pkFactory' | 'forceServerObjectId' | 'retryWrites' | 'loadBalanced'>;
  /** What databases inherit. @internal */
  readonly context: Inherited;
}
