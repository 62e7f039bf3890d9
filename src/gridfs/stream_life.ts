import { type Budget, budgetAt, UNTIMED, validateTimeoutMS } from '../call/budget.js';
import { Call } from '../call/call.js';
import { Deadline, type EndDescription } from '../call/deadline.js';
import { type DeadlineEnd, EndWatch, type EndWatcher } from '../call/end_watch.js';
import type { Scope } from '../call/scope.js';
import { waitFor } from '../call/waiter.js';
import type { ClientPort } from '../client/client_port.js';
import { enter, scopeOf, signalOf } from '../client/door.js';
import type { Inherited } from '../client/inherit.js';
import type { CursorCore } from '../cursor/cursor_core.js';
import { execute } from '../executor/execute.js';
import type { Operation } from '../executor/operation.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import { type BucketPlace, checkNames, type GridFSTimeOptions } from './bucket_place.js';

const CLOSING: EndDescription = Object.freeze({ during: 'during the close of a cursor', phase: 'read' });

/** What a stream does in one call. */
export type Work<T> = (call: Call) => T | Promise<T>;

/**
 * The time of a stream, from its opening to its end. All that the stream waits for is a call under one deadline and one operation id, as with a
 * cursor; and when the time runs out while it waits for its source or its reader, it ends too.
 *
 * Source: Client Side Operations Timeout, "GridFS API".
 */
export class StreamLife implements EndWatcher {
  /** Of all calls of the stream, such as `gridfs.upload`. */
  readonly name: string;
  readonly operationId: number;
  readonly #client: ClientPort;
  readonly #place: BucketPlace;
  readonly budget: Budget;
  /** What limits the stream beside its own options, where it was opened. */
  readonly scope: Scope | null;
  readonly #whole: Deadline;
  /** Ends the stream while nothing runs. */
  readonly #watch = new EndWatch(this);
  #running = 0;
  #isOver = false;
  /** Called when the time ends and nothing runs. Null while nothing waits for that. */
  #onEnd: ((error: unknown) => void) | null = null;

  /**
   * Begins now.
   *
   * @param method - the public method that opens the stream, for messages
   * @throws MongoInvalidArgumentError if an option is wrong
   */
  constructor(place: BucketPlace, name: string, method: string, given: GridFSTimeOptions) {
    const { client } = place;
    const options = ownOptions(given);
    checkNames(options);
    const scope = scopeOf(options);
    const inherited = scope === null || scope.soonest === null ? place.budget : UNTIMED;
    const budget = budgetAt(method, options.timeoutMS, inherited);
    this.name = name;
    this.operationId = client.operationIds.next();
    this.#client = client;
    this.#place = place;
    this.budget = budget;
    this.scope = scope;
    this.#whole = Deadline.start(budget, client.clock, signalOf(options), undefined, scope);
  }

  /** Does something in the time of the stream. */
  run<T>(step: string, context: Inherited, work: Work<T>, signal?: AbortSignal): Promise<T> {
    return this.#enter(step, context, work, () => {
      const part = this.#part();
      return signal === undefined ? part : part.withSignal(signal);
    });
  }

  /**
   * Tidies up: in what is left of the time of the stream, or in the whole of it once more if nothing is left, since what is not tidied up stays.
   *
   * @param given - options of the call, which have precedence
   */
  tidyUp<T>(step: string, context: Inherited, given: GridFSTimeOptions | undefined, work: Work<T>): Promise<T> {
    return this.#enter(step, context, work, () => {
      const options = ownOptions(given);
      const timeoutMS = validateTimeoutMS(options.timeoutMS, `${this.name}.${step}`);
      const isOver = this.#whole.ended() !== null;
      // A shared deadline that had passed when it was made has 0, which would be no limit.
      const again = this.#whole.endsAt === Infinity ? undefined : Math.max(1, this.#whole.budget.timeoutMS ?? 0);
      const own = timeoutMS ?? (isOver ? again : undefined);
      const deadline = own === undefined && !isOver ? this.#part() : this.#whole.refreshed(own);
      const signal = signalOf(options);
      const scope = options.deadline === undefined ? null : scopeOf(options);
      return (signal === undefined ? deadline : deadline.withSignal(signal)).in(scope);
    });
  }

  async #enter<T>(step: string, context: Inherited, work: Work<T>, time: () => Deadline): Promise<T> {
    const client = this.#client;
    this.#running++;
    try {
      const result = await enter({ client, context }, step, null, work, () => this.#call(step, context, time()));
      // What ran came to its end just in time, and the stream waits for its program again.
      if (this.#isOver && this.#running === 1) this.#end();
      return result;
    } finally {
      this.#running--;
    }
  }

  /** Sends one command of a call. */
  async execute<T>(operation: Operation<T>, call: Call): Promise<T> {
    const engine = await this.#client.engine(call);
    call.deadline.ledger.look();
    return await execute(engine, operation, null, call);
  }

  #part(): Deadline {
    if (this.#client.publisher.wantsCalls) this.#whole.ledger.isKept = true;
    return this.#whole.part(false);
  }

  #call(step: string, { namespace }: Inherited, deadline: Deadline): Call {
    const call = new Call(this.operationId, `${this.name}.${step}`, namespace, deadline, this.#client.stageLimits);
    if (this.#client.publisher.wantsCalls) call.keepRecord();
    return call;
  }

  /** Calls back if the time ends while the stream waits for its program. What runs at that moment fails by itself. */
  watch(onEnd: (error: unknown) => void): void {
    this.#onEnd = onEnd;
    this.#watch.start(this.#whole);
  }

  unwatch(): void {
    this.#onEnd = null;
    this.#watch.stop();
  }

  /** From now on only a signal ends the stream: it waits neither for the server nor for its program. */
  waitForNothing(): void {
    if (this.#onEnd === null) return;
    const { signals } = this.#whole;
    this.#watch.stop();
    let untimed = Deadline.background(this.#client.clock);
    for (const signal of signals) untimed = untimed.withSignal(signal);
    this.#watch.start(untimed);
  }

  /** Closes the cursor of the stream, in a time of its own. */
  close(cursor: CursorCore, context: Inherited, given: GridFSTimeOptions | undefined): Promise<void> {
    const options = ownOptions(given);
    const closingCall = (): Call => {
      const timeoutMS = validateTimeoutMS(options.timeoutMS, `${this.name}.close`);
      return cursor.closingCall('close', timeoutMS, isGiven(options.deadline) ? scopeOf(options) : this.scope);
    };
    const begin = (): Call => {
      const call = closingCall();
      const signal = signalOf(options);
      return signal === undefined ? call : call.until(call.deadline.withSignal(signal));
    };
    // The signal ends the wait, and not the close.
    const work = (call: Call) => waitFor(cursor.close(closingCall()), () => CLOSING, null, call.deadline);
    return enter({ client: this.#client, context }, 'close', null, work, begin);
  }

  onDeadlineEnd(_end: DeadlineEnd): void {
    this.#isOver = true;
    if (this.#running === 0) this.#end();
  }

  #end(): void {
    if (this.#onEnd === null) return;
    const { namespace } = this.#place;
    const describe = (): EndDescription => ({
      during: `while waiting for the program to go on with ${this.name} ${namespace}`,
      phase: 'caller',
      namespace,
      maybeApplied: false,
    });
    this.run('wait', this.#place.files, call => call.deadline.throwIfEnded(describe)).catch((error: unknown) =>
      this.#onEnd?.(error),
    );
  }

  /** Whether an error is the reason of the caller's abort. */
  isAbortReason(error: unknown): boolean {
    return this.#whole.isAbortReason(error);
  }
}
