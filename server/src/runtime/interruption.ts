/** What may end the work of a command between two documents. */
export interface Interruptible {
  /** A document is looked at. @throws CommandError when the command may not go on. */
  examineDocument(): void;
  /** JavaScript of the client wants to sleep. */
  addSleep(durationMS: number): void;
}

/**
 * The command whose work is being done. Work is synchronous and all nodes share one thread, so that there is one at a time; code that scans
 * documents asks it, however deep below the command that is.
 */
let working: Interruptible | undefined;

export function workFor<Result>(interruptible: Interruptible, work: () => Result): Result {
  const outer = working;
  working = interruptible;
  try {
    return work();
  } finally {
    working = outer;
  }
}

/** To be called for each document that is looked at. @throws CommandError when the command may not go on. */
export function examineDocument(): void {
  working?.examineDocument();
}

/** Does not block, since that would stop all nodes: the command is answered later by so much. */
export function sleepLater(durationMS: number): void {
  working?.addSleep(Math.max(durationMS, 0));
}
