import { type BsonDocument } from '../bson/document.js';
import { type DocumentSource } from '../engine/cursors.js';
import { type Namespace } from '../engine/namespace.js';
import { type Oplog } from '../replication/oplog.js';
import { type Signal } from '../runtime/signal.js';

/** What a capped collection holds, and then what is inserted into it. */
export class TailableSource implements DocumentSource {
  readonly isDone = false;
  readonly #oplog: Oplog;
  readonly #namespace: Namespace;
  readonly #select: (documents: readonly BsonDocument[]) => readonly BsonDocument[];
  #ready: readonly BsonDocument[];
  #index = 0;
  #position: number;

  constructor(
    oplog: Oplog,
    namespace: Namespace,
    found: readonly BsonDocument[],
    select: (documents: readonly BsonDocument[]) => readonly BsonDocument[],
  ) {
    this.#oplog = oplog;
    this.#namespace = namespace;
    this.#select = select;
    this.#ready = found;
    this.#position = oplog.last + 1;
  }

  get changes(): Signal {
    return this.#oplog.appended;
  }

  peek(): BsonDocument | undefined {
    while (this.#index >= this.#ready.length) {
      const entry = this.#oplog.at(this.#position);
      if (entry === undefined) return undefined;
      this.#position++;
      const { change } = entry;
      const { database, collection } = change.namespace;
      const isOurs = database === this.#namespace.database && collection === this.#namespace.collection;
      if (!isOurs || !('after' in change) || change.kind !== 'insert' || change.after === undefined) continue;
      this.#ready = this.#select([change.after]);
      this.#index = 0;
    }
    return this.#ready[this.#index];
  }

  advance(): void {
    this.#index++;
  }
}
