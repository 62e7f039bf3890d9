import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { TestResult, Work, WorkerMessage } from './messages.js';

/** A test ends after 30 s by itself; a process that says nothing for longer does not come back. */
const SILENCE_MS = 45_000;

/** Told what came of each work. */
export type Report = (work: Work, results: readonly TestResult[], trouble: string | undefined) => void;

/** Shares work out to processes, each as soon as it is free; resolves when all is done. */
export async function runInWorkers(queue: readonly Work[], count: number, report: Report): Promise<void> {
  const waiting = [...queue];
  const lines = Array.from({ length: Math.min(count, waiting.length) }, async () => {
    let worker: Worker | undefined;
    for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) {
      worker ??= new Worker();
      const { results, trouble } = await worker.run(work);
      report(work, results, trouble);
      if (!worker.isAlive) worker = undefined;
    }
    worker?.stop();
  });
  await Promise.all(lines);
}

class Worker {
  readonly #process: ChildProcess = fork(join(__dirname, 'worker.js'), { execArgv: ['--enable-source-maps'] });
  isAlive = true;

  async run(work: Work): Promise<{ results: readonly TestResult[]; trouble: string | undefined }> {
    const results: TestResult[] = [];
    const child = this.#process;
    return new Promise(resolve => {
      let running: string | undefined;
      const end = (trouble: string | undefined): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        resolve({ results, trouble });
      };
      const die = (why: string): void => {
        this.isAlive = false;
        if (running !== undefined) {
          results.push({ description: running, outcome: 'failed', message: why, durationMS: SILENCE_MS });
        }
        end(why);
      };
      const onExit = (code: number | null, signal: string | null): void => {
        die(`the process that ran it ended (${signal ?? `exit code ${String(code)}`})`);
      };
      const onSilence = (): void => {
        child.kill('SIGKILL');
        die(`it hung: nothing was heard for ${SILENCE_MS} ms`);
      };
      const onMessage = (message: WorkerMessage): void => {
        timer.refresh();
        if (message.kind === 'repeated') return;
        if (message.kind === 'started') running = message.description;
        else if (message.kind === 'result') {
          running = undefined;
          results.push(message.result);
        } else end(message.trouble);
      };
      const timer = setTimeout(onSilence, SILENCE_MS);
      child.on('message', onMessage).on('exit', onExit);
      child.send(work);
    });
  }

  /** It ends by itself when it is let go. */
  stop(): void {
    if (this.#process.connected) this.#process.disconnect();
  }
}
