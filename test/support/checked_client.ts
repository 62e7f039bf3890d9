import { type CloseOptions, type MongoClientOptions, MongoClient as PackagedClient } from 'mongotempo';
import { checkAfterClose, EventChecker } from './event_checker.js';

/** A client of the package whose events are watched from its making. Its `close` is rejected if they broke one of their invariants. */
export class MongoClient extends PackagedClient {
  readonly #checker = new EventChecker(this);

  static override async connect(url: string, options?: MongoClientOptions): Promise<MongoClient> {
    return new MongoClient(url, options).connect();
  }

  override async close(options?: boolean | CloseOptions): Promise<void> {
    await super.close(options);
    await checkAfterClose(this.#checker);
  }
}
