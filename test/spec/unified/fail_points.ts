import type { Doc } from './bson_values.js';
import type { InternalClient } from './internal_client.js';
import type { TestServer } from './servers.js';

/** Fail points are of one process: which ones are set is remembered, so that the next test does not meet them. */
export class FailPoints {
  readonly #server: TestServer;
  readonly #internal: InternalClient;
  readonly #set = new Map<string, { readonly address: string | undefined; readonly name: string }>();

  constructor(server: TestServer, internal: InternalClient) {
    this.#server = server;
    this.#internal = internal;
  }

  /** Sets one where the commands of a client go, or at an address. */
  async set(failPoint: Doc, where: 'one router' | 'every router' | { readonly address: string }): Promise<void> {
    for (const target of typeof where === 'object' ? [where.address] : this.#targets(where)) {
      const name = String(failPoint['configureFailPoint']);
      this.#set.set(`${String(target)} ${name}`, { address: target, name });
      await this.#run(target, failPoint);
    }
  }

  /** Turns off whatever was set. */
  async clear(): Promise<void> {
    const set = [...this.#set.values()];
    this.#set.clear();
    for (const { address, name } of set) {
      await this.#run(address, { configureFailPoint: name, mode: 'off' }).catch(() => null);
    }
  }

  /** undefined: the primary, or the only process there is. */
  #targets(where: 'one router' | 'every router'): readonly (string | undefined)[] {
    const { topology, addresses } = this.#server;
    if (topology !== 'sharded' && topology !== 'load-balanced') return [undefined];
    return where === 'every router' ? addresses : addresses.slice(0, 1);
  }

  async #run(address: string | undefined, command: Doc): Promise<void> {
    await (address === undefined ? this.#internal.admin(command) : this.#internal.command(address, command));
  }
}
