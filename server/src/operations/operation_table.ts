import { type TimerGroup } from '../runtime/clock.js';
import { Operation, type OperationFacts } from './operation.js';

/** The commands that one node is running. */
export class OperationTable {
  readonly #running = new Map<number, Operation>();
  #lastId = 0;
  #documentsExamined = 0;

  begin(facts: Omit<OperationFacts, 'id'>, timers: TimerGroup): Operation {
    const id = (this.#lastId = (this.#lastId + 1) & 0x7fffffff);
    const operation = new Operation({ ...facts, id }, timers);
    this.#running.set(id, operation);
    return operation;
  }

  end({ facts, documentsExamined }: Operation): void {
    this.#running.delete(facts.id);
    this.#documentsExamined += documentsExamined;
  }

  /** By all commands that have ended. */
  get documentsExamined(): number {
    return this.#documentsExamined;
  }

  all(): Operation[] {
    return [...this.#running.values()];
  }

  /** The node goes down. */
  killAll(): void {
    for (const operation of this.all()) operation.kill();
  }

  /** Returns whether there is such a one. */
  kill(id: number): boolean {
    const operation = this.#running.get(id);
    operation?.kill();
    return operation !== undefined;
  }
}
