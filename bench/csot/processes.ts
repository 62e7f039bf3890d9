import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

type Answer = { readonly result: unknown } | { readonly failure: string };

/** A process that does one task at a time. */
export class TaskProcess<Task, Result> {
  readonly #name: string;
  readonly #child: ChildProcess;

  constructor(name: string, path: string, args: readonly string[] = []) {
    this.#name = name;
    this.#child = fork(path, [...args]);
  }

  async do(task: Task): Promise<Result> {
    const over = new AbortController();
    try {
      this.#child.send(task as object);
      const answer = await Promise.race([
        once(this.#child, 'message', { signal: over.signal }).then(([message]) => message as Answer),
        once(this.#child, 'exit', { signal: over.signal }).then(([code]) => {
          throw new Error(`${this.#name} ended with code ${String(code)}`);
        }),
      ]);
      if ('failure' in answer) throw new Error(`${this.#name}: ${answer.failure}`);
      return answer.result as Result;
    } finally {
      over.abort();
    }
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

/** Answers the tasks of the process that started this one. */
export function answerTasks(perform: (task: never) => Promise<unknown>): void {
  process.on('message', task => {
    perform(task as never).then(
      result => send({ result }),
      (error: unknown) => send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
}

function send(answer: Answer): void {
  process.send?.(answer);
}
