import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ClientName } from './clients/client.js';
import type { Answer, Task, TaskResult } from './protocol.js';

/** The first argument of a process that is a worker and not the benchmark itself. */
export const WORKER = '--worker';

/** New space that takes what some thousand operations allocate, in MiB. Only for the processes that measure the heap: it makes GC cheaper. */
const HEAP_FLAGS = ['--min-semi-space-size=256', '--max-semi-space-size=256'];

export interface ServerHandle {
  readonly uri: string;
  /** Microseconds of CPU that the server has used so far. */
  cpuUS(): Promise<number>;
  stop(): void;
}

export async function startServer(): Promise<ServerHandle> {
  const child = fork(require.resolve('./server.js'), { execArgv: [] });
  const { port } = (await nextMessage(child)) as { port: number };
  return {
    uri: `mongodb://127.0.0.1:${port}/`,
    async cpuUS() {
      child.send({});
      return ((await nextMessage(child)) as { cpuUS: number }).cpuUS;
    },
    stop: () => child.disconnect(),
  };
}

/** A process that measures one client. */
export class WorkerProcess {
  readonly name: ClientName;
  readonly #child: ChildProcess;

  constructor(name: ClientName, uri: string, purpose: 'time' | 'heap') {
    const execArgv = ['--expose-gc', ...(purpose === 'heap' ? HEAP_FLAGS : [])];
    this.name = name;
    this.#child = fork(require.resolve('./run.js'), [WORKER, name, uri], { execArgv });
  }

  async do<K extends Task['kind']>(task: Task & { kind: K }): Promise<TaskResult<K>> {
    this.#child.send(task);
    const answer = (await nextMessage(this.#child)) as Answer;
    if ('failure' in answer) throw new Error(`${this.name}, ${task.cell.operation}: ${answer.failure}`);
    return answer.result as TaskResult<K>;
  }

  stop(): void {
    this.#child.disconnect();
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: over.signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal: over.signal }).then(([code]) => {
        throw new Error(`A process of the benchmark ended with code ${String(code)}`);
      }),
    ]);
  } finally {
    over.abort();
  }
}
