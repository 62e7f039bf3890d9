/** A process that measures one client. It is told what to do by the process that started it, and does nothing in between. */
import { type BenchClient, CLIENTS, type ClientName, EXPECTED } from './clients/client.js';
import type { Answer, Cell, Task } from './protocol.js';
import { sampleHeap, sampleTime, warmUp } from './sample.js';
import { profile } from './self_time.js';

/** Loaded by name, so that no process has code in it which it does not measure. */
async function makeClient(name: ClientName): Promise<BenchClient> {
  switch (name) {
    case 'ours':
      return new (await import('./clients/ours.js')).OurClient();
    case 'official':
      return new (await import('./clients/official.js')).OfficialClient();
    case 'lean':
      return new (await import('./clients/lean.js')).LeanClient();
    case 'raw':
      return new (await import('./clients/raw.js')).RawClient();
    case 'bson':
      return new (await import('./clients/bson.js')).BsonClient();
  }
}

/** Measures one client, connected once for each size of pool. */
class Worker {
  readonly #name: ClientName;
  readonly #uri: string;
  readonly #clients = new Map<number, BenchClient>();

  constructor(name: ClientName, uri: string) {
    this.#name = name;
    this.#uri = uri;
  }

  async do(task: Task): Promise<unknown> {
    const run = await this.#operation(task.cell);
    const expected = EXPECTED[task.cell.operation];
    const { inFlight } = task.cell.concurrency;
    switch (task.kind) {
      case 'warmUp':
        return warmUp(run, expected, task.seconds, inFlight);
      case 'time':
        return sampleTime(run, expected, task.operations, inFlight);
      case 'heap':
        return sampleHeap(run, expected, task.operations, inFlight);
      case 'profile':
        return profile(() => sampleTime(run, expected, task.operations, inFlight));
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await client.close();
  }

  async #operation({ operation, concurrency }: Cell): Promise<() => Promise<number>> {
    const { connections } = concurrency;
    let client = this.#clients.get(connections);
    if (client === undefined) {
      client = await makeClient(this.#name);
      await client.connect(this.#uri, connections);
      this.#clients.set(connections, client);
    }
    return client[operation].bind(client);
  }
}

/** Answers the tasks of the parent process until it lets go. */
export function serveTasks(name: ClientName, uri: string): void {
  const worker = new Worker(name, uri);
  process.on('message', (task: Task) => {
    worker.do(task).then(
      result => send({ result }),
      (error: unknown) => send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => void worker.close());
}

function send(answer: Answer): void {
  process.send?.(answer);
}

export function isClientName(name: string | undefined): name is ClientName {
  return (CLIENTS as readonly (string | undefined)[]).includes(name);
}
