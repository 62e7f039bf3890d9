import { type DocumentWrite } from '../engine/collection.js';
import { type Change } from '../engine/journal.js';
import { namespaceText, parseNamespace } from '../engine/namespace.js';
import { type Storage } from '../engine/storage.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Oplog, type TransactionIdentity } from './oplog.js';
import { lockKey, type WriteLocks } from './write_locks.js';

export const transactionLifetimeMS = 60_000;

type State = 'inProgress' | 'committed' | 'aborted';

/**
 * Reads a snapshot, writes apart from all others, and becomes visible as a whole.
 *
 *   inProgress ──commit──► committed     (again and again: the same answer)
 *        └─────abort, any error, a newer number, a new term──► aborted
 */
export class Transaction {
  /** What commands of the transaction read and write. */
  readonly storage: Storage;
  readonly #committed: Storage;
  readonly #locks: WriteLocks;
  readonly #namespacesAtStart: ReadonlySet<string>;
  /** Of each document the version at the start and the last one. */
  readonly #writes = new Map<string, DocumentWrite>();
  /** Everything that it did, in order: what change streams will tell. */
  readonly #changes: Change[] = [];
  readonly #oplog: Oplog;
  readonly #identity: TransactionIdentity | undefined;
  /** Set by the command that waits for its end; called once. */
  onEnd: () => void = () => undefined;
  #state: State = 'inProgress';

  constructor(committed: Storage, locks: WriteLocks, oplog: Oplog, identity?: TransactionIdentity) {
    this.#committed = committed;
    this.#locks = locks;
    this.#oplog = oplog;
    this.#identity = identity;
    this.storage = committed.snapshot(write => this.#record(write));
    this.storage.journal = change => this.#changes.push(change);
    this.#namespacesAtStart = new Set(namespacesOf(committed));
  }

  /** The router that it runs through; undefined without routers. */
  router: object | undefined;

  get state(): State {
    return this.#state;
  }

  /** All writes at once, or none: a conflict aborts the transaction. */
  commit(): void {
    if (this.#state === 'committed') return;
    this.onEnd();
    this.#locks.release(this.#writes.values());
    try {
      this.#apply();
    } catch (error) {
      this.#state = 'aborted';
      // What was unique in the snapshot is no longer: another transaction was faster.
      throw error instanceof CommandError && error.code === ErrorCode.DuplicateKey ? writeConflict() : error;
    }
    this.#state = 'committed';
    this.#writes.clear();
    this.#oplog.append(this.#changes, this.#identity);
  }

  /** Does nothing to a transaction that has ended. */
  abort(): void {
    if (this.#state !== 'inProgress') return;
    this.#state = 'aborted';
    this.onEnd();
    this.#locks.release(this.#writes.values());
    this.#writes.clear();
  }

  /** The first writer of a document wins; a version that is newer than the snapshot has won, too. */
  #record(write: DocumentWrite): void {
    const owner = this.#locks.ownerOf(write);
    const first = this.#writes.get(lockKey(write));
    const isStale = () => this.#committed.find(parseNamespace(write.namespace))?.documentAt(write.key) !== write.before;
    if (first === undefined && (owner !== undefined || isStale())) throw writeConflict();
    this.#locks.take(write, this);
    this.#writes.set(lockKey(write), first === undefined ? write : { ...write, before: first.before });
  }

  /** Tried on a snapshot first, so that a conflict leaves nothing half done. */
  #apply(): void {
    const staged = this.#committed.snapshot();
    const touched = new Set([...this.#writes.values()].map(({ namespace }) => namespace));
    for (const text of namespacesOf(this.storage)) {
      const namespace = parseNamespace(text);
      const changed = this.storage.find(namespace);
      const isNew = !this.#namespacesAtStart.has(text);
      // Indexes can be created on new and on empty collections only.
      if (changed === undefined || changed.isShared || !(isNew || staged.find(namespace)?.size === 0)) continue;
      touched.add(text);
      const target = staged.findToChange(namespace) ?? staged.create(namespace, changed.options);
      for (const index of changed.indexes()) target.createIndex(index);
    }
    for (const text of touched) {
      const wasDropped = this.#namespacesAtStart.has(text) && staged.find(parseNamespace(text)) === undefined;
      if (wasDropped) throw writeConflict();
    }
    // What goes makes room in unique indexes for what comes.
    const writes = [...this.#writes.values()];
    const targetOf = ({ namespace }: DocumentWrite) => staged.require(parseNamespace(namespace));
    for (const write of writes) {
      if (write.before !== undefined && write.after === undefined) targetOf(write).remove(write.before);
    }
    for (const write of writes) {
      const { before, after } = write;
      if (after === undefined) continue;
      if (before === undefined) targetOf(write).insert(after);
      else targetOf(write).replace(before, after);
    }
    for (const text of touched) this.#committed.put(parseNamespace(text), staged.require(parseNamespace(text)));
  }
}

function namespacesOf(storage: Storage): string[] {
  return storage
    .databaseNames()
    .flatMap(database => storage.collections(database).map(([collection]) => namespaceText({ database, collection })));
}

function writeConflict(): CommandError {
  return new CommandError(
    ErrorCode.WriteConflict,
    'Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.',
  );
}
