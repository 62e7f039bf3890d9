/** What came of each statement of a retryable write that was executed: it is not executed again. */
export class StatementHistory {
  readonly #outcomes: Map<number, unknown>;

  constructor(outcomes: ReadonlyMap<number, unknown> = new Map()) {
    this.#outcomes = new Map(outcomes);
  }

  has(statementId: number): boolean {
    return this.#outcomes.has(statementId);
  }

  /** Of the kind that the command records, since a transaction number belongs to one command. */
  outcomeOf(statementId: number): unknown {
    return this.#outcomes.get(statementId);
  }

  record(statementId: number, outcome: unknown): void {
    this.#outcomes.set(statementId, outcome);
  }

  /** For an attempt that may come to nothing. */
  fork(): StatementHistory {
    return new StatementHistory(this.#outcomes);
  }

  /** The attempt has come to something. */
  adopt(attempt: StatementHistory): void {
    for (const [statementId, outcome] of attempt.#outcomes) this.record(statementId, outcome);
  }
}
