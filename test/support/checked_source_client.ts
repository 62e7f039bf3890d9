import { MongoClient as Client, type ClientEffects, type CloseOptions } from '../../src/client/mongo_client.js';
import type { MongoClientOptions } from '../../src/uri/client_options.js';
import { checkAfterClose, EventChecker } from './event_checker.js';

/** A client made from the source files, perhaps with effects of the test's own, whose events are watched as those of `checked_client.ts`. */
export class MongoClient extends Client {
  readonly #checker: EventChecker;

  constructor(url: string, options?: MongoClientOptions, effects?: ClientEffects) {
    if (effects === undefined) super(url, options);
    else super(url, options, effects);
    this.#checker = new EventChecker(this);
  }

  override async close(options?: boolean | CloseOptions): Promise<void> {
    await super.close(options);
    await checkAfterClose(this.#checker);
  }
}
